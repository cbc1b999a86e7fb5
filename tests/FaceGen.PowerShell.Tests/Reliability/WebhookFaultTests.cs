using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>Webhook faults do not change the images and submissions of a batch.</summary>
public sealed class WebhookFaultTests
{
    private const double Speed = 20;
    private const int Rows = 30;

    [Theory]
    [InlineData("Q34-never")]
    [InlineData("Q34-twice")]
    [InlineData("Q34-late")]
    [InlineData("Q34-out-of-order")]
    [InlineData("Q34-early")]
    [InlineData("Q34-unknown-id")]
    [InlineData("Q34-forged")]
    [InlineData("Q34-no-json")]
    public async Task Batch_webhook_fault_does_not_change_the_result(string fault)
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Webhook)], Speed);

        ScriptResult result = RunBatch(fixture);

        AssertAllSaved(fixture, result);
        Assert.Equal(fault == "Q34-never" ? 0 : Rows, fixture.Emulator.Journal.WebhookDeliveries.Select(call => call.GenerationId).Distinct().Count());
        Assert.All(fixture.Emulator.Journal.WebhookDeliveries, call => Assert.Equal(fault, call.Fault));
    }

    [Fact]
    public async Task Batch_with_webhook_fetches_each_generation_once()
    {
        // In real time no poll comes before the delivery by chance.
        await using FaultFixture fixture = await FaultFixture.StartAsync([], speed: 1, serviceSeconds: 0.2);

        ScriptResult result = RunBatch(fixture);

        AssertAllSaved(fixture, result);
        Assert.Equal(Rows, fixture.Emulator.Journal.WebhookDeliveries.Count);
        Assert.All(fixture.Emulator.Journal.WebhookDeliveries, call => Assert.Equal(204, call.Status));
        Assert.Equal(Rows, fixture.Emulator.Journal.Entries.Count(entry => entry.Path.Contains("/fetch/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("accepted-then-dropped")]
    [InlineData("accepted-then-500")]
    [InlineData("Q8-neither")]
    public async Task Batch_lost_response_is_reconciled_by_delivery(string fault)
    {
        // In real time a busy machine delivers before the timeout.
        await using FaultFixture fixture = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Submit.AtRate(0.3))], speed: 1, serviceSeconds: 0.2);

        ScriptResult result = RunBatch(fixture);

        AssertAllSaved(fixture, result);
        Assert.Contains(fixture.Emulator.Journal.Entries, entry => entry.Fault == fault);
    }

    [Fact]
    public async Task New_image_lost_response_is_reconciled_by_delivery()
    {
        // FaceGen waits 10 s for the delivery: at 20 times the speed, a busy machine is too slow.
        await using FaultFixture fixture = await FaultFixture.StartAsync([FaultRule.Parse("accepted-then-dropped@submit:nth=1")], speed: 1, serviceSeconds: 0.2);

        ScriptResult result = fixture.Run("param($face) $null = New-FaceGenWebhook; New-FaceGenImage p -FaceImage $face", fixture.Face).WithoutErrors();

        Assert.Equal("Success", result.Single.Properties["Status"].Value.ToString());
        Assert.Equal(1, fixture.Emulator.Journal.Accepted);
        Assert.Contains(result.Verbose, line => line.Contains("for its webhook delivery", StringComparison.Ordinal));
    }

    private static ScriptResult RunBatch(FaultFixture fixture)
    {
        string csv = Path.Combine(fixture.Folder, "people.csv");
        File.WriteAllLines(csv, ["prompt,face_image,width", .. Enumerable.Range(1, Rows).Select(row => $"person {row},{fixture.Face},32")]);
        return fixture.Run("""
            param($csv, $out)
            $hook = New-FaceGenWebhook
            try { Invoke-FaceGenBatch $csv -Destination $out -SummaryOnly } finally { $hook | Remove-FaceGenWebhook }
            """, csv, fixture.OutputFolder).WithoutErrors();
    }

    private static void AssertAllSaved(FaultFixture fixture, ScriptResult result)
    {
        Assert.Equal($"Complete: {Rows} of {Rows} saved, 0 failed, 0 uncertain, 0 left", result.Output[^1].ToString());
        Assert.Equal(Rows, fixture.Emulator.Journal.Accepted);
        Assert.InRange(fixture.Emulator.Journal.MaxInFlight, 1, 5);
        Assert.Equal(Rows, FaultTests.ListImages(fixture).Count(file => file.EndsWith(".png", StringComparison.Ordinal)));
    }
}
