using System.Diagnostics;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>The same command again: after it was done, limited, and after its input was edited.</summary>
public sealed class BatchResumeTests
{
    [Fact]
    public async Task Batch_run_again_after_completion_sends_nothing()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 10));
        bed.RunBatch(csv).WithoutErrors();
        int calls = bed.Emulator.Journal.Entries.Count;

        BatchResult again = bed.RunBatch(csv).WithoutErrors();

        Assert.Empty(again.Items);
        Assert.Equal("Complete", again.State);
        Assert.Equal((10, 10, 0, 0), (again["Rows"], again["Saved"], again["Submitted"], again["ImagesPaid"]));
        Assert.Equal(calls, bed.Emulator.Journal.Entries.Count);
    }

    [Fact]
    public async Task Batch_appended_rows_are_sent_in_any_row_order()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b", "c")).WithoutErrors();

        BatchResult longer = bed.RunBatch(bed.WriteCsv("c", "d", "a", "b", "a")).WithoutErrors();

        // The second "a" is one more of it.
        Assert.Equal(["a", "d"], longer.Prompts);
        Assert.Equal(5, longer["Saved"]);
        Assert.Equal(5, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_edited_row_is_new_and_removed_row_is_not_counted()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b", "c")).WithoutErrors();

        BatchResult edited = bed.RunBatch(bed.WriteCsv("a", "b and a hat")).WithoutErrors();

        Assert.Equal(["b and a hat"], edited.Prompts);
        Assert.Equal((2, 2), (edited["Rows"], edited["Saved"]));
        Assert.Equal(4, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_running_ledger_can_be_read_but_not_run()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.2);
        string csv = bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 100));
        using var other = new Session();
        bed.Connect(other);
        ScriptResult? looked = null, items = null, run = null;

        await bed.StopBatchAsync(csv, 3, () =>
        {
            looked = other.Run("param($out) Get-FaceGenBatch $out", bed.OutputFolder);
            items = other.Run("param($out) Get-FaceGenBatchItem $out -Status Saved", bed.OutputFolder);
            run = other.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, bed.OutputFolder);
        });

        Assert.Equal("Unfinished", looked!.WithoutErrors().Single.Properties["State"].Value.ToString());
        Assert.InRange(items!.WithoutErrors().Output.Count, 3, 100);
        Assert.StartsWith("LedgerInUse,", run!.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("Complete", bed.RunBatch(csv).WithoutErrors().State);
        Assert.Equal(100, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_existing_file_is_kept_and_row_is_resumed()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string[] inTheWay = bed.CreateConflictingFiles("2");
        string csv = bed.WriteCsv("a", "b");

        BatchResult first = bed.RunBatch(csv, "-Name '{row} {date}'");
        Assert.All(inTheWay, path => Assert.Equal(File.ReadAllBytes(bed.Face), File.ReadAllBytes(path)));
        foreach (string path in inTheWay) File.Delete(path);
        BatchResult again = bed.RunBatch(csv, "-Name '{row} {date}'").WithoutErrors();

        Assert.StartsWith("FileExists,", first.Result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(first.Result.Error.ToString(), inTheWay.Select(path =>
            $"people.csv:3: '{path}' is there already. Move it away, or give another -Name if it is another row's, as with {{id}} in it; the same command goes on with the row."));
        Assert.Equal(("Unfinished", 1), (first.State, first["UnderWay"]));
        Assert.Equal(["b"], again.Prompts);
        Assert.Equal("Complete", again.State);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_file_name_of_another_row_is_refused_before_payment()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b"), "-Name '{prompt}'").WithoutErrors();
        string longer = bed.WriteCsv("a", "b", "a");

        ScriptResult refused = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{prompt}'", longer, bed.OutputFolder);
        int accepted = bed.Emulator.Journal.Accepted;
        BatchResult renamed = bed.RunBatch(longer, "-Name '{prompt} {row}'").WithoutErrors();

        Assert.StartsWith("FileNameInvalid,", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("people.csv:2 and people.csv:4", refused.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, accepted);
        Assert.Equal("Complete", renamed.State);
        Assert.True(File.Exists(Path.Combine(bed.OutputFolder, "a 3.png")));
    }

    [Fact]
    public async Task Batch_file_name_of_a_former_row_is_refused_before_payment()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b"), "-Name '{row}'").WithoutErrors();
        string edited = bed.WriteCsv("a", "b and a hat");

        ScriptResult refused = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{row}'", edited, bed.OutputFolder);
        File.Delete(Path.Combine(bed.OutputFolder, "facegen.ledger"));
        ScriptResult inTheWay = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{row}'", edited, bed.OutputFolder);

        Assert.Equal("-Name '{row}' gives people.csv:3 the name of '" + Path.Combine(bed.OutputFolder, "2.png")
            + "', which is the image of another row of the ledger; nothing was sent. Give another -Name, as with {id} in it.", refused.Error.ToString());
        Assert.Equal("-Name '{row}' gives people.csv:2 the name of '" + Path.Combine(bed.OutputFolder, "1.png")
            + "', which is there already; nothing was sent. Move it away, or give another -Name, as with {id} in it.", inTheWay.Error.ToString());
        Assert.StartsWith("FileNameInvalid,", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_new_Name_template_ignores_files_of_the_old_one()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "a")).WithoutErrors();

        BatchResult again = bed.RunBatch(bed.WriteCsv("a", "a", "b"), "-Name '{prompt}'").WithoutErrors();

        Assert.Equal(["b"], again.Prompts);
        Assert.Equal("Complete", again.State);
    }

    [Fact]
    public async Task MaxImages_limits_images_paid_per_run()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        string csv = bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 10));

        BatchResult first = bed.RunBatch(csv, "-MaxImages 4").WithoutErrors();
        BatchResult none = bed.RunBatch(csv, "-MaxImages 0").WithoutErrors();
        int accepted = bed.Emulator.Journal.Accepted;
        BatchResult rest = bed.RunBatch(csv).WithoutErrors();

        Assert.Equal("Unfinished", first.State);
        Assert.Equal((4, 6, 4), (first["Saved"], first["Pending"], first["ImagesPaid"]));
        Assert.Contains("run the same command again", Assert.Single(first.Result.Warnings), StringComparison.Ordinal);
        Assert.Equal("Unfinished", none.State);
        Assert.Equal(4, accepted);
        Assert.Equal("Complete", rest.State);
        Assert.Equal(10, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task MinimumBalance_stops_submissions_before_it_is_spent()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(balance: 0.30m);
        string csv = bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 40));

        BatchResult ran = bed.RunBatch(csv, "-MinimumBalance 0.15").WithoutErrors();

        Assert.Equal("Unfinished", ran.State);
        Assert.Contains("-MinimumBalance 0.15", (string)ran.Summary.Properties["Message"].Value, StringComparison.Ordinal);
        // It looks at every fifth submission, with a queue of five.
        Assert.InRange(bed.Emulator.Journal.Accepted, 15, 25);
        Assert.Equal(bed.Emulator.Journal.Accepted, ran["Saved"]);
    }

    [Fact]
    public async Task TimeLimit_ends_run_with_pending_generations_saved()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.1);
        string csv = bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 400));

        var watch = Stopwatch.StartNew();
        BatchResult ran = bed.RunBatch(csv, "-TimeLimit 00:00:06").WithoutErrors();

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(12), $"It took {watch.Elapsed.TotalSeconds:0.0} s.");
        Assert.Equal("Unfinished", ran.State);
        Assert.Equal(0, ran["UnderWay"]);
        Assert.InRange(ran["Saved"], 1, 399);
        Assert.Equal(bed.Emulator.Journal.Accepted, ran["Saved"]);
        Assert.Contains("time limit", (string)ran.Summary.Properties["Message"].Value, StringComparison.Ordinal);
    }
}
