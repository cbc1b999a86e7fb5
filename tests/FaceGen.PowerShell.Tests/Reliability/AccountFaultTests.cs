using System.Management.Automation;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Commands;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>Account requests to a service that is busy, failing or unreachable.</summary>
public sealed class AccountFaultTests
{
    private const double Speed = 60;

    [Fact]
    public async Task Queue_requests_stay_within_the_rate_limit()
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([], speed: 20);

        ScriptResult result = fixture.Run("1..32 | ForEach-Object { Get-FaceGenQueue }").WithoutErrors();

        Assert.Equal(32, result.Output.Count);
        TimeSpan elapsed = fixture.Emulator.Journal.Entries[30].Time - fixture.Emulator.Journal.Entries[0].Time;
        // A minute, less the travel time of the first call: half a second here is ten seconds of this clock.
        Assert.True(elapsed >= TimeSpan.FromSeconds(50), $"The 31st came after {elapsed}.");
    }

    [Theory]
    [InlineData("rate-limited")]
    [InlineData("unavailable")]
    [InlineData("Q14-502-html")]
    [InlineData("Q14-200-html")]
    [InlineData("Q14-empty")]
    [InlineData("dropped")]
    public async Task Account_request_transient_fault_is_retried(string fault)
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Account.Nth(1))], Speed);

        ScriptResult result = fixture.Run("Get-FaceGenBalance").WithoutErrors();

        Assert.Equal("USD", result.Single.Properties["Currency"].Value);
        Assert.Contains(result.Verbose, line => line.Contains("Retrying in", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Get-FaceGenBalance", "FetchFailed", "The service did not return the wallet's balance: HTTP 429")]
    [InlineData("Get-FaceGenQueue", "FetchFailed", "The service did not return the number of requests in the queue: HTTP 429")]
    [InlineData("Get-FaceGenImage -All", "FetchFailed", "The service did not list the account's generations: HTTP 429")]
    [InlineData("Remove-FaceGenImage 1 -Confirm:$false", "NotDeleted", "The images of generation 1 were not deleted: HTTP 429")]
    public async Task Account_request_permanent_fault_reports_error(string command, string errorId, string message)
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([new FaultRule(Fault.ById("rate-limited"), FaultOn.Account)], Speed);

        ErrorRecord error = fixture.Run(command).Error;

        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith(message, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(4, fixture.Emulator.Journal.Entries.Count);
    }

    [Theory]
    [InlineData("Get-FaceGenBalance")]
    [InlineData("Get-FaceGenQueue")]
    [InlineData("Get-FaceGenImage -All")]
    [InlineData("Remove-FaceGenImage 1 -Confirm:$false")]
    public async Task Account_request_service_unreachable_reports_error(string command)
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([], Speed);
        await fixture.Emulator.DisposeAsync();

        Assert.StartsWith("ServiceUnreachable,", fixture.Run(command).Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_lost_response_still_deletes()
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([new FaultRule(Fault.ById("Q14-502-html"), FaultOn.Account.Nth(1))], Speed, serviceSeconds: 0);

        ScriptResult result = fixture.Run("param($face) $image = New-FaceGenImage p $face; $image | Remove-FaceGenImage -Confirm:$false; $image", fixture.Face).WithoutErrors();

        await AccountTests.AssertDeletedAsync(result.Single);
    }

    [Fact]
    public async Task RemoveAfterSave_delete_fails_reports_saved_images()
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([new FaultRule(Fault.ById("rate-limited"), FaultOn.Account)], Speed, serviceSeconds: 0);

        ScriptResult result = fixture.Run("param($face, $out) New-FaceGenImage p $face -Width 32 | Save-FaceGenOutput $out -RemoveAfterSave", fixture.Face, fixture.OutputFolder);

        Assert.StartsWith("NotDeleted,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("are saved, but not deleted at the service.", result.Error.ToString(), StringComparison.Ordinal);
        fixture.AssertNoLeak(result);
        Assert.Single(result.Output);
    }

    [Theory]
    [InlineData("not-in-plan", "NotInPlan")]
    [InlineData("rate-limited", "ServiceBusy")]
    public async Task Publish_upload_fails_reports_error_and_can_be_repeated(string fault, string errorId)
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Upload)], Speed);

        ScriptResult refused = fixture.Run("param($face) Publish-FaceGenFace $face", fixture.Face);
        fixture.Emulator.Faults.Clear();
        ScriptResult again = fixture.Run("param($face) Publish-FaceGenFace $face", fixture.Face).WithoutErrors();

        Assert.StartsWith(errorId + ",", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(again.Output);
    }
}
