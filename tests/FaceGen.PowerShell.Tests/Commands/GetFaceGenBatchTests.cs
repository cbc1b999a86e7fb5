using System.Text;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Looking into ledgers, and piping their rows back.</summary>
public sealed class GetFaceGenBatchTests
{
    [Fact]
    public async Task Batches_are_found_by_folder_wildcard_ledger_and_location()
    {
        await using TestBed bed = await TestBed.StartAsync();
        string csv = bed.WriteCsv("a", "b");
        foreach (string name in new[] { "one", "two" })
            bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, Path.Combine(bed.Out, name)).WithoutErrors();
        Directory.CreateDirectory(Path.Combine(bed.Out, "none"));

        Ran one = bed.Run("param($out) Get-FaceGenBatch $out/one", bed.Out).WithoutErrors();
        Ran all = bed.Run("param($out) Get-FaceGenBatch $out/*", bed.Out).WithoutErrors();
        Ran ledger = bed.Run("param($out) Get-FaceGenBatch -Ledger $out/one/facegen.ledger", bed.Out).WithoutErrors();
        Ran files = bed.Run("param($out) [IO.DirectoryInfo] \"$out/one\", [IO.FileInfo] \"$out/two/facegen.ledger\" | Get-FaceGenBatch", bed.Out).WithoutErrors();

        Assert.Equal("Complete", one.Single.Properties["State"].Value.ToString());
        Assert.Equal(2L, one.Single.Properties["Saved"].Value);
        Assert.Equal(2, all.Output.Count);
        Assert.Equal(one.Single.Properties["Ledger"].Value, ledger.Single.Properties["Ledger"].Value);
        Assert.Equal(2, files.Output.Count);
    }

    [Fact]
    public async Task Where_there_is_no_ledger_none_is_made()
    {
        await using TestBed bed = await TestBed.StartAsync();
        Directory.CreateDirectory(bed.Out);

        Ran batch = bed.Run("param($out) Get-FaceGenBatch $out", bed.Out);
        Ran items = bed.Run("param($out) Get-FaceGenBatchItem $out", bed.Out);
        Ran wildcard = bed.Run("param($out) Get-FaceGenBatch $out/../*", bed.Out);

        Assert.All([batch, items, wildcard], ran => Assert.StartsWith("LedgerInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(bed.Out));
    }

    [Fact]
    public async Task A_file_that_is_no_ledger_is_not_touched()
    {
        await using TestBed bed = await TestBed.StartAsync();
        string text = bed.Write("facegen.ledger", "This is no ledger.");

        Ran batch = bed.Run("param($folder) Get-FaceGenBatch $folder", bed.Folder);
        Ran run = bed.Run("param($csv, $ledger, $out) Invoke-FaceGenBatch $csv -Ledger $ledger -Destination $out", bed.WriteCsv("a"), text, bed.Out);

        Assert.All([batch, run], ran => Assert.StartsWith("LedgerInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal("This is no ledger.", File.ReadAllText(text));
        Assert.Equal(0, bed.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("Invoke-FaceGenBatch $csv -Ledger $ledger -Destination $out")]
    [InlineData("Invoke-FaceGenBatch $csv -Ledger $ledger -Destination $out -WhatIf")]
    [InlineData("Get-FaceGenBatch -Ledger $ledger")]
    public async Task A_folder_is_no_ledger(string command)
    {
        await using TestBed bed = await TestBed.StartAsync();
        string folder = Directory.CreateDirectory(Path.Combine(bed.Folder, "folder")).FullName;

        Ran ran = bed.Run($"param($csv, $ledger, $out) {command}", bed.WriteCsv("a"), folder, bed.Out);

        Assert.StartsWith("LedgerInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal($"'{folder}' is a folder; a ledger is a file.", ran.Error.ToString());
        Assert.Empty(Directory.GetFiles(bed.Folder, "*.lock"));
    }

    [Fact]
    public async Task Rows_come_by_status_in_the_order_of_the_input()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:prompt=bad"));
        bed.RunBatch(bed.WriteCsv("a", "bad 1", "b", "bad 2", "c"));

        Ran all = bed.Run("param($out) Get-FaceGenBatchItem $out", bed.Out).WithoutErrors();
        Ran failed = bed.Run("param($out) Get-FaceGenBatch $out | Get-FaceGenBatchItem -Status Failed, Expired", bed.Out).WithoutErrors();

        Assert.Equal(["a", "bad 1", "b", "bad 2", "c"], all.Each("Prompt"));
        Assert.Equal(["bad 1", "bad 2"], failed.Each("Prompt"));
        Assert.All(failed.Each("ErrorCode"), code => Assert.Equal("RequestRefused", code!.ToString()));
        Assert.Equal("people.csv:3", failed.Each("Source")[0]!.ToString());
    }

    [Fact]
    public async Task A_row_that_was_changed_by_hand_to_something_invalid_is_named_and_the_others_come()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "spoilt", "c")).WithoutErrors();
        string ledger = Path.Combine(bed.Out, "facegen.ledger");
        // As one wrong character in an UPDATE would.
        File.WriteAllText(ledger, File.ReadAllText(ledger, Encoding.Latin1).Replace("{\"prompt\":\"spoilt", "{\"prompt\";\"spoilt", StringComparison.Ordinal), Encoding.Latin1);

        Ran items = bed.Run("param($out) Get-FaceGenBatchItem $out", bed.Out);

        Assert.Equal(["a", "c"], items.Each("Prompt"));
        Assert.StartsWith("LedgerInvalid,", items.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"Item 2 of the ledger '{ledger}' cannot be read and is left out: people.csv:3: ", items.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_rows_pipe_into_New_FaceGenImage()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:times=1,prompt=bad"));
        bed.RunBatch(bed.WriteCsv("a", "bad"));

        Ran again = bed.Run("param($out) Get-FaceGenBatchItem $out -Status Failed | New-FaceGenImage -Style comic", bed.Out).WithoutErrors();

        Assert.Equal("bad", again.Single.Properties["Prompt"].Value);
        dynamic request = again.Single.Properties["Request"].Value;
        Assert.Equal((16, "comic", "people.csv:3"), ((int)request.Width, (string)request.Style, (string)request.Source.ToString()));
    }

    [Fact]
    public async Task Generated_rows_pipe_into_Save_FaceGenOutput()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("redirect-file@download:prompt=late"));
        BatchRan ran = bed.RunBatch(bed.WriteCsv("a", "late"));
        bed.Emulator.Faults.Clear();

        Ran saved = bed.Run("param($out) Get-FaceGenBatchItem $out -Status Generated | Save-FaceGenOutput $out", bed.Out).WithoutErrors();

        Assert.Equal("DownloadFailed", ran.Ran.Error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal((1, 1), (ran["Saved"], ran["UnderWay"]));
        Assert.True(File.Exists((string)saved.Single.Properties["FullName"].Value));
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("Get-FaceGenBatch", "Username=u;Password=Secret", "LedgerInvalid")]
    [InlineData("Get-FaceGenBatch", "Host=127.0.0.1;Port=1;Database=d;Username=u;Password=Se;cret", "LedgerInvalid")]
    [InlineData("Get-FaceGenBatchItem", "Host=127.0.0.1;Port=1;Database=d;Username=u;Password=Se;cret", "LedgerInvalid")]
    [InlineData("Export-FaceGenReport \"$out.html\"", "Host=127.0.0.1;Port=1;Database=d;Username=u;Password=Se;cret", "LedgerInvalid")]
    [InlineData("Invoke-FaceGenBatch $csv -Destination $out -WhatIf", "Host=127.0.0.1;Port=1;Database=d;Username=u;Password=Se;cret", "LedgerInvalid")]
    [InlineData("Invoke-FaceGenBatch $csv -Destination $out", "postgresql://u:Secret@127.0.0.1:1/d", "LedgerUnreachable")]
    public async Task The_password_of_a_database_shows_nowhere(string command, string ledger, string id)
    {
        await using TestBed bed = await TestBed.StartAsync();

        Ran ran = bed.Run($"param($csv, $out, $ledger) {command} -Ledger $ledger -Verbose -Debug", bed.WriteCsv("a"), bed.Out, ledger);

        Assert.StartsWith(id + ",", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        string everything = string.Join("\n", [$"{ran.Error} {ran.Error.Exception} {ran.Error.TargetObject}", .. ran.Warnings, .. ran.Verbose]);
        Assert.DoesNotContain("cret", everything, StringComparison.OrdinalIgnoreCase);
        Assert.False(Directory.Exists(bed.Out));
    }

    [Fact]
    public void A_summary_that_only_names_a_database_says_what_to_give()
    {
        using var session = new Session();

        Ran ran = session.Run("[pscustomobject]@{ Ledger = 'db.example.com, facegen' } | Get-FaceGenBatchItem");

        Assert.Equal("'db.example.com, facegen' only names a database; -Ledger takes its connection string.", ran.Error.ToString());
    }
}
