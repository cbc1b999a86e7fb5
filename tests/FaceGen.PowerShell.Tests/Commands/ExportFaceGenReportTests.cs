using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Reports of ledgers and of what comes through the pipeline.</summary>
public sealed class ExportFaceGenReportTests
{
    [Fact]
    public async Task Report_is_the_same_from_ledger_rows_and_batch()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("Q1-error@submit:prompt=bad"));
        string csv = bed.WriteCsv("a", "bad <script>", "c");

        ScriptResult whole = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out | Export-FaceGenReport $out/whole.html", csv, bed.OutputFolder);
        ScriptResult ledger = bed.Run("param($out) Export-FaceGenReport \"$out/ledger.html\" -Ledger $out/facegen.ledger", bed.OutputFolder).WithoutErrors();
        ScriptResult rows = bed.Run("param($out) Get-FaceGenBatchItem $out | Export-FaceGenReport $out/rows.html", bed.OutputFolder).WithoutErrors();

        JsonArray items = GetReportItems(ledger);
        Assert.Equal(["a", "bad <script>", "c"], items.Select(item => (string?)item!["prompt"]));
        Assert.Equal(["Saved", "Failed", "Saved"], items.Select(item => (string?)item!["status"]));
        Assert.Equal("RequestRefused", (string?)items[1]!["code"]);
        Assert.True(File.Exists(Path.Combine(bed.OutputFolder, Uri.UnescapeDataString((string)items[0]!["files"]![0]!["src"]!))));
        Assert.Equal(items.ToJsonString(), GetReportItems(rows).ToJsonString());
        Assert.Equal(3, GetReportItems(whole).Count);
        Assert.All([whole, ledger, rows], ran => Assert.Equal("System.IO.FileInfo", ran.Single.BaseObject.GetType().FullName));
    }

    [Fact]
    public async Task Report_stopped_leaves_no_file()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string folder = Path.Combine(bed.Folder, "reports");
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using System.Management.Automation.PowerShell job = bed.Session.Create("""
            param($face, $out, $report, $enough)
            $image = New-FaceGenImage a $face -Width 16 | Save-FaceGenOutput $out
            & { for ($i = 0; ; $i++) { if ($i -eq 3000) { $null = $enough.TrySetResult() }; $image } } | Export-FaceGenReport $report
            """, bed.Face, bed.OutputFolder, Path.Combine(folder, "r.html"), enough);
        IAsyncResult running = job.BeginInvoke();
        await enough.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.EndsWith(".part", Assert.Single(Directory.GetFiles(folder)), StringComparison.Ordinal);

        job.Stop();

        Assert.ThrowsAny<System.Management.Automation.PipelineStoppedException>(() => job.EndInvoke(running));
        // The last write may still be going on behind it.
        SpinWait.SpinUntil(() => Directory.GetFiles(folder).Length == 0, TimeSpan.FromSeconds(30));
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public async Task Report_images_outside_its_folder_are_linked_by_full_path()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();

        ScriptResult ran = bed.Run("""
            param($face, $out, $report)
            New-FaceGenImage 'a pilot' -FaceImage $face -Style anime -Width 16 -Height 16 -Seed 5 |
                Save-FaceGenOutput $out -Name '50% #{id}' | Export-FaceGenReport $report -Title 'Pilots'
            """, bed.Face, bed.OutputFolder, Path.Combine(bed.Folder, "reports", "r.html")).WithoutErrors();

        JsonNode item = GetReportItems(ran)[0]!;
        Assert.Equal(("a pilot", "anime", "5"), ((string?)item["prompt"], (string?)item["style"], (string?)item["seed"]));
        string link = (string)item["files"]![0]!["src"]!;
        Assert.StartsWith("file:///", link, StringComparison.Ordinal);
        Assert.True(File.Exists(new Uri(link).LocalPath));
        Assert.Contains("<title>Pilots</title>", File.ReadAllText(FullName(ran)), StringComparison.Ordinal);
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

        Assert.Equal($"'{file}' is there already. -Force replaces it.", refused.Error.ToString());
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
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.RunBatch(bed.WriteCsv("a")).WithoutErrors();

        ScriptResult other = bed.Run("param($out) 7 | Export-FaceGenReport $out/other.html", bed.OutputFolder);
        ScriptResult kept = bed.Run("""
            param($out)
            $kept = [pscustomobject]@{ FullName = 'x.png' }
            $kept.PSTypeNames.Insert(0, 'Deserialized.FaceGen.SavedImage')
            $kept | Export-FaceGenReport $out/kept.html
            """, bed.OutputFolder);
        ScriptResult summary = bed.Run("param($out) Get-FaceGenBatch $out | Export-FaceGenReport $out/summary.html", bed.OutputFolder);
        ScriptResult noLedger = bed.Run("param($out) Export-FaceGenReport $out/none.html -Ledger $out/none", bed.OutputFolder);
        ScriptResult folder = bed.Run("param($out) @() | Export-FaceGenReport $out", bed.OutputFolder);

        Assert.Equal("A report shows rows of batches and saved images, and no Int32.", other.Error.ToString());
        Assert.EndsWith("what a file or a job kept of one is not whole. A batch is shown by -Ledger.", kept.Error.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("A summary holds no rows: ", summary.Error.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("LedgerInvalid,", noLedger.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal($"'{bed.OutputFolder}' is a folder: a report is a file.", folder.Error.ToString());
        // An empty page would stand in the way of the right one.
        Assert.Empty(Directory.GetFiles(bed.OutputFolder, "*.html*"));
    }

    private static string FullName(ScriptResult result) => (string)result.Single.Properties["FullName"].Value;

    private static JsonArray GetReportItems(ScriptResult result) => JsonNode.Parse(
        Regex.Match(File.ReadAllText(FullName(result)), "id=\"data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value)!["items"]!.AsArray();
}
