using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>A submission whose answer was lost: seen, filtered, and sent again only where that was asked for.</summary>
public sealed class UncertainTests
{
    private const double Speed = 40;

    [Fact]
    public async Task It_is_an_error_whose_target_pipes_back()
    {
        await using FaultyBed bed = await StartAsync();

        Ran lost = bed.Run("param($face) New-FaceGenImage p -FaceImage $face -Style comic", bed.Face);
        Ran again = bed.Run("param($request) $request | New-FaceGenImage", lost.Error.TargetObject);

        Assert.StartsWith("SubmissionUncertain,", lost.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("p", again.WithoutErrors().Single.Properties["Prompt"].Value);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task It_is_a_generation_of_that_status_where_it_is_asked_for_and_pipes_back()
    {
        await using FaultyBed bed = await StartAsync();

        Ran lost = bed.Run("param($face) New-FaceGenImage p -FaceImage $face -Style comic -IncludeUncertain", bed.Face).WithoutErrors();
        Ran again = bed.Run("param($lost) $lost | Where-Object Status -eq Uncertain | New-FaceGenImage", lost.Single).WithoutErrors();

        Assert.Equal("", lost.Single.Properties["Id"].Value);
        Assert.Equal("Success", again.Single.Properties["Status"].Value.ToString());
    }

    [Fact]
    public async Task It_is_sent_again_where_the_risk_is_taken_and_said_so()
    {
        await using FaultyBed bed = await StartAsync();

        Ran ran = bed.Run("param($face) New-FaceGenImage p -FaceImage $face -RetryUncertain", bed.Face).WithoutErrors();

        Assert.Equal("Success", ran.Single.Properties["Status"].Value.ToString());
        Assert.Contains("may be paid for twice", Assert.Single(ran.Warnings), StringComparison.Ordinal);
        Assert.Equal(2, bed.Emulator.Journal.Accepted);
    }

    private static Task<FaultyBed> StartAsync() =>
        FaultyBed.StartAsync([new FaultRule(Fault.ById("accepted-then-dropped"), At.Submit.Times(1))], Speed);
}
