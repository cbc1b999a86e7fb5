using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Batches that are stopped and resumed.</summary>
public sealed class BatchStopTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task Batch_stopped_returns_promptly_and_resumes(int afterItems)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.2);
        string csv = fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 60));

        TimeSpan elapsed = await fixture.StopBatchAsync(csv, afterItems);
        BatchResult again = fixture.RunBatch(csv).WithoutErrors();

        elapsed.AssertStoppedPromptly();
        Assert.Equal("Complete", again.State);
        Assert.Equal(60, again["Saved"]);
        Assert.Equal(60, fixture.Emulator.Journal.AcceptedByPrompt.Count);
        Assert.All(fixture.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
        Assert.Equal(60, Directory.GetFiles(fixture.OutputFolder, "*.png").Length);
        Assert.InRange(fixture.Emulator.Journal.MaxInFlight, 1, 5);
    }

    [Fact]
    public async Task Batch_run_again_after_stop_waits_for_responses_in_flight()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Emulator.Faults.Add(FaultRule.Parse("accepted-then-never-answered@submit:prompt=slow"));
        fixture.Emulator.Faults.Add(FaultRule.Parse("unavailable@account"));
        fixture.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri -TimeoutSec 20", fixture.Emulator.BaseUri).WithoutErrors();
        string csv = fixture.WriteCsv("a", "slow", "b", "c", "d", "e", "f");

        TimeSpan elapsed = await fixture.StopBatchAsync(csv, 6);
        BatchResult again = fixture.RunBatch(csv);

        elapsed.AssertStoppedPromptly();
        Assert.Contains("still waits for responses in flight", Assert.Single(again.Result.Warnings, line => !line.Contains("-RetryUncertain", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(("SomeFailed", 6, 1), (again.State, again["Saved"], again["Uncertain"]));
        Assert.All(fixture.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
    }

    [Fact]
    public async Task Batch_pipeline_ended_downstream_resumes()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.1);
        string csv = fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 20));

        // The engine of the tests has no Select-Object -First 1.
        fixture.Run("param($csv, $out) do { Invoke-FaceGenBatch $csv -Destination $out | ForEach-Object { $_; break } } while ($false)", csv, fixture.OutputFolder).WithoutErrors();
        BatchResult again = fixture.RunBatch(csv).WithoutErrors();

        Assert.Equal("Complete", again.State);
        Assert.All(fixture.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
        Assert.Equal(20, Directory.GetFiles(fixture.OutputFolder, "*.png").Length);
    }
}
