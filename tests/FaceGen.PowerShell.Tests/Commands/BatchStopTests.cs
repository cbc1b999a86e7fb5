using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>A batch that is stopped, and the same command after it.</summary>
public sealed class BatchStopTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task Ctrl_C_answers_within_a_second_and_the_same_command_goes_on(int afterItems)
    {
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 0.2);
        string csv = bed.WriteCsv(BatchRuns.Prompts(1, 60));

        TimeSpan took = await bed.StopBatchAsync(csv, afterItems);
        BatchRan again = bed.RunBatch(csv).WithoutErrors();

        took.AssertIsStop();
        Assert.Equal("Complete", again.State);
        Assert.Equal(60, again["Saved"]);
        Assert.Equal(60, bed.Emulator.Journal.AcceptedByPrompt.Count);
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
        Assert.Equal(60, Directory.GetFiles(bed.Out, "*.png").Length);
        Assert.InRange(bed.Emulator.Journal.MaxInFlight, 1, 5);
    }

    [Fact]
    public async Task After_Ctrl_C_the_same_command_waits_for_the_answers_that_are_out()
    {
        await using TestBed bed = await TestBed.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("accepted-then-never-answered@submit:prompt=slow"));
        bed.Emulator.Faults.Add(FaultRule.Parse("unavailable@account"));
        bed.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri -TimeoutSec 20", bed.Emulator.BaseUri).WithoutErrors();
        string csv = bed.WriteCsv("a", "slow", "b", "c", "d", "e", "f");

        TimeSpan took = await bed.StopBatchAsync(csv, 6);
        BatchRan again = bed.RunBatch(csv);

        took.AssertIsStop();
        Assert.Contains("still waits for the answers", Assert.Single(again.Ran.Warnings, line => !line.Contains("-RetryUncertain", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(("SomeFailed", 6, 1), (again.State, again["Saved"], again["Uncertain"]));
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
    }

    [Fact]
    public async Task A_pipeline_that_is_ended_from_below_goes_on_with_the_same_command()
    {
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 0.1);
        string csv = bed.WriteCsv(BatchRuns.Prompts(1, 20));

        // What Select-Object -First 1 does, in an engine that does not have it.
        bed.Run("param($csv, $out) do { Invoke-FaceGenBatch $csv -Destination $out | ForEach-Object { $_; break } } while ($false)", csv, bed.Out).WithoutErrors();
        BatchRan again = bed.RunBatch(csv).WithoutErrors();

        Assert.Equal("Complete", again.State);
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
        Assert.Equal(20, Directory.GetFiles(bed.Out, "*.png").Length);
    }
}
