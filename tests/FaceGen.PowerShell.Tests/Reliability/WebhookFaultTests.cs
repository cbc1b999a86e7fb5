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
    public async Task A_batch_ends_as_it_would_without_calls(string fault)
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([new FaultRule(Fault.ById(fault), At.Webhook)], Speed);

        Ran ran = RunBatch(bed);

        AssertAllSaved(bed, ran);
        Assert.Equal(fault == "Q34-never" ? 0 : Rows, bed.Emulator.Journal.WebhookCalls.Select(call => call.GenerationId).Distinct().Count());
        Assert.All(bed.Emulator.Journal.WebhookCalls, call => Assert.Equal(fault, call.Fault));
    }

    [Fact]
    public async Task A_batch_by_calls_only_looks_at_each_generation_once()
    {
        // On the wall's clock nothing is looked at before its call by chance.
        await using FaultyBed bed = await FaultyBed.StartAsync([], speed: 1, serviceSeconds: 0.2);

        Ran ran = RunBatch(bed);

        AssertAllSaved(bed, ran);
        Assert.Equal(Rows, bed.Emulator.Journal.WebhookCalls.Count);
        Assert.All(bed.Emulator.Journal.WebhookCalls, call => Assert.Equal(204, call.Status));
        Assert.Equal(Rows, bed.Emulator.Journal.Entries.Count(entry => entry.Path.Contains("/fetch/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("accepted-then-dropped")]
    [InlineData("accepted-then-500")]
    [InlineData("Q8-neither")]
    public async Task A_lost_answer_is_settled_by_its_call_and_paid_for_once(string fault)
    {
        // On the wall's clock a busy machine does not outwait the patience for a call.
        await using FaultyBed bed = await FaultyBed.StartAsync([new FaultRule(Fault.ById(fault), At.Submit.AtRate(0.3))], speed: 1, serviceSeconds: 0.2);

        Ran ran = RunBatch(bed);

        AssertAllSaved(bed, ran);
        Assert.Contains(bed.Emulator.Journal.Entries, entry => entry.Fault == fault);
    }

    [Fact]
    public async Task A_lost_answer_at_a_prompt_is_settled_too()
    {
        // FaceGen waits 10 s for the delivery: at 20 times the speed a busy machine does not deliver within the half second that is left.
        await using FaultyBed bed = await FaultyBed.StartAsync([FaultRule.Parse("accepted-then-dropped@submit:nth=1")], speed: 1, serviceSeconds: 0.2);

        Ran ran = bed.Run("param($face) $null = New-FaceGenWebhook; New-FaceGenImage p -FaceImage $face", bed.Face).WithoutErrors();

        Assert.Equal("Success", ran.Single.Properties["Status"].Value.ToString());
        Assert.Equal(1, bed.Emulator.Journal.Accepted);
        Assert.Contains(ran.Verbose, line => line.Contains("for the service's call for it", StringComparison.Ordinal));
    }

    private static Ran RunBatch(FaultyBed bed)
    {
        string csv = Path.Combine(bed.Folder, "people.csv");
        File.WriteAllLines(csv, ["prompt,face_image,width", .. Enumerable.Range(1, Rows).Select(row => $"person {row},{bed.Face},32")]);
        return bed.Run("""
            param($csv, $out)
            $hook = New-FaceGenWebhook
            try { Invoke-FaceGenBatch $csv -Destination $out } finally { $hook | Remove-FaceGenWebhook }
            """, csv, bed.Out).WithoutErrors();
    }

    private static void AssertAllSaved(FaultyBed bed, Ran ran)
    {
        Assert.Equal($"Complete: {Rows} of {Rows} saved, 0 failed, 0 uncertain, 0 left", ran.Output[^1].ToString());
        Assert.Equal(Rows, bed.Emulator.Journal.Accepted);
        Assert.InRange(bed.Emulator.Journal.MaxInFlight, 1, 5);
        Assert.Equal(Rows, FaultTests.Files(bed).Count(file => file.EndsWith(".png", StringComparison.Ordinal)));
    }
}
