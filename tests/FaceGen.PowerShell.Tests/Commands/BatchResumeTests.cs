using System.Diagnostics;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Batches that run again: after completion, after a limit, and with changed input.</summary>
public sealed class BatchResumeTests
{
    [Fact]
    public async Task Batch_run_again_after_completion_sends_nothing()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 10));
        fixture.RunBatch(csv).WithoutErrors();
        int calls = fixture.Emulator.Journal.Entries.Count;

        BatchResult again = fixture.RunBatch(csv).WithoutErrors();

        Assert.Empty(again.Items);
        Assert.Equal("Complete", again.State);
        Assert.Equal((10, 10, 0, 0), (again["Rows"], again["Saved"], again["Submitted"], again["ImagesPaid"]));
        Assert.Equal(calls, fixture.Emulator.Journal.Entries.Count);
    }

    [Fact]
    public async Task Batch_appended_rows_are_sent_in_any_row_order()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.RunBatch(fixture.WriteCsv("a", "b", "c")).WithoutErrors();

        BatchResult longer = fixture.RunBatch(fixture.WriteCsv("c", "d", "a", "b", "a")).WithoutErrors();

        // The second "a" is an additional row.
        Assert.Equal(["a", "d"], longer.Prompts);
        Assert.Equal(5, longer["Saved"]);
        Assert.Equal(5, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_edited_row_is_new_and_removed_row_is_not_counted()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.RunBatch(fixture.WriteCsv("a", "b", "c")).WithoutErrors();

        BatchResult edited = fixture.RunBatch(fixture.WriteCsv("a", "b and a hat")).WithoutErrors();

        Assert.Equal(["b and a hat"], edited.Prompts);
        Assert.Equal((2, 2), (edited["Rows"], edited["Saved"]));
        Assert.Equal(4, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_running_ledger_can_be_read_but_not_run()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2);
        string csv = fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 100));
        using var other = new Session();
        fixture.Connect(other);
        ScriptResult? summary = null, items = null, run = null;

        await fixture.StopBatchAsync(csv, 3, () =>
        {
            summary = other.Run("param($out) Get-FaceGenBatch $out", fixture.OutputFolder);
            items = other.Run("param($out) Get-FaceGenBatchItem $out -Status Saved", fixture.OutputFolder);
            run = other.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, fixture.OutputFolder);
        });

        Assert.Equal("Unfinished", summary!.WithoutErrors().Single.Properties["State"].Value.ToString());
        Assert.InRange(items!.WithoutErrors().Output.Count, 3, 100);
        Assert.StartsWith("LedgerInUse,", run!.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("Complete", fixture.RunBatch(csv).WithoutErrors().State);
        Assert.Equal(100, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_existing_file_is_kept_and_row_is_resumed()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string[] conflicts = fixture.CreateConflictingFiles("2");
        string csv = fixture.WriteCsv("a", "b");

        BatchResult first = fixture.RunBatch(csv, "-Name '{row} {date}'");
        Assert.All(conflicts, path => Assert.Equal(File.ReadAllBytes(fixture.Face), File.ReadAllBytes(path)));
        foreach (string path in conflicts) File.Delete(path);
        BatchResult again = fixture.RunBatch(csv, "-Name '{row} {date}'").WithoutErrors();

        Assert.StartsWith("FileExists,", first.Result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(conflicts, path => first.Result.Error.ToString().Contains($"'{path}'", StringComparison.Ordinal));
        Assert.EndsWith("Move the file away, or give another -Name, for example with {id}. Then run the same command again.", first.Result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(("Unfinished", 1), (first.State, first["InProgress"]));
        Assert.Equal(["b"], again.Prompts);
        Assert.Equal("Complete", again.State);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_file_name_of_another_row_is_refused_before_payment()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.RunBatch(fixture.WriteCsv("a", "b"), "-Name '{prompt}'").WithoutErrors();
        string longer = fixture.WriteCsv("a", "b", "a");

        ScriptResult refused = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{prompt}'", longer, fixture.OutputFolder);
        int accepted = fixture.Emulator.Journal.Accepted;
        BatchResult renamed = fixture.RunBatch(longer, "-Name '{prompt} {row}'").WithoutErrors();

        Assert.StartsWith("FileNameInvalid,", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("people.csv:2 and people.csv:4", refused.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, accepted);
        Assert.Equal("Complete", renamed.State);
        Assert.True(File.Exists(Path.Combine(fixture.OutputFolder, "a 3.png")));
    }

    [Fact]
    public async Task Batch_file_name_of_a_former_row_is_refused_before_payment()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.RunBatch(fixture.WriteCsv("a", "b"), "-Name '{row}'").WithoutErrors();
        string edited = fixture.WriteCsv("a", "b and a hat");

        ScriptResult refused = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{row}'", edited, fixture.OutputFolder);
        File.Delete(Path.Combine(fixture.OutputFolder, "facegen.ledger"));
        ScriptResult conflicts = fixture.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{row}'", edited, fixture.OutputFolder);

        Assert.Equal("-Name '{row}' gives people.csv:3 the file name '" + Path.Combine(fixture.OutputFolder, "2.png")
            + "', which is the image of another row of the ledger. Nothing was sent. Give another -Name, for example with {id}.", refused.Error.ToString());
        Assert.Equal("-Name '{row}' gives people.csv:2 the file name '" + Path.Combine(fixture.OutputFolder, "1.png")
            + "', which already exists. Nothing was sent. Move the file away, or give another -Name, for example with {id}.", conflicts.Error.ToString());
        Assert.StartsWith("FileNameInvalid,", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Batch_new_Name_template_ignores_files_of_the_old_one()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.RunBatch(fixture.WriteCsv("a", "a")).WithoutErrors();

        BatchResult again = fixture.RunBatch(fixture.WriteCsv("a", "a", "b"), "-Name '{prompt}'").WithoutErrors();

        Assert.Equal(["b"], again.Prompts);
        Assert.Equal("Complete", again.State);
    }

    [Fact]
    public async Task MaxImages_limits_images_paid_per_run()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        string csv = fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 10));

        BatchResult first = fixture.RunBatch(csv, "-MaxImages 4").WithoutErrors();
        BatchResult none = fixture.RunBatch(csv, "-MaxImages 0").WithoutErrors();
        int accepted = fixture.Emulator.Journal.Accepted;
        BatchResult rest = fixture.RunBatch(csv).WithoutErrors();

        Assert.Equal("Unfinished", first.State);
        Assert.Equal((4, 6, 4), (first["Saved"], first["Pending"], first["ImagesPaid"]));
        Assert.Contains("Run the same command again", Assert.Single(first.Result.Warnings), StringComparison.Ordinal);
        Assert.Equal("Unfinished", none.State);
        Assert.Equal(4, accepted);
        Assert.Equal("Complete", rest.State);
        Assert.Equal(10, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task MinimumBalance_stops_submissions_before_it_is_spent()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(balance: 0.30m);
        string csv = fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 40));

        BatchResult result = fixture.RunBatch(csv, "-MinimumBalance 0.15").WithoutErrors();

        Assert.Equal("Unfinished", result.State);
        Assert.Contains("-MinimumBalance 0.15", (string)result.Summary.Properties["Message"].Value, StringComparison.Ordinal);
        // The balance is read at every fifth submission with a queue of five.
        Assert.InRange(fixture.Emulator.Journal.Accepted, 15, 25);
        Assert.Equal(fixture.Emulator.Journal.Accepted, result["Saved"]);
    }

    [Fact]
    public async Task TimeLimit_ends_run_with_pending_generations_saved()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.1);
        string csv = fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 400));

        var stopwatch = Stopwatch.StartNew();
        BatchResult result = fixture.RunBatch(csv, "-TimeLimit 00:00:06").WithoutErrors();

        Assert.True(stopwatch.Elapsed < TimeSpan.FromSeconds(12), $"It took {stopwatch.Elapsed.TotalSeconds:0.0} s.");
        Assert.Equal("Unfinished", result.State);
        Assert.Equal(0, result["InProgress"]);
        Assert.InRange(result["Saved"], 1, 399);
        Assert.Equal(fixture.Emulator.Journal.Accepted, result["Saved"]);
        Assert.Contains("time limit", (string)result.Summary.Properties["Message"].Value, StringComparison.Ordinal);
    }
}
