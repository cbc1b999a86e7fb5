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
    public async Task Its_error_names_the_row()
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([FaultRule.Parse("accepted-then-dropped@submit:prompt=lost")], Speed);

        Ran ran = bed.Run("param($face) 'other', 'lost' | New-FaceGenImage -FaceImage $face", bed.Face);

        Assert.StartsWith("Input 2: The answer to the submission was lost", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(bed.Run("Get-FaceGenImage").Errors);
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

    [Fact]
    public async Task It_is_told_once_whatever_became_of_the_pipeline()
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([FaultRule.Parse("accepted-then-dropped@submit:prompt=lost")], Speed);

        Ran ended = bed.Run("""
            param($face)
            do { 'lost', 'other', 'third' | New-FaceGenImage -FaceImage $face | ForEach-Object { $_; break } } while ($false)
            """, bed.Face);
        Ran next = bed.Run("Get-FaceGenImage");
        Ran after = bed.Run("Get-FaceGenImage").WithoutErrors();

        Assert.Equal(["SubmissionUncertain"], ended.Errors.Concat(next.Errors).Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.NotEmpty(after.Output);
    }

    [Fact]
    public async Task A_later_refusal_does_not_hide_it()
    {
        await using FaultyBed bed = await FaultyBed.StartAsync(
            [FaultRule.Parse("accepted-then-dropped@submit:nth=1"), FaultRule.Parse("Q1-error@submit:nth=2")], Speed);

        Ran refused = bed.Run("param($face) New-FaceGenImage p -FaceImage $face -RetryUncertain", bed.Face);
        Ran next = bed.Run("Get-FaceGenImage");

        Assert.StartsWith("RequestRefused,", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("SubmissionUncertain,", next.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private static Task<FaultyBed> StartAsync() =>
        FaultyBed.StartAsync([new FaultRule(Fault.ById("accepted-then-dropped"), At.Submit.Times(1))], Speed);
}
