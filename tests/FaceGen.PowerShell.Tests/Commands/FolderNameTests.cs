using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Names with brackets: an output has a literal name; an existing folder may match a pattern of * and ?.</summary>
public sealed class FolderNameTests
{
    [Theory]
    [InlineData("out [2026]", "out [2026]")]
    [InlineData("out `[2026`]", "out [2026]")]
    [InlineData("out [2026", "out [2026")]
    [InlineData("a [1]/b [2]", "a [1]/b [2]")]
    public async Task Folder_name_with_brackets_is_created_literally(string given, string name)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv("a");

        // Twice: the second run finds the first one's ledger.
        for (int run = 0; run < 2; run++)
            fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, Path.Combine(fixture.Folder, given)).WithoutErrors();
        fixture.Run("param($face, $out) New-FaceGenImage b $face | Save-FaceGenOutput $out", fixture.Face, Path.Combine(fixture.Folder, $"save {given}")).WithoutErrors();

        Assert.True(File.Exists(Path.Combine(fixture.Folder, name, "facegen.ledger")));
        Assert.Single(Directory.GetFiles(Path.Combine(fixture.Folder, $"save {name}")));
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    /// <summary>Only Windows has such paths, whose question mark is not a wildcard.</summary>
    [Fact]
    public async Task Folder_path_that_windows_does_not_interpret_is_literal()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        string folder = @"\\?\" + fixture.OutputFolder;
        ScriptResult[] results =
        [
            fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", fixture.WriteCsv("a"), folder),
            fixture.Run("param($face, $out) New-FaceGenImage b $face | Save-FaceGenOutput $out -Name single", @"\\?\" + fixture.Face, folder),
        ];

        Assert.All(results, result => Assert.Equal(OperatingSystem.IsWindows(), result.Errors.Count == 0));
        Assert.Equal(OperatingSystem.IsWindows() ? 2 : 0, fixture.Emulator.Journal.Accepted);
        Assert.Equal(OperatingSystem.IsWindows(), File.Exists(Path.Combine(fixture.OutputFolder, "single.png")));
    }

    [Fact]
    public async Task Folder_name_with_brackets_is_not_another_folder()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string other = Directory.CreateDirectory(Path.Combine(fixture.Folder, "out 2")).FullName;

        fixture.Run("param($face, $out) New-FaceGenImage b $face | Save-FaceGenOutput $out", fixture.Face, Path.Combine(fixture.Folder, "out [2026]")).WithoutErrors();

        Assert.Empty(Directory.GetFiles(other));
        Assert.Single(Directory.GetFiles(Path.Combine(fixture.Folder, "out [2026]")));
    }

    [Fact]
    public async Task Network_path_of_Windows_is_refused_on_other_systems()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows opens such paths.");
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult batch = fixture.Run(@"param($csv) Invoke-FaceGenBatch $csv -Destination \\server\share\out", fixture.WriteCsv("a"));
        ScriptResult file = fixture.Run(@"Import-FaceGenRequest \\server\share\people.csv");

        Assert.StartsWith("FileNotWritten,", batch.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.All([batch, file], result => Assert.Contains(@"'\\server\share\", result.Error.ToString(), StringComparison.Ordinal));
        Assert.All([batch, file], result => Assert.Contains("is a Windows network path", result.Error.ToString(), StringComparison.Ordinal));
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("report [1].html")]
    [InlineData("report `[1`].html")]
    public async Task Report_name_with_brackets_is_created_literally(string given)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        fixture.Run("param($csv, $out, $page) Invoke-FaceGenBatch $csv -Destination $out | Export-FaceGenReport $page", fixture.WriteCsv("a"), fixture.OutputFolder, Path.Combine(fixture.Folder, given)).WithoutErrors();

        Assert.True(File.Exists(Path.Combine(fixture.Folder, "report [1].html")));
    }

    [Fact]
    public async Task Request_file_escaped_name_is_found()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        File.Copy(fixture.WriteCsv("a"), Path.Combine(fixture.Folder, "people [1].csv"));

        ScriptResult result = fixture.Run("param($csv) Import-FaceGenRequest $csv", Path.Combine(fixture.Folder, "people `[1`].csv")).WithoutErrors();

        Assert.Single(result.Output);
    }

    [Fact]
    public async Task Destination_pattern_resolves_to_existing_folder()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string folder = Directory.CreateDirectory(Path.Combine(fixture.Folder, "out 7")).FullName;
        string csv = fixture.WriteCsv("a");

        fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, Path.Combine(fixture.Folder, "out ?")).WithoutErrors();
        ScriptResult none = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, Path.Combine(fixture.Folder, "none*"));

        Assert.True(File.Exists(Path.Combine(folder, "facegen.ledger")));
        Assert.StartsWith("FileNotWritten,", none.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }
}
