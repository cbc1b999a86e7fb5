using System.Text;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Looking into ledgers, and piping their rows back.</summary>
public sealed class GetFaceGenBatchTests
{
    [Fact]
    public async Task Get_batch_accepts_folder_wildcard_ledger_and_pipeline()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.WriteCsv("a", "b");
        foreach (string name in new[] { "one", "two" })
            bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, Path.Combine(bed.OutputFolder, name)).WithoutErrors();
        Directory.CreateDirectory(Path.Combine(bed.OutputFolder, "none"));

        ScriptResult one = bed.Run("param($out) Get-FaceGenBatch $out/one", bed.OutputFolder).WithoutErrors();
        ScriptResult all = bed.Run("param($out) Get-FaceGenBatch $out/*", bed.OutputFolder).WithoutErrors();
        ScriptResult ledger = bed.Run("param($out) Get-FaceGenBatch -Ledger $out/one/facegen.ledger", bed.OutputFolder).WithoutErrors();
        ScriptResult files = bed.Run("param($out) [IO.DirectoryInfo] \"$out/one\", [IO.FileInfo] \"$out/two/facegen.ledger\" | Get-FaceGenBatch", bed.OutputFolder).WithoutErrors();

        Assert.Equal("Complete", one.Single.Properties["State"].Value.ToString());
        Assert.Equal(2L, one.Single.Properties["Saved"].Value);
        Assert.Equal(2, all.Output.Count);
        Assert.Equal(one.Single.Properties["Ledger"].Value, ledger.Single.Properties["Ledger"].Value);
        Assert.Equal(2, files.Output.Count);
    }

    [Fact]
    public async Task Get_batch_missing_ledger_reports_error_and_creates_nothing()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        Directory.CreateDirectory(bed.OutputFolder);

        ScriptResult batch = bed.Run("param($out) Get-FaceGenBatch $out", bed.OutputFolder);
        ScriptResult items = bed.Run("param($out) Get-FaceGenBatchItem $out", bed.OutputFolder);
        ScriptResult wildcard = bed.Run("param($out) Get-FaceGenBatch $out/../*", bed.OutputFolder);

        Assert.All([batch, items, wildcard], ran => Assert.StartsWith("LedgerInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(bed.OutputFolder));
    }

    [Fact]
    public async Task Ledger_that_is_another_file_is_refused_unchanged()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string text = bed.Write("facegen.ledger", "This is no ledger.");

        ScriptResult batch = bed.Run("param($folder) Get-FaceGenBatch $folder", bed.Folder);
        ScriptResult run = bed.Run("param($csv, $ledger, $out) Invoke-FaceGenBatch $csv -Ledger $ledger -Destination $out", bed.WriteCsv("a"), text, bed.OutputFolder);

        Assert.All([batch, run], ran => Assert.StartsWith("LedgerInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal("This is no ledger.", File.ReadAllText(text));
        Assert.Equal(0, bed.Emulator.Journal.Accepted);
    }

    [Theory]
    [InlineData("Invoke-FaceGenBatch $csv -Ledger $ledger -Destination $out")]
    [InlineData("Invoke-FaceGenBatch $csv -Ledger $ledger -Destination $out -WhatIf")]
    [InlineData("Get-FaceGenBatch -Ledger $ledger")]
    public async Task Ledger_that_is_a_folder_is_refused(string command)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string folder = Directory.CreateDirectory(Path.Combine(bed.Folder, "folder")).FullName;

        ScriptResult ran = bed.Run($"param($csv, $ledger, $out) {command}", bed.WriteCsv("a"), folder, bed.OutputFolder);

        Assert.StartsWith("LedgerInvalid,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal($"'{folder}' is a folder; a ledger is a file.", ran.Error.ToString());
        Assert.Empty(Directory.GetFiles(bed.Folder, "*.lock"));
    }

    [Fact]
    public async Task Get_batch_item_filters_by_status_in_input_order()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:prompt=bad"));
        bed.RunBatch(bed.WriteCsv("a", "bad 1", "b", "bad 2", "c"));

        ScriptResult all = bed.Run("param($out) Get-FaceGenBatchItem $out", bed.OutputFolder).WithoutErrors();
        ScriptResult failed = bed.Run("param($out) Get-FaceGenBatch $out | Get-FaceGenBatchItem -Status Failed, Expired", bed.OutputFolder).WithoutErrors();

        Assert.Equal(["a", "bad 1", "b", "bad 2", "c"], all.Values("Prompt"));
        Assert.Equal(["bad 1", "bad 2"], failed.Values("Prompt"));
        Assert.All(failed.Values("ErrorCode"), code => Assert.Equal("RequestRefused", code!.ToString()));
        Assert.Equal("people.csv:3", failed.Values("Source")[0]!.ToString());
    }

    [Fact]
    public async Task Get_batch_item_damaged_row_reports_error_and_emits_the_others()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "spoilt", "c")).WithoutErrors();
        string ledger = Path.Combine(bed.OutputFolder, "facegen.ledger");
        // As one wrong character in an UPDATE would.
        File.WriteAllText(ledger, File.ReadAllText(ledger, Encoding.Latin1).Replace("{\"prompt\":\"spoilt", "{\"prompt\";\"spoilt", StringComparison.Ordinal), Encoding.Latin1);

        ScriptResult items = bed.Run("param($out) Get-FaceGenBatchItem $out", bed.OutputFolder);

        Assert.Equal(["a", "c"], items.Values("Prompt"));
        Assert.StartsWith("LedgerInvalid,", items.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"Item 2 of the ledger '{ledger}' cannot be read and is left out: people.csv:3: ", items.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_batch_item_failed_rows_pipe_into_New_FaceGenImage()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:times=1,prompt=bad"));
        bed.RunBatch(bed.WriteCsv("a", "bad"));

        ScriptResult again = bed.Run("param($out) Get-FaceGenBatchItem $out -Status Failed | New-FaceGenImage -Style comic", bed.OutputFolder).WithoutErrors();

        Assert.Equal("bad", again.Single.Properties["Prompt"].Value);
        dynamic request = again.Single.Properties["Request"].Value;
        Assert.Equal((16, "comic", "people.csv:3"), ((int)request.Width, (string)request.Style, (string)request.Source.ToString()));
    }

    [Fact]
    public async Task Get_batch_item_generated_rows_pipe_into_Save_FaceGenOutput()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("redirect-file@download:prompt=late"));
        BatchResult ran = bed.RunBatch(bed.WriteCsv("a", "late"));
        bed.Emulator.Faults.Clear();

        ScriptResult saved = bed.Run("param($out) Get-FaceGenBatchItem $out -Status Generated | Save-FaceGenOutput $out", bed.OutputFolder).WithoutErrors();

        Assert.Equal("DownloadFailed", ran.Result.Error.FullyQualifiedErrorId.Split(',')[0]);
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
    public async Task Ledger_password_is_not_shown(string command, string ledger, string id)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run($"param($csv, $out, $ledger) {command} -Ledger $ledger -Verbose -Debug", bed.WriteCsv("a"), bed.OutputFolder, ledger);

        Assert.StartsWith(id + ",", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        string everything = string.Join("\n", [$"{ran.Error} {ran.Error.Exception} {ran.Error.TargetObject}", .. ran.Warnings, .. ran.Verbose]);
        Assert.DoesNotContain("cret", everything, StringComparison.OrdinalIgnoreCase);
        Assert.False(Directory.Exists(bed.OutputFolder));
    }

    [Fact]
    public void Ledger_name_of_a_database_reports_what_to_give()
    {
        using var session = new Session();

        ScriptResult ran = session.Run("[pscustomobject]@{ Ledger = 'db.example.com, facegen' } | Get-FaceGenBatchItem");

        Assert.Equal("'db.example.com, facegen' only names a database; -Ledger takes its connection string.", ran.Error.ToString());
    }
}
