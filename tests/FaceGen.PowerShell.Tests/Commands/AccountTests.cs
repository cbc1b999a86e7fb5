using System.Management.Automation;
using System.Net;
using FaceGen.Emulator.Journaling;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>The account's wallet and queue, and deletions at the service.</summary>
public sealed class AccountTests
{
    [Fact]
    public async Task Balance_has_amount_and_currency()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(balance: 12.5m);

        ScriptResult result = fixture.Run("param($face) $null = New-FaceGenImage p $face -Samples 2; Get-FaceGenBalance", fixture.Face).WithoutErrors();

        Assert.Equal(12.48m, result.Single.Properties["Balance"].Value);
        Assert.Equal("USD", result.Single.Properties["Currency"].Value);
        Assert.Equal("12.48 USD", result.Single.ToString());
    }

    [Fact]
    public async Task Queue_has_usage_limit_and_free_slots()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 600, queueLimit: 5);

        ScriptResult result = fixture.Run("param($face) $null = 'a', 'b', 'c' | New-FaceGenImage -FaceImage $face -NoWait; Get-FaceGenQueue", fixture.Face).WithoutErrors();

        Assert.Equal((3, 5, 2), (result.Single.Properties["RequestCount"].Value, result.Single.Properties["QueueLimit"].Value, result.Single.Properties["Free"].Value));
        Assert.Equal("3 of 5", result.Single.ToString());
    }

    [Theory]
    [InlineData("Get-FaceGenBalance")]
    [InlineData("Get-FaceGenQueue")]
    [InlineData("Remove-FaceGenImage 1 -Confirm:$false")]
    public async Task Account_command_expired_key_reports_KeyRejected(string command)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($"param($uri) $null = Connect-FaceGen -ApiKey expired-key -BaseUri $uri; {command}", fixture.Emulator.BaseUri);

        Assert.StartsWith("KeyRejected,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(401, Assert.Single(fixture.Emulator.Journal.Entries).Status);
        Assert.DoesNotContain("expired-key", result.Error.Exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Id_parameter_accepts_objects_with_an_id()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,width\nin a batch,{fixture.Face},32\n");

        ScriptResult result = fixture.Run("""
            param($face, $out, $csv)
            $image = New-FaceGenImage a $face -Width 32
            $saved = $image | Save-FaceGenOutput $out
            $item = (Invoke-FaceGenBatch $csv -Destination $out)[0]
            $row = [pscustomobject]@{ Id = $image.Id; Note = 'as of Import-Csv' }
            $table = [Collections.Hashtable]::new()
            $table['id'] = $image.Id
            (Get-FaceGenImage $table).Id
            foreach ($one in $image, $saved, $item, $row, $image.Id) {
                (Get-FaceGenImage $one).Id
                (Wait-FaceGenImage -Id $one).Id
                ($one | Wait-FaceGenImage).Id
            }
            (Wait-FaceGenImage $image.Id).Id
            (Wait-FaceGenImage $image).Id
            (Wait-FaceGenImage ([long] $image.Id)).Id
            $image, $row | Remove-FaceGenImage -Confirm:$false
            Remove-FaceGenImage $item -Confirm:$false
            $item.Id
            """, fixture.Face, fixture.OutputFolder, csv).WithoutErrors();

        string[] ids = [.. result.Output.Select(id => id.ToString())];
        Assert.Equal(20, ids.Length);
        Assert.All(ids[7..10], id => Assert.Equal(ids[^1], id));
        Assert.Single(ids[..7].Concat(ids[10..^1]).Distinct());
        Assert.Equal(2, GetDeletions(fixture.Emulator.Journal).Count);
    }

    [Theory]
    [InlineData("[IO.FileInfo]::new($face)")]
    [InlineData("{ 1 }")]
    [InlineData("[Diagnostics.Process]::GetCurrentProcess()")]
    [InlineData("' '")]
    [InlineData("[pscustomobject]@{ name = 'x' }")]
    [InlineData("[pscustomobject]@{ Id = ' ' }")]
    [InlineData("@{ name = 'x' }")]
    public async Task Id_parameter_object_without_id_is_refused(string value)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult fetched = fixture.Run($"param($face) ,({value}) | Get-FaceGenImage", fixture.Face);
        ScriptResult named = fixture.Run($"param($face) Wait-FaceGenImage -Id ({value})", fixture.Face);
        ScriptResult removed = fixture.Run($"param($face) ,({value}) | Remove-FaceGenImage -Confirm:$false", fixture.Face);

        Assert.All(new[] { fetched, named, removed }, result => Assert.Single(result.Errors));
        Assert.Empty(fixture.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Remove_accepts_id_generation_saved_image_and_batch_item()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.Write("people.csv", $"prompt,face_image,width\nin a batch,{fixture.Face},32\n");

        ScriptResult result = fixture.Run("""
            param($face, $out, $csv)
            $ConfirmPreference = 'None'
            $images = 'a', 'b', 'c', 'd' | New-FaceGenImage -FaceImage $face -Width 32 -Samples 2
            Remove-FaceGenImage $images[0].Id
            $images[1].Id | Remove-FaceGenImage
            $images[2] | Remove-FaceGenImage
            $images[3] | Save-FaceGenOutput $out | Remove-FaceGenImage
            $items = Invoke-FaceGenBatch $csv -Destination $out | Where-Object Files
            $items | Remove-FaceGenImage
            $images; $items.Generation
            """, fixture.Face, fixture.OutputFolder, csv).WithoutErrors();

        Assert.Equal(5, result.Output.Count);
        Assert.Equal(5, GetDeletions(fixture.Emulator.Journal).Count);
        foreach (PSObject image in result.Output) await AssertDeletedAsync(image);
        Assert.Equal(3, Directory.GetFiles(fixture.OutputFolder, "*.png").Length);
    }

    [Theory]
    [InlineData("99")]
    [InlineData("3f2b8c1e-90aa-4f6e-8a51-7d2f0e6b9c11")]
    [InlineData("99999999999999999999999")]
    public async Task Remove_unknown_id_reports_one_error_and_deletes_the_others(string wrong)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $wrong)
            $image = New-FaceGenImage p $face
            $wrong, $image.Id | Remove-FaceGenImage -Confirm:$false
            $image
            """, fixture.Face, wrong);

        Assert.StartsWith("GenerationNotFound,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"The images of generation {wrong} were not deleted: ", result.Error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(". Saved files are not affected. Check the id and the account.", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(wrong, result.Error.TargetObject);
        await AssertDeletedAsync(result.Single);
    }

    [Fact]
    public async Task Remove_WhatIf_deletes_nothing_and_confirm_impact_is_high()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face)
            New-FaceGenImage p $face | Remove-FaceGenImage -WhatIf
            (Get-Command Remove-FaceGenImage).ImplementingType.GetCustomAttributes([Management.Automation.CmdletAttribute], $false).ConfirmImpact
            """, fixture.Face).WithoutErrors();

        Assert.Equal("High", result.Single.ToString());
        Assert.Empty(GetDeletions(fixture.Emulator.Journal));
    }

    [Fact]
    public async Task RemoveAfterSave_all_images_saved_deletes_them_at_the_service()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            $images = 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 32 -Samples 2
            $images | Save-FaceGenOutput $out -RemoveAfterSave
            $images
            """, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Equal(4, Directory.GetFiles(fixture.OutputFolder, "*.png").Length);
        Assert.Equal(2, GetDeletions(fixture.Emulator.Journal).Count);
        foreach (PSObject image in result.Output.Skip(4)) await AssertDeletedAsync(image);
    }

    [Fact]
    public async Task RemoveAfterSave_one_image_not_saved_deletes_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out)
            $image = New-FaceGenImage p $face -Width 32 -Samples 2
            $null = $image | Save-FaceGenOutput $out
            [IO.File]::Delete("$out/$($image.Id)-2.png")
            $image | Save-FaceGenOutput $out -RemoveAfterSave
            """, fixture.Face, fixture.OutputFolder);

        Assert.StartsWith("FileExists,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(result.Output);
        Assert.Empty(GetDeletions(fixture.Emulator.Journal));
    }

    [Fact]
    public async Task RemoveAfterSave_with_SkipExisting_is_refused()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ErrorRecord error = fixture.Run("param($face, $out) New-FaceGenImage p $face | Save-FaceGenOutput $out -RemoveAfterSave -SkipExisting", fixture.Face, fixture.OutputFolder).Error;

        Assert.StartsWith("ParametersInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enterprise_connection_uses_enterprise_addresses()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2);

        ScriptResult result = fixture.Run("""
            param($uri, $face, $out)
            Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Enterprise
            New-FaceGenImage p $face -Width 32 | Save-FaceGenOutput $out -RemoveAfterSave
            Get-FaceGenBalance
            Get-FaceGenQueue
            """, fixture.Emulator.BaseUri, fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.True((bool)result.Output[0].Properties["Enterprise"].Value);
        Assert.Equal(4, result.Output.Count);
        string[] paths = [.. fixture.Emulator.Journal.Entries.Select(entry => entry.Path).Where(path => path != Upload)];
        Assert.Equal("/api/v1/enterprise/image_editing/face_gen", paths[0]);
        Assert.StartsWith("/api/v1/enterprise/image_editing/fetch/", paths[1], StringComparison.Ordinal);
        Assert.DoesNotContain(paths, path => path.StartsWith("/api/v6/image_editing", StringComparison.Ordinal));
        Assert.All(fixture.Emulator.Journal.Entries, entry => Assert.Equal(200, entry.Status));
    }

    [Fact]
    public async Task Enterprise_generation_is_fetched_at_enterprise_addresses_only()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 600);

        ScriptResult result = fixture.Run("""
            param($uri, $face)
            $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Enterprise -Name lab
            $null = New-FaceGenImage p $face -NoWait -Connection lab
            Get-FaceGenImage
            (Get-FaceGenImage -Connection lab).Status
            """, fixture.Emulator.BaseUri, fixture.Face).WithoutErrors();

        Assert.Equal("Processing", result.Single.ToString());
        Assert.DoesNotContain(fixture.Emulator.Journal.Entries, entry => entry.Path.StartsWith("/api/v6", StringComparison.Ordinal) && entry.Path != Upload);
    }

    /// <summary>The path of uploads, which enterprise accounts share.</summary>
    private const string Upload = "/api/v6/base64_to_url";

    private static IReadOnlyList<JournalEntry> GetDeletions(Journal journal) => [.. journal.Entries.Where(entry => entry.Path == "/api/v3/delete_image")];

    internal static async Task AssertDeletedAsync(PSObject image)
    {
        using var client = new HttpClient();
        foreach (Uri link in (IEnumerable<Uri>)image.Properties["Output"].Value)
        {
            using HttpResponseMessage response = await client.GetAsync(link);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }
}
