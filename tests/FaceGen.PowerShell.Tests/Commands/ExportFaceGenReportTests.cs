using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Reports of ledgers and of pipeline input.</summary>
public sealed class ExportFaceGenReportTests
{
    [Fact]
    public async Task Report_is_the_same_from_ledger_rows_and_batch()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:prompt=bad"));
        string csv = fixture.WriteCsv("a", "bad <script>", "c");

        ScriptResult whole = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out | Export-FaceGenReport $out/whole.html", csv, fixture.OutputFolder);
        ScriptResult ledger = fixture.Run("param($out) Export-FaceGenReport \"$out/ledger.html\" -Ledger $out/facegen.ledger", fixture.OutputFolder).WithoutErrors();
        ScriptResult folder = fixture.Run("param($out) Export-FaceGenReport \"$out/folder.html\" -Ledger $out", fixture.OutputFolder).WithoutErrors();
        ScriptResult summary = fixture.Run("param($out) Get-FaceGenBatch $out | Export-FaceGenReport $out/summary.html", fixture.OutputFolder).WithoutErrors();
        ScriptResult rows = fixture.Run("param($out) Get-FaceGenBatchItem $out | Export-FaceGenReport $out/rows.html", fixture.OutputFolder).WithoutErrors();

        JsonArray items = GetReportItems(ledger);
        Assert.Equal(["a", "bad <script>", "c"], items.Select(item => (string?)item!["prompt"]));
        Assert.Equal(["Saved", "Failed", "Saved"], items.Select(item => (string?)item!["status"]));
        Assert.Equal("RequestRefused", (string?)items[1]!["code"]);
        Assert.True(File.Exists(Path.Combine(fixture.OutputFolder, Uri.UnescapeDataString((string)items[0]!["files"]![0]!["src"]!))));
        Assert.All([rows, folder, summary], report => Assert.Equal(items.ToJsonString(), GetReportItems(report).ToJsonString()));
        Assert.Equal(3, GetReportItems(whole).Count);
        Assert.All([whole, ledger, rows], result => Assert.Equal("System.IO.FileInfo", result.Single.BaseObject.GetType().FullName));
    }

    [Fact]
    public async Task Report_stopped_leaves_no_file()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string folder = Path.Combine(fixture.Folder, "reports");
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using System.Management.Automation.PowerShell job = fixture.Session.Create("""
            param($face, $out, $report, $enough)
            $image = New-FaceGenImage a $face -Width 16 | Save-FaceGenOutput $out
            & { for ($i = 0; ; $i++) { if ($i -eq 3000) { $null = $enough.TrySetResult() }; $image } } | Export-FaceGenReport $report
            """, fixture.Face, fixture.OutputFolder, Path.Combine(folder, "r.html"), enough);
        IAsyncResult running = job.BeginInvoke();
        await enough.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.EndsWith(".part", Assert.Single(Directory.GetFiles(folder)), StringComparison.Ordinal);

        job.Stop();

        Assert.ThrowsAny<System.Management.Automation.PipelineStoppedException>(() => job.EndInvoke(running));
        // The last write may still run.
        SpinWait.SpinUntil(() => Directory.GetFiles(folder).Length == 0, TimeSpan.FromSeconds(30));
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public async Task Report_images_outside_its_folder_are_linked_by_full_path()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($face, $out, $report)
            New-FaceGenImage 'a pilot' -FaceImage $face -Style anime -Width 16 -Height 16 -Seed 5 |
                Save-FaceGenOutput $out -Name '50% #{id}' | Export-FaceGenReport $report -Title 'Pilots'
            """, fixture.Face, fixture.OutputFolder, Path.Combine(fixture.Folder, "reports", "r.html")).WithoutErrors();

        JsonNode item = GetReportItems(result)[0]!;
        Assert.Equal(("a pilot", "anime", "5"), ((string?)item["prompt"], (string?)item["style"], (string?)item["seed"]));
        string link = (string)item["files"]![0]!["src"]!;
        Assert.StartsWith("file:///", link, StringComparison.Ordinal);
        Assert.True(File.Exists(new Uri(link).LocalPath));
        Assert.Contains("<title>Pilots</title>", File.ReadAllText(FullName(result)), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_existing_file_is_replaced_only_with_Force()
    {
        using var session = new Session();
        string folder = Directory.CreateTempSubdirectory("facegen-report-").FullName;
        string file = Path.Combine(folder, "r[1].html");
        File.WriteAllText(file, "mine");

        ScriptResult refused = session.Run("param($file) @() | Export-FaceGenReport -LiteralPath $file", file);
        ScriptResult whatIf = session.Run("param($file) @() | Export-FaceGenReport -LiteralPath $file -Force -WhatIf", file).WithoutErrors();
        string before = File.ReadAllText(file);
        session.Run("param($file) @() | Export-FaceGenReport -LiteralPath $file -Force", file).WithoutErrors();

        Assert.EndsWith("Replace it with -Force.", refused.Error.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("FileExists,", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(whatIf.Output);
        Assert.Equal("mine", before);
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal([file], Directory.GetFiles(folder));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Report_unsupported_input_reports_error()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.RunBatch(fixture.WriteCsv("a")).WithoutErrors();

        ScriptResult other = fixture.Run("param($out) 7 | Export-FaceGenReport $out/other.html", fixture.OutputFolder);
        ScriptResult kept = fixture.Run("""
            param($out)
            $kept = [pscustomobject]@{ FullName = 'x.png' }
            $kept.PSTypeNames.Insert(0, 'Deserialized.FaceGen.SavedImage')
            $kept | Export-FaceGenReport $out/kept.html
            """, fixture.OutputFolder);
        ScriptResult summary = fixture.Run("param($out) $batch = Get-FaceGenBatch $out; [IO.File]::Delete($batch.Ledger); $batch | Export-FaceGenReport $out/summary.html", fixture.OutputFolder);
        ScriptResult noLedger = fixture.Run("param($out) Export-FaceGenReport $out/none.html -Ledger $out/none", fixture.OutputFolder);
        ScriptResult folder = fixture.Run("param($out) @() | Export-FaceGenReport $out", fixture.OutputFolder);

        Assert.Equal("Export-FaceGenReport accepts batch items, batch summaries and saved images, not Int32. This object is not in the report.", other.Error.ToString());
        Assert.EndsWith("A deserialized image is incomplete: pipe the output of Save-FaceGenOutput itself.", kept.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("does not exist", summary.Error.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("LedgerNotFound,", noLedger.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith($"'{fixture.OutputFolder}' is a folder.", folder.Error.ToString(), StringComparison.Ordinal);
        // An empty report would have to be overwritten.
        Assert.Empty(Directory.GetFiles(fixture.OutputFolder, "*.html*"));
    }

    private static string FullName(ScriptResult result) => (string)result.Single.Properties["FullName"].Value;

    private static JsonArray GetReportItems(ScriptResult result) => JsonNode.Parse(
        Regex.Match(File.ReadAllText(FullName(result)), "id=\"data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value)!["items"]!.AsArray();
}
