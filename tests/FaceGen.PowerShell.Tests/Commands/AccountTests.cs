using System.Management.Automation;
using System.Net;
using FaceGen.Emulator.Journaling;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>What concerns the account: its wallet, its queue, and images that are deleted at the service.</summary>
public sealed class AccountTests
{
    [Fact]
    public async Task Balance_has_amount_and_currency()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(balance: 12.5m);

        ScriptResult ran = bed.Run("param($face) $null = New-FaceGenImage p $face -Samples 2; Get-FaceGenBalance", bed.Face).WithoutErrors();

        Assert.Equal(12.48m, ran.Single.Properties["Balance"].Value);
        Assert.Equal("USD", ran.Single.Properties["Currency"].Value);
        Assert.Equal("12.48 USD", ran.Single.ToString());
    }

    [Fact]
    public async Task Queue_has_usage_limit_and_free_slots()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 600, queueLimit: 5);

        ScriptResult ran = bed.Run("param($face) $null = 'a', 'b', 'c' | New-FaceGenImage -FaceImage $face -NoWait; Get-FaceGenQueue", bed.Face).WithoutErrors();

        Assert.Equal((3, 5, 2), (ran.Single.Properties["ProcessingCount"].Value, ran.Single.Properties["QueueLimit"].Value, ran.Single.Properties["Free"].Value));
        Assert.Equal("3 of 5", ran.Single.ToString());
    }

    [Theory]
    [InlineData("Get-FaceGenBalance")]
    [InlineData("Get-FaceGenQueue")]
    [InlineData("Remove-FaceGenImage 1 -Confirm:$false")]
    public async Task Account_command_expired_key_reports_KeyRejected(string command)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run($"param($uri) $null = Connect-FaceGen -ApiKey expired-key -BaseUri $uri; {command}", bed.Emulator.BaseUri);

        Assert.StartsWith("KeyRejected,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(401, Assert.Single(bed.Emulator.Journal.Entries).Status);
        Assert.DoesNotContain("expired-key", ran.Error.Exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Id_parameter_accepts_objects_with_an_id()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.Write("people.csv", $"prompt,face_image,width\nin a batch,{bed.Face},32\n");

        ScriptResult ran = bed.Run("""
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
            """, bed.Face, bed.OutputFolder, csv).WithoutErrors();

        string[] ids = [.. ran.Output.Select(id => id.ToString())];
        Assert.Equal(20, ids.Length);
        Assert.All(ids[7..10], id => Assert.Equal(ids[^1], id));
        Assert.Single(ids[..7].Concat(ids[10..^1]).Distinct());
        Assert.Equal(2, GetDeletions(bed.Emulator.Journal).Count);
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
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult looked = bed.Run($"param($face) ,({value}) | Get-FaceGenImage", bed.Face);
        ScriptResult named = bed.Run($"param($face) Wait-FaceGenImage -Id ({value})", bed.Face);
        ScriptResult removed = bed.Run($"param($face) ,({value}) | Remove-FaceGenImage -Confirm:$false", bed.Face);

        Assert.All(new[] { looked, named, removed }, ran => Assert.Single(ran.Errors));
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Remove_accepts_id_generation_saved_image_and_batch_item()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.Write("people.csv", $"prompt,face_image,width\nin a batch,{bed.Face},32\n");

        ScriptResult ran = bed.Run("""
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
            """, bed.Face, bed.OutputFolder, csv).WithoutErrors();

        Assert.Equal(5, ran.Output.Count);
        Assert.Equal(5, GetDeletions(bed.Emulator.Journal).Count);
        foreach (PSObject image in ran.Output) await AssertDeletedAsync(image);
        Assert.Equal(3, Directory.GetFiles(bed.OutputFolder, "*.png").Length);
    }

    [Theory]
    [InlineData("99", "The images of generation 99 were not deleted: No image of the request 99 belongs to this key.")]
    [InlineData("abc", "'abc' is no id of the service's: nothing was deleted.")]
    [InlineData("-1", "'-1' is no id of the service's: nothing was deleted.")]
    [InlineData("99999999999999999999999", "'99999999999999999999999' is no id of the service's: nothing was deleted.")]
    public async Task Remove_invalid_id_reports_one_error_and_deletes_the_others(string wrong, string message)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face, $wrong)
            $image = New-FaceGenImage p $face
            $wrong, $image.Id | Remove-FaceGenImage -Confirm:$false
            $image
            """, bed.Face, wrong);

        Assert.StartsWith("GenerationNotFound,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(message, ran.Error.ToString());
        Assert.Equal(wrong, ran.Error.TargetObject);
        await AssertDeletedAsync(ran.Single);
    }

    [Fact]
    public async Task Remove_WhatIf_deletes_nothing_and_confirm_impact_is_high()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face)
            New-FaceGenImage p $face | Remove-FaceGenImage -WhatIf
            (Get-Command Remove-FaceGenImage).ImplementingType.GetCustomAttributes([Management.Automation.CmdletAttribute], $false).ConfirmImpact
            """, bed.Face).WithoutErrors();

        Assert.Equal("High", ran.Single.ToString());
        Assert.Empty(GetDeletions(bed.Emulator.Journal));
    }

    [Fact]
    public async Task RemoveAfterSave_all_images_saved_deletes_them_at_the_service()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face, $out)
            $images = 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 32 -Samples 2
            $images | Save-FaceGenOutput $out -RemoveAfterSave
            $images
            """, bed.Face, bed.OutputFolder).WithoutErrors();

        Assert.Equal(4, Directory.GetFiles(bed.OutputFolder, "*.png").Length);
        Assert.Equal(2, GetDeletions(bed.Emulator.Journal).Count);
        foreach (PSObject image in ran.Output.Skip(4)) await AssertDeletedAsync(image);
    }

    [Fact]
    public async Task RemoveAfterSave_one_image_not_saved_deletes_nothing()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face, $out)
            $image = New-FaceGenImage p $face -Width 32 -Samples 2
            $null = $image | Save-FaceGenOutput $out
            [IO.File]::Delete("$out/$($image.Id)-2.png")
            $image | Save-FaceGenOutput $out -RemoveAfterSave
            """, bed.Face, bed.OutputFolder);

        Assert.StartsWith("FileExists,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(ran.Output);
        Assert.Empty(GetDeletions(bed.Emulator.Journal));
    }

    [Fact]
    public async Task RemoveAfterSave_with_SkipExisting_is_refused()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ErrorRecord error = bed.Run("param($face, $out) New-FaceGenImage p $face | Save-FaceGenOutput $out -RemoveAfterSave -SkipExisting", bed.Face, bed.OutputFolder).Error;

        Assert.StartsWith("ParametersInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enterprise_connection_uses_enterprise_addresses()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.2);

        ScriptResult ran = bed.Run("""
            param($uri, $face, $out)
            Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Enterprise
            New-FaceGenImage p $face -Width 32 | Save-FaceGenOutput $out -RemoveAfterSave
            Get-FaceGenBalance
            Get-FaceGenQueue
            """, bed.Emulator.BaseUri, bed.Face, bed.OutputFolder).WithoutErrors();

        Assert.True((bool)ran.Output[0].Properties["Enterprise"].Value);
        Assert.Equal(4, ran.Output.Count);
        string[] paths = [.. bed.Emulator.Journal.Entries.Select(entry => entry.Path)];
        Assert.Equal("/api/v1/enterprise/image_editing/face_gen", paths[0]);
        Assert.StartsWith("/api/v1/enterprise/image_editing/fetch/", paths[1], StringComparison.Ordinal);
        Assert.DoesNotContain(paths, path => path.StartsWith("/api/v6/image_editing", StringComparison.Ordinal));
        Assert.All(bed.Emulator.Journal.Entries, entry => Assert.Equal(200, entry.Status));
    }

    [Fact]
    public async Task Enterprise_generation_is_fetched_at_enterprise_addresses_only()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 600);

        ScriptResult ran = bed.Run("""
            param($uri, $face)
            $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Enterprise -Name lab
            $null = New-FaceGenImage p $face -NoWait -Connection lab
            Get-FaceGenImage
            (Get-FaceGenImage -Connection lab).Status
            """, bed.Emulator.BaseUri, bed.Face).WithoutErrors();

        Assert.Equal("Processing", ran.Single.ToString());
        Assert.DoesNotContain(bed.Emulator.Journal.Entries, entry => entry.Path.StartsWith("/api/v6", StringComparison.Ordinal));
    }

    private static IReadOnlyList<JournalEntry> GetDeletions(Journal journal) => [.. journal.Entries.Where(entry => entry.Path == "/api/v3/delete_image")];

    internal static async Task AssertDeletedAsync(PSObject image)
    {
        using var client = new HttpClient();
        foreach (Uri link in (IEnumerable<Uri>)image.Properties["Output"].Value)
        {
            using HttpResponseMessage answer = await client.GetAsync(link);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }
}
