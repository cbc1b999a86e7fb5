using System.Management.Automation;
using System.Text;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Get-FaceGenBatch and Get-FaceGenBatchItem.</summary>
public sealed class GetFaceGenBatchTests
{
    [Fact]
    public async Task Get_batch_accepts_folder_wildcard_ledger_and_pipeline()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv("a", "b");
        foreach (string name in new[] { "one", "two" })
            fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, Path.Combine(fixture.OutputFolder, name)).WithoutErrors();
        Directory.CreateDirectory(Path.Combine(fixture.OutputFolder, "none"));

        File.WriteAllText(Path.Combine(fixture.OutputFolder, "list.txt"), "not a ledger");
        File.Copy(Path.Combine(fixture.OutputFolder, "one", "facegen.ledger"), Path.Combine(fixture.OutputFolder, "copy.ledger"));

        ScriptResult one = fixture.Run("param($out) Get-FaceGenBatch $out/one", fixture.OutputFolder).WithoutErrors();
        ScriptResult all = fixture.Run("param($out) Get-FaceGenBatch $out/*", fixture.OutputFolder).WithoutErrors();
        ScriptResult ledger = fixture.Run("param($out) Get-FaceGenBatch -Ledger $out/one/facegen.ledger", fixture.OutputFolder).WithoutErrors();
        ScriptResult texts = fixture.Run("param($out) \"$out/one\", \"$out/two\" | Get-FaceGenBatch", fixture.OutputFolder).WithoutErrors();
        ScriptResult files = fixture.Run("param($out) [IO.DirectoryInfo] \"$out/one\", [IO.FileInfo] \"$out/two/facegen.ledger\" | Get-FaceGenBatch", fixture.OutputFolder).WithoutErrors();

        Assert.Equal("Complete", one.Single.Properties["State"].Value.ToString());
        Assert.Equal(2L, one.Single.Properties["Saved"].Value);
        Assert.Equal(3, all.Output.Count);
        Assert.Equal(2, texts.Output.Count);
        Assert.Equal(one.Single.Properties["Ledger"].Value, ledger.Single.Properties["Ledger"].Value);
        Assert.Equal(2, files.Output.Count);
    }

    [Fact]
    public async Task Get_batch_missing_ledger_reports_error_and_creates_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        Directory.CreateDirectory(fixture.OutputFolder);
        Directory.CreateDirectory($"{fixture.OutputFolder} 2");

        ScriptResult batch = fixture.Run("param($out) Get-FaceGenBatch $out", fixture.OutputFolder);
        ScriptResult items = fixture.Run("param($out) Get-FaceGenBatchItem $out", fixture.OutputFolder);
        ScriptResult wildcard = fixture.Run("param($out) Get-FaceGenBatch $out*", fixture.OutputFolder);

        Assert.All([batch, items, wildcard], result => Assert.StartsWith("LedgerNotFound,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(fixture.OutputFolder));
    }

    [Fact]
    public async Task Ledger_that_is_another_file_is_refused_unchanged()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string text = fixture.Write("facegen.ledger", "This is not a ledger.");

        ScriptResult batch = fixture.Run("param($folder) Get-FaceGenBatch $folder", fixture.Folder);
        ScriptResult run = fixture.Run("param($csv, $ledger, $out) Invoke-FaceGenBatch $csv -Ledger $ledger -Destination $out", fixture.WriteCsv("a"), text, fixture.OutputFolder);

        Assert.All([batch, run], result => Assert.StartsWith("LedgerInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal("This is not a ledger.", File.ReadAllText(text));
        Assert.Equal(0, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Ledger_accepts_the_folder_of_a_ledger()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv("a");
        string folder = Directory.CreateDirectory(Path.Combine(fixture.Folder, "ledgers")).FullName;

        BatchResult result = fixture.RunBatch(csv, $"-Ledger '{folder}'").WithoutErrors();
        ScriptResult read = fixture.Run("param($ledger) Get-FaceGenBatch -Ledger $ledger; Get-FaceGenBatchItem -Ledger $ledger", folder).WithoutErrors();
        ScriptResult missing = fixture.Run("param($ledger) Get-FaceGenBatch -Ledger $ledger", fixture.Folder);

        Assert.Equal(Path.Combine(folder, "facegen.ledger"), result.Summary.Properties["Ledger"].Value);
        Assert.Equal(2, read.Output.Count);
        Assert.Contains(Path.Combine(fixture.Folder, "facegen.ledger"), missing.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_batch_shows_cost_duration_and_run_at_work()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2, queueLimit: 1);
        string csv = fixture.Write("people.csv", "prompt,face_image,width,height,samples\na,face.png,16,16,2\nb,face.png,16,16,\nc,face.png,16,16,\n");
        DateTimeOffset start = DateTimeOffset.UtcNow;

        ScriptResult during = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out | ForEach-Object { Get-FaceGenBatch $out }", csv, fixture.OutputFolder).WithoutErrors();
        ScriptResult after = fixture.Run("param($out) $batch = Get-FaceGenBatch $out; $batch; $batch.TotalDuration", fixture.OutputFolder).WithoutErrors();
        PSObject ended = after.Output[0];

        Assert.InRange((DateTimeOffset)during.Output[0].Properties["RunningSince"].Value, start.AddMilliseconds(-1), DateTimeOffset.UtcNow);
        Assert.Null(ended.Properties["RunningSince"].Value);
        Assert.Equal(4L, ended.Properties["TotalImagesPaid"].Value);
        var total = (TimeSpan)after.Output[1].BaseObject;
        Assert.InRange(total, TimeSpan.FromSeconds(0.5), DateTimeOffset.UtcNow - start);
        Assert.Equal(total.TotalSeconds, (double)ended.Properties["TotalSeconds"].Value, 0.001);
    }

    [Fact]
    public async Task Get_batch_item_filters_by_status_in_input_order()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:prompt=bad"));
        fixture.RunBatch(fixture.WriteCsv("a", "bad 1", "b", "bad 2", "c"));

        ScriptResult all = fixture.Run("param($out) Get-FaceGenBatchItem $out", fixture.OutputFolder).WithoutErrors();
        ScriptResult failed = fixture.Run("param($out) Get-FaceGenBatch $out | Get-FaceGenBatchItem -Status Failed, Expired", fixture.OutputFolder).WithoutErrors();

        Assert.Equal(["a", "bad 1", "b", "bad 2", "c"], all.Values("Prompt"));
        Assert.Equal(["bad 1", "bad 2"], failed.Values("Prompt"));
        Assert.All(failed.Values("ErrorCode"), code => Assert.Equal("RequestRefused", code!.ToString()));
        Assert.Equal("people.csv:3", failed.Values("Source")[0]!.ToString());
    }

    [Fact]
    public async Task Get_batch_item_damaged_row_reports_error_and_emits_the_others()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.RunBatch(fixture.WriteCsv("a", "spoilt", "c")).WithoutErrors();
        string ledger = Path.Combine(fixture.OutputFolder, "facegen.ledger");
        // As a wrong UPDATE by hand would.
        File.WriteAllText(ledger, File.ReadAllText(ledger, Encoding.Latin1).Replace("\"prompt\":\"spoilt", "\"prompt\";\"spoilt", StringComparison.Ordinal), Encoding.Latin1);

        ScriptResult items = fixture.Run("param($out) Get-FaceGenBatchItem $out", fixture.OutputFolder);

        Assert.Equal(["a", "c"], items.Values("Prompt"));
        Assert.StartsWith("LedgerInvalid,", items.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"Item 2 of the ledger '{ledger}' cannot be read", items.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("people.csv:3: ", items.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_batch_item_failed_rows_pipe_into_New_FaceGenImage()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:times=1,prompt=bad"));
        fixture.RunBatch(fixture.WriteCsv("a", "bad"));

        ScriptResult again = fixture.Run("param($out) Get-FaceGenBatchItem $out -Status Failed | New-FaceGenImage -Style comic", fixture.OutputFolder).WithoutErrors();

        Assert.Equal("bad", again.Single.Properties["Prompt"].Value);
        dynamic request = again.Single.Properties["Request"].Value;
        Assert.Equal((16, "comic", "people.csv:3"), ((int)request.Width, (string)request.Style, (string)request.Source.ToString()));
    }

    [Fact]
    public async Task Get_batch_item_generated_rows_pipe_into_Save_FaceGenOutput()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("redirect-file@download:prompt=late"));
        BatchResult result = fixture.RunBatch(fixture.WriteCsv("a", "late"));
        fixture.Emulator.Faults.Clear();

        ScriptResult saved = fixture.Run("param($out) Get-FaceGenBatchItem $out -Status Generated | Save-FaceGenOutput $out", fixture.OutputFolder).WithoutErrors();

        Assert.Equal("DownloadFailed", result.Result.Error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal((1, 1), (result["Saved"], result["InProgress"]));
        Assert.True(File.Exists((string)saved.Single.Properties["FullName"].Value));
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
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
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run($"param($csv, $out, $ledger) {command} -Ledger $ledger -Verbose -Debug", fixture.WriteCsv("a"), fixture.OutputFolder, ledger);

        Assert.StartsWith(id + ",", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        string everything = string.Join("\n", [$"{result.Error} {result.Error.Exception} {result.Error.TargetObject}", .. result.Warnings, .. result.Verbose]);
        Assert.DoesNotContain("cret", everything, StringComparison.OrdinalIgnoreCase);
        Assert.False(Directory.Exists(fixture.OutputFolder));
    }

    [Fact]
    public void Ledger_name_of_a_database_reports_what_to_give()
    {
        using var session = new Session();

        ScriptResult result = session.Run("[pscustomobject]@{ Ledger = 'db.example.com, facegen' } | Get-FaceGenBatchItem");

        Assert.StartsWith("'db.example.com, facegen' is the name of a database, not its connection string.", result.Error.ToString(), StringComparison.Ordinal);
    }
}
