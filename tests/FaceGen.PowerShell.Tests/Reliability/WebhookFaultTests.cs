using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>Whatever becomes of the service's calls, a batch ends with the same images and the same submissions.</summary>
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
        await using FaultFixture bed = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Webhook)], Speed);

        ScriptResult ran = RunBatch(bed);

        AssertAllSaved(bed, ran);
        Assert.Equal(fault == "Q34-never" ? 0 : Rows, bed.Emulator.Journal.WebhookDeliveries.Select(call => call.GenerationId).Distinct().Count());
        Assert.All(bed.Emulator.Journal.WebhookDeliveries, call => Assert.Equal(fault, call.Fault));
    }

    [Fact]
    public async Task Batch_with_webhook_fetches_each_generation_once()
    {
        // On the wall's clock nothing is looked at before its call by chance.
        await using FaultFixture bed = await FaultFixture.StartAsync([], speed: 1, serviceSeconds: 0.2);

        ScriptResult ran = RunBatch(bed);

        AssertAllSaved(bed, ran);
        Assert.Equal(Rows, bed.Emulator.Journal.WebhookDeliveries.Count);
        Assert.All(bed.Emulator.Journal.WebhookDeliveries, call => Assert.Equal(204, call.Status));
        Assert.Equal(Rows, bed.Emulator.Journal.Entries.Count(entry => entry.Path.Contains("/fetch/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("accepted-then-dropped")]
    [InlineData("accepted-then-500")]
    [InlineData("Q8-neither")]
    public async Task Batch_lost_response_is_reconciled_by_delivery(string fault)
    {
        // On the wall's clock a busy machine does not outwait the patience for a call.
        await using FaultFixture bed = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Submit.AtRate(0.3))], speed: 1, serviceSeconds: 0.2);

        ScriptResult ran = RunBatch(bed);

        AssertAllSaved(bed, ran);
        Assert.Contains(bed.Emulator.Journal.Entries, entry => entry.Fault == fault);
    }

    [Fact]
    public async Task New_image_lost_response_is_reconciled_by_delivery()
    {
        // FaceGen waits 10 s for the delivery: at 20 times the speed a busy machine does not deliver within the half second that is left.
        await using FaultFixture bed = await FaultFixture.StartAsync([FaultRule.Parse("accepted-then-dropped@submit:nth=1")], speed: 1, serviceSeconds: 0.2);

        ScriptResult ran = bed.Run("param($face) $null = New-FaceGenWebhook; New-FaceGenImage p -FaceImage $face", bed.Face).WithoutErrors();

        Assert.Equal("Success", ran.Single.Properties["Status"].Value.ToString());
        Assert.Equal(1, bed.Emulator.Journal.Accepted);
        Assert.Contains(ran.Verbose, line => line.Contains("for the service's call for it", StringComparison.Ordinal));
    }

    private static ScriptResult RunBatch(FaultFixture fixture)
    {
        string csv = Path.Combine(fixture.Folder, "people.csv");
        File.WriteAllLines(csv, ["prompt,face_image,width", .. Enumerable.Range(1, Rows).Select(row => $"person {row},{fixture.Face},32")]);
        return fixture.Run("""
            param($csv, $out)
            $hook = New-FaceGenWebhook
            try { Invoke-FaceGenBatch $csv -Destination $out } finally { $hook | Remove-FaceGenWebhook }
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
