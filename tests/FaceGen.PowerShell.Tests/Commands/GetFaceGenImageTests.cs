using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class GetFaceGenImageTests
{
    [Fact]
    public async Task All_lists_what_a_closed_session_generated_and_it_can_be_saved()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($face) $null = 1..33 | ForEach-Object { \"person $_\" } | New-FaceGenImage -FaceImage $face -Width 32 -Height 32", fixture.Face).WithoutErrors();
        int before = fixture.Emulator.Journal.Entries.Count;

        ScriptResult result = fixture.Run("""
            param($out)
            $all = Get-FaceGenImage -All
            $all
            $null = $all | Save-FaceGenOutput $out
            """, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(33, result.Output.Select(item => item.Properties["Id"].Value).Distinct().Count());
        Assert.All(result.Output, item => Assert.Equal(("Success", null, 1), (item.Properties["Status"].Value, item.Properties["Prompt"].Value, item.Properties["ImageCount"].Value)));
        Assert.Equal(33, Directory.GetFiles(fixture.OutputFolder).Length);
        Assert.Equal(2, fixture.Emulator.Journal.Entries.Skip(before).Count(entry => entry.Path == "/api/assets_generated"));
    }

    [Fact]
    public async Task All_with_first_requests_no_further_page()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($face) $null = 1..33 | ForEach-Object { \"person $_\" } | New-FaceGenImage -FaceImage $face -Width 32 -Height 32", fixture.Face).WithoutErrors();

        ScriptResult result = fixture.Run("Get-FaceGenImage -All -First 2; Get-FaceGenImage -All -First 31").WithoutErrors();

        Assert.Equal(33, result.Output.Count);
        Assert.Equal(result.Output.Take(2).Select(item => item.Properties["Id"].Value), result.Output.Skip(2).Take(2).Select(item => item.Properties["Id"].Value));
        Assert.Equal(3, fixture.Emulator.Journal.Entries.Count(entry => entry.Path == "/api/assets_generated"));
    }

    [Fact]
    public async Task All_is_complete_while_its_generations_are_deleted()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($face) $null = 1..65 | ForEach-Object { \"person $_\" } | New-FaceGenImage -FaceImage $face -Width 32 -Height 32", fixture.Face).WithoutErrors();

        ScriptResult result = fixture.Run("Get-FaceGenImage -All | ForEach-Object { $_ | Remove-FaceGenImage -Confirm:$false; 'deleted' }; Get-FaceGenImage -All").WithoutErrors();

        Assert.Equal(Enumerable.Repeat<object>("deleted", 65), result.Output.Select(item => item.BaseObject));
    }

    [Fact]
    public async Task All_keeps_what_the_session_knows_of_a_pending_generation()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($face) foreach ($once in 1) { 'a pilot' | New-FaceGenImage -FaceImage $face | ForEach-Object { break } }; Get-FaceGenImage -All", fixture.Face).WithoutErrors();

        Assert.Equal(("a pilot", "Success"), (result.Single.Properties["Prompt"].Value, result.Single.Properties["Status"].Value));
    }

    [Fact]
    public async Task All_with_an_id_is_refused()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        Assert.StartsWith("AmbiguousParameterSet,", fixture.Run("Get-FaceGenImage -Id 5 -All").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }
}
