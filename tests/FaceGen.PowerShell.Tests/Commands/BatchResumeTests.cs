using System.Diagnostics;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>The same command again: after it was done, limited, and after its input was edited.</summary>
public sealed class BatchResumeTests
{
    [Fact]
    public async Task The_same_again_sends_nothing()
    {
        await using TestBed bed = await TestBed.StartAsync();
        string csv = bed.WriteCsv(BatchRuns.Prompts(1, 10));
        bed.RunBatch(csv).WithoutErrors();
        int calls = bed.Emulator.Journal.Entries.Count;

        BatchRan again = bed.RunBatch(csv).WithoutErrors();

        Assert.Empty(again.Items);
        Assert.Equal("Complete", again.State);
        Assert.Equal((10, 10, 0, 0), (again["Rows"], again["Saved"], again["Submitted"], again["ImagesPaid"]));
        Assert.Equal(calls, bed.Emulator.Journal.Entries.Count);
    }

    [Fact]
    public async Task Rows_that_are_appended_are_sent_in_whatever_order_the_others_come()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b", "c")).WithoutErrors();

        BatchRan longer = bed.RunBatch(bed.WriteCsv("c", "d", "a", "b", "a")).WithoutErrors();

        // The second "a" is one more of it.
        Assert.Equal(["a", "d"], longer.Prompts);
        Assert.Equal(5, longer["Saved"]);
        Assert.Equal(5, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task A_row_that_was_edited_is_a_new_one_and_one_that_was_taken_out_is_not_counted()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b", "c")).WithoutErrors();

        BatchRan edited = bed.RunBatch(bed.WriteCsv("a", "b and a hat")).WithoutErrors();

        Assert.Equal(["b and a hat"], edited.Prompts);
        Assert.Equal((2, 2), (edited["Rows"], edited["Saved"]));
        Assert.Equal(4, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task While_it_runs_others_may_look_and_not_run()
    {
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 0.2);
        string csv = bed.WriteCsv(BatchRuns.Prompts(1, 100));
        using var other = new Session();
        bed.Connect(other);
        Ran? looked = null, items = null, run = null;

        await bed.StopBatchAsync(csv, 3, () =>
        {
            looked = other.Run("param($out) Get-FaceGenBatch $out", bed.Out);
            items = other.Run("param($out) Get-FaceGenBatchItem $out -Status Saved", bed.Out);
            run = other.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out", csv, bed.Out);
        });

        Assert.Equal("Unfinished", looked!.WithoutErrors().Single.Properties["State"].Value.ToString());
        Assert.InRange(items!.WithoutErrors().Output.Count, 3, 100);
        Assert.StartsWith("LedgerInUse,", run!.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("Complete", bed.RunBatch(csv).WithoutErrors().State);
        Assert.Equal(100, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task A_file_that_is_in_the_way_is_not_touched_and_the_row_not_lost()
    {
        await using TestBed bed = await TestBed.StartAsync();
        string[] inTheWay = bed.PutInTheWay("2");
        string csv = bed.WriteCsv("a", "b");

        BatchRan first = bed.RunBatch(csv, "-Name '{row} {date}'");
        Assert.All(inTheWay, path => Assert.Equal(File.ReadAllBytes(bed.Face), File.ReadAllBytes(path)));
        foreach (string path in inTheWay) File.Delete(path);
        BatchRan again = bed.RunBatch(csv, "-Name '{row} {date}'").WithoutErrors();

        Assert.StartsWith("FileExists,", first.Ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(first.Ran.Error.ToString(), inTheWay.Select(path =>
            $"people.csv:3: '{path}' is there already. Move it away, or give another -Name if it is another row's, as with {{id}} in it; the same command goes on with the row."));
        Assert.Equal(("Unfinished", 1), (first.State, first["UnderWay"]));
        Assert.Equal(["b"], again.Prompts);
        Assert.Equal("Complete", again.State);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task A_row_whose_name_another_row_has_already_is_found_before_it_is_paid_for()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b"), "-Name '{prompt}'").WithoutErrors();
        string longer = bed.WriteCsv("a", "b", "a");

        Ran refused = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{prompt}'", longer, bed.Out);
        int accepted = bed.Emulator.Journal.Accepted;
        BatchRan renamed = bed.RunBatch(longer, "-Name '{prompt} {row}'").WithoutErrors();

        Assert.StartsWith("FileNameInvalid,", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("people.csv:2 and people.csv:4", refused.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, accepted);
        Assert.Equal("Complete", renamed.State);
        Assert.True(File.Exists(Path.Combine(bed.Out, "a 3.png")));
    }

    [Fact]
    public async Task An_edited_row_whose_name_the_former_one_has_is_found_before_it_is_paid_for()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "b"), "-Name '{row}'").WithoutErrors();
        string edited = bed.WriteCsv("a", "b and a hat");

        Ran refused = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{row}'", edited, bed.Out);
        File.Delete(Path.Combine(bed.Out, "facegen.ledger"));
        Ran inTheWay = bed.Run("param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out -Name '{row}'", edited, bed.Out);

        Assert.Equal("-Name '{row}' gives people.csv:3 the name of '" + Path.Combine(bed.Out, "2.png")
            + "', which is the image of another row of the ledger; nothing was sent. Give another -Name, as with {id} in it.", refused.Error.ToString());
        Assert.Equal("-Name '{row}' gives people.csv:2 the name of '" + Path.Combine(bed.Out, "1.png")
            + "', which is there already; nothing was sent. Move it away, or give another -Name, as with {id} in it.", inTheWay.Error.ToString());
        Assert.StartsWith("FileNameInvalid,", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task What_is_saved_under_other_names_stands_in_no_one_s_way()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.RunBatch(bed.WriteCsv("a", "a")).WithoutErrors();

        BatchRan again = bed.RunBatch(bed.WriteCsv("a", "a", "b"), "-Name '{prompt}'").WithoutErrors();

        Assert.Equal(["b"], again.Prompts);
        Assert.Equal("Complete", again.State);
    }

    [Fact]
    public async Task MaxImages_is_what_one_run_pays_for()
    {
        await using TestBed bed = await TestBed.StartAsync();
        string csv = bed.WriteCsv(BatchRuns.Prompts(1, 10));

        BatchRan first = bed.RunBatch(csv, "-MaxImages 4").WithoutErrors();
        BatchRan none = bed.RunBatch(csv, "-MaxImages 0").WithoutErrors();
        int accepted = bed.Emulator.Journal.Accepted;
        BatchRan rest = bed.RunBatch(csv).WithoutErrors();

        Assert.Equal("Unfinished", first.State);
        Assert.Equal((4, 6, 4), (first["Saved"], first["Pending"], first["ImagesPaid"]));
        Assert.Contains("run the same command again", Assert.Single(first.Ran.Warnings), StringComparison.Ordinal);
        Assert.Equal("Unfinished", none.State);
        Assert.Equal(4, accepted);
        Assert.Equal("Complete", rest.State);
        Assert.Equal(10, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task MinimumBalance_stays_in_the_wallet()
    {
        await using TestBed bed = await TestBed.StartAsync(balance: 0.30m);
        string csv = bed.WriteCsv(BatchRuns.Prompts(1, 40));

        BatchRan ran = bed.RunBatch(csv, "-MinimumBalance 0.15").WithoutErrors();

        Assert.Equal("Unfinished", ran.State);
        Assert.Contains("-MinimumBalance 0.15", (string)ran.Summary.Properties["Message"].Value, StringComparison.Ordinal);
        // It looks at every fifth submission, with a queue of five.
        Assert.InRange(bed.Emulator.Journal.Accepted, 15, 25);
        Assert.Equal(bed.Emulator.Journal.Accepted, ran["Saved"]);
    }

    [Fact]
    public async Task TimeLimit_ends_with_all_that_is_under_way_saved()
    {
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 0.1);
        string csv = bed.WriteCsv(BatchRuns.Prompts(1, 400));

        var watch = Stopwatch.StartNew();
        BatchRan ran = bed.RunBatch(csv, "-TimeLimit 00:00:06").WithoutErrors();

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(12), $"It took {watch.Elapsed.TotalSeconds:0.0} s.");
        Assert.Equal("Unfinished", ran.State);
        Assert.Equal(0, ran["UnderWay"]);
        Assert.InRange(ran["Saved"], 1, 399);
        Assert.Equal(bed.Emulator.Journal.Accepted, ran["Saved"]);
        Assert.Contains("time limit", (string)ran.Summary.Properties["Message"].Value, StringComparison.Ordinal);
    }
}
