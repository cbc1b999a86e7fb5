using System.Management.Automation;
using System.Net;
using FaceGen.Emulator.Journaling;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>What concerns the account: its wallet, its queue, and images that are deleted at the service.</summary>
public sealed class AccountTests
{
    [Fact]
    public async Task The_balance_is_told_with_its_currency()
    {
        await using TestBed bed = await TestBed.StartAsync(balance: 12.5m);

        Ran ran = bed.Run("param($face) $null = New-FaceGenImage p $face -Samples 2; Get-FaceGenBalance", bed.Face).WithoutErrors();

        Assert.Equal(12.48m, ran.Single.Properties["Balance"].Value);
        Assert.Equal("USD", ran.Single.Properties["Currency"].Value);
        Assert.Equal("12.48 USD", ran.Single.ToString());
    }

    [Fact]
    public async Task The_queue_is_told_with_what_is_free()
    {
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 600, queueLimit: 5);

        Ran ran = bed.Run("param($face) $null = 'a', 'b', 'c' | New-FaceGenImage -FaceImage $face -NoWait; Get-FaceGenQueue", bed.Face).WithoutErrors();

        Assert.Equal((3, 5, 2), (ran.Single.Properties["ProcessingCount"].Value, ran.Single.Properties["QueueLimit"].Value, ran.Single.Properties["Free"].Value));
        Assert.Equal("3 of 5", ran.Single.ToString());
    }

    [Theory]
    [InlineData("Get-FaceGenBalance")]
    [InlineData("Get-FaceGenQueue")]
    [InlineData("Remove-FaceGenImage 1 -Confirm:$false")]
    public async Task A_key_that_is_no_longer_good_is_told(string command)
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran ran = bed.Run($"param($uri) $null = Connect-FaceGen -ApiKey expired-key -BaseUri $uri; {command}", bed.Emulator.BaseUri);

        Assert.StartsWith("KeyRejected,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(401, Assert.Single(bed.Emulator.Journal.Entries).Status);
        Assert.DoesNotContain("expired-key", ran.Error.Exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_an_id_can_be_given_for_it()
    {
        await using TestBed bed = await TestBed.StartAsync();
        string csv = bed.Write("people.csv", $"prompt,face_image,width\nin a batch,{bed.Face},32\n");

        Ran ran = bed.Run("""
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
            """, bed.Face, bed.Out, csv).WithoutErrors();

        string[] ids = [.. ran.Output.Select(id => id.ToString())];
        Assert.Equal(20, ids.Length);
        Assert.All(ids[7..10], id => Assert.Equal(ids[^1], id));
        Assert.Single(ids[..7].Concat(ids[10..^1]).Distinct());
        Assert.Equal(2, Deletions(bed.Emulator.Journal).Count);
    }

    [Theory]
    [InlineData("[IO.FileInfo]::new($face)")]
    [InlineData("{ 1 }")]
    [InlineData("[Diagnostics.Process]::GetCurrentProcess()")]
    [InlineData("' '")]
    [InlineData("[pscustomobject]@{ name = 'x' }")]
    [InlineData("[pscustomobject]@{ Id = ' ' }")]
    [InlineData("@{ name = 'x' }")]
    public async Task What_is_no_generation_is_never_taken_for_an_id(string what)
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran looked = bed.Run($"param($face) ,({what}) | Get-FaceGenImage", bed.Face);
        Ran named = bed.Run($"param($face) Wait-FaceGenImage -Id ({what})", bed.Face);
        Ran removed = bed.Run($"param($face) ,({what}) | Remove-FaceGenImage -Confirm:$false", bed.Face);

        Assert.All(new[] { looked, named, removed }, ran => Assert.Single(ran.Errors));
        Assert.Empty(bed.Emulator.Journal.Entries);
    }

    [Fact]
    public async Task Images_are_deleted_by_id_by_generation_by_saved_image_and_by_item()
    {
        await using TestBed bed = await TestBed.StartAsync();
        string csv = bed.Write("people.csv", $"prompt,face_image,width\nin a batch,{bed.Face},32\n");

        Ran ran = bed.Run("""
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
            """, bed.Face, bed.Out, csv).WithoutErrors();

        Assert.Equal(5, ran.Output.Count);
        Assert.Equal(5, Deletions(bed.Emulator.Journal).Count);
        foreach (PSObject image in ran.Output) await AssertDeletedAsync(image);
        Assert.Equal(3, Directory.GetFiles(bed.Out, "*.png").Length);
    }

    [Theory]
    [InlineData("99", "The images of generation 99 were not deleted: No image of the request 99 belongs to this key.")]
    [InlineData("abc", "'abc' is no id of the service's: nothing was deleted.")]
    [InlineData("-1", "'-1' is no id of the service's: nothing was deleted.")]
    [InlineData("99999999999999999999999", "'99999999999999999999999' is no id of the service's: nothing was deleted.")]
    public async Task A_wrong_id_spoils_only_itself(string wrong, string message)
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran ran = bed.Run("""
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
    public async Task WhatIf_deletes_nothing_and_a_high_impact_is_declared()
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran ran = bed.Run("""
            param($face)
            New-FaceGenImage p $face | Remove-FaceGenImage -WhatIf
            (Get-Command Remove-FaceGenImage).ImplementingType.GetCustomAttributes([Management.Automation.CmdletAttribute], $false).ConfirmImpact
            """, bed.Face).WithoutErrors();

        Assert.Equal("High", ran.Single.ToString());
        Assert.Empty(Deletions(bed.Emulator.Journal));
    }

    [Fact]
    public async Task RemoveAfterSave_deletes_what_is_saved()
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran ran = bed.Run("""
            param($face, $out)
            $images = 'a', 'b' | New-FaceGenImage -FaceImage $face -Width 32 -Samples 2
            $images | Save-FaceGenOutput $out -RemoveAfterSave
            $images
            """, bed.Face, bed.Out).WithoutErrors();

        Assert.Equal(4, Directory.GetFiles(bed.Out, "*.png").Length);
        Assert.Equal(2, Deletions(bed.Emulator.Journal).Count);
        foreach (PSObject image in ran.Output.Skip(4)) await AssertDeletedAsync(image);
    }

    [Fact]
    public async Task RemoveAfterSave_deletes_nothing_of_what_is_not_saved_whole()
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran ran = bed.Run("""
            param($face, $out)
            $image = New-FaceGenImage p $face -Width 32 -Samples 2
            $null = $image | Save-FaceGenOutput $out
            [IO.File]::Delete("$out/$($image.Id)-2.png")
            $image | Save-FaceGenOutput $out -RemoveAfterSave
            """, bed.Face, bed.Out);

        Assert.StartsWith("FileExists,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(ran.Output);
        Assert.Empty(Deletions(bed.Emulator.Journal));
    }

    [Fact]
    public async Task RemoveAfterSave_does_not_go_with_files_that_were_there_already()
    {
        await using TestBed bed = await TestBed.StartAsync();

        ErrorRecord error = bed.Run("param($face, $out) New-FaceGenImage p $face | Save-FaceGenOutput $out -RemoveAfterSave -SkipExisting", bed.Face, bed.Out).Error;

        Assert.StartsWith("ParametersInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_enterprise_account_has_addresses_of_its_own()
    {
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 0.2);

        Ran ran = bed.Run("""
            param($uri, $face, $out)
            Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Enterprise
            New-FaceGenImage p $face -Width 32 | Save-FaceGenOutput $out -RemoveAfterSave
            Get-FaceGenBalance
            Get-FaceGenQueue
            """, bed.Emulator.BaseUri, bed.Face, bed.Out).WithoutErrors();

        Assert.True((bool)ran.Output[0].Properties["Enterprise"].Value);
        Assert.Equal(4, ran.Output.Count);
        string[] paths = [.. bed.Emulator.Journal.Entries.Select(entry => entry.Path)];
        Assert.Equal("/api/v1/enterprise/image_editing/face_gen", paths[0]);
        Assert.StartsWith("/api/v1/enterprise/image_editing/fetch/", paths[1], StringComparison.Ordinal);
        Assert.DoesNotContain(paths, path => path.StartsWith("/api/v6/image_editing", StringComparison.Ordinal));
        Assert.All(bed.Emulator.Journal.Entries, entry => Assert.Equal(200, entry.Status));
    }

    [Fact]
    public async Task What_was_submitted_at_the_enterprise_addresses_is_not_asked_for_at_the_others()
    {
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 600);

        Ran ran = bed.Run("""
            param($uri, $face)
            $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Enterprise -Name lab
            $null = New-FaceGenImage p $face -NoWait -Connection lab
            Get-FaceGenImage
            (Get-FaceGenImage -Connection lab).Status
            """, bed.Emulator.BaseUri, bed.Face).WithoutErrors();

        Assert.Equal("Processing", ran.Single.ToString());
        Assert.DoesNotContain(bed.Emulator.Journal.Entries, entry => entry.Path.StartsWith("/api/v6", StringComparison.Ordinal));
    }

    private static IReadOnlyList<JournalEntry> Deletions(Journal journal) => [.. journal.Entries.Where(entry => entry.Path == "/api/v3/delete_image")];

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
