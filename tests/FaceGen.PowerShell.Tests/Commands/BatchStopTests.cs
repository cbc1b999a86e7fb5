using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>A batch that is stopped, and the same command after it.</summary>
public sealed class BatchStopTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task Batch_stopped_returns_promptly_and_resumes(int afterItems)
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.2);
        string csv = bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 60));

        TimeSpan took = await bed.StopBatchAsync(csv, afterItems);
        BatchResult again = bed.RunBatch(csv).WithoutErrors();

        took.AssertStoppedPromptly();
        Assert.Equal("Complete", again.State);
        Assert.Equal(60, again["Saved"]);
        Assert.Equal(60, bed.Emulator.Journal.AcceptedByPrompt.Count);
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
        Assert.Equal(60, Directory.GetFiles(bed.OutputFolder, "*.png").Length);
        Assert.InRange(bed.Emulator.Journal.MaxInFlight, 1, 5);
    }

    [Fact]
    public async Task Batch_run_again_after_stop_waits_for_responses_in_flight()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.Emulator.Faults.Add(FaultRule.Parse("accepted-then-never-answered@submit:prompt=slow"));
        bed.Emulator.Faults.Add(FaultRule.Parse("unavailable@account"));
        bed.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri -TimeoutSec 20", bed.Emulator.BaseUri).WithoutErrors();
        string csv = bed.WriteCsv("a", "slow", "b", "c", "d", "e", "f");

        TimeSpan took = await bed.StopBatchAsync(csv, 6);
        BatchResult again = bed.RunBatch(csv);

        took.AssertStoppedPromptly();
        Assert.Contains("still waits for the answers", Assert.Single(again.Result.Warnings, line => !line.Contains("-RetryUncertain", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(("SomeFailed", 6, 1), (again.State, again["Saved"], again["Uncertain"]));
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
    }

    [Fact]
    public async Task Batch_pipeline_ended_downstream_resumes()
    {
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.1);
        string csv = bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 20));

        // What Select-Object -First 1 does, in an engine that does not have it.
        bed.Run("param($csv, $out) do { Invoke-FaceGenBatch $csv -Destination $out | ForEach-Object { $_; break } } while ($false)", csv, bed.OutputFolder).WithoutErrors();
        BatchResult again = bed.RunBatch(csv).WithoutErrors();

        Assert.Equal("Complete", again.State);
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
        Assert.Equal(20, Directory.GetFiles(bed.OutputFolder, "*.png").Length);
    }
}
