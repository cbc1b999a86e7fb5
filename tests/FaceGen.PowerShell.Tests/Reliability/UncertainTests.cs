using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>Submissions whose response was lost: reported, and sent again only on request.</summary>
public sealed class UncertainTests
{
    private const double Speed = 40;

    [Fact]
    public async Task Uncertain_submission_error_target_pipes_back()
    {
        await using FaultFixture fixture = await StartAsync();

        ScriptResult lost = fixture.Run("param($face) New-FaceGenImage p -FaceImage $face -Style comic", fixture.Face);
        ScriptResult again = fixture.Run("param($request) $request | New-FaceGenImage", lost.Error.TargetObject);

        Assert.StartsWith("SubmissionUncertain,", lost.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("p", again.WithoutErrors().Single.Properties["Prompt"].Value);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Uncertain_submission_error_names_the_row()
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([FaultRule.Parse("accepted-then-dropped@submit:prompt=lost")], Speed);

        ScriptResult result = fixture.Run("param($face) 'other', 'lost' | New-FaceGenImage -FaceImage $face", fixture.Face);

        Assert.StartsWith("Input 2: The response to the submission was lost", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(fixture.Run("Get-FaceGenImage").Errors);
    }

    [Fact]
    public async Task IncludeUncertain_emits_generation_that_pipes_back()
    {
        await using FaultFixture fixture = await StartAsync();

        ScriptResult lost = fixture.Run("param($face) New-FaceGenImage p -FaceImage $face -Style comic -IncludeUncertain", fixture.Face).WithoutErrors();
        ScriptResult again = fixture.Run("param($lost) $lost | Where-Object Status -eq Uncertain | New-FaceGenImage", lost.Single).WithoutErrors();

        Assert.Equal("", lost.Single.Properties["Id"].Value);
        Assert.Equal("Success", again.Single.Properties["Status"].Value.ToString());
    }

    [Fact]
    public async Task RetryUncertain_sends_again_and_warns()
    {
        await using FaultFixture fixture = await StartAsync();

        ScriptResult result = fixture.Run("param($face) New-FaceGenImage p -FaceImage $face -RetryUncertain", fixture.Face).WithoutErrors();

        Assert.Equal("Success", result.Single.Properties["Status"].Value.ToString());
        Assert.Contains("may be paid for twice", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
    }

    [Fact]
    public async Task Uncertain_submission_is_reported_once()
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([FaultRule.Parse("accepted-then-dropped@submit:prompt=lost")], Speed);

        ScriptResult ended = fixture.Run("""
            param($face)
            do { 'lost', 'other', 'third' | New-FaceGenImage -FaceImage $face | ForEach-Object { $_; break } } while ($false)
            """, fixture.Face);
        ScriptResult next = fixture.Run("Get-FaceGenImage");
        ScriptResult after = fixture.Run("Get-FaceGenImage").WithoutErrors();

        Assert.Equal(["SubmissionUncertain"], ended.Errors.Concat(next.Errors).Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.NotEmpty(after.Output);
    }

    [Fact]
    public async Task RetryUncertain_later_refusal_still_reports_uncertain()
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync(
            [FaultRule.Parse("accepted-then-dropped@submit:nth=1"), FaultRule.Parse("Q1-error@submit:nth=2")], Speed);

        ScriptResult refused = fixture.Run("param($face) New-FaceGenImage p -FaceImage $face -RetryUncertain", fixture.Face);
        ScriptResult next = fixture.Run("Get-FaceGenImage");

        Assert.StartsWith("RequestRefused,", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("SubmissionUncertain,", next.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private static Task<FaultFixture> StartAsync() =>
        FaultFixture.StartAsync([new FaultRule(Fault.ById("accepted-then-dropped"), FaultOn.Submit.Times(1))], Speed);
}
