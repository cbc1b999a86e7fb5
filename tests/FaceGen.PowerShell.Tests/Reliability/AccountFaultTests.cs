using System.Management.Automation;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Commands;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>Calls about the account to a service that is busy, in trouble, or away.</summary>
public sealed class AccountFaultTests
{
    private const double Speed = 60;

    [Fact]
    public async Task Queue_requests_stay_within_the_rate_limit()
    {
        await using FaultFixture bed = await FaultFixture.StartAsync([], speed: 20);

        ScriptResult ran = bed.Run("1..32 | ForEach-Object { Get-FaceGenQueue }").WithoutErrors();

        Assert.Equal(32, ran.Output.Count);
        TimeSpan took = bed.Emulator.Journal.Entries[30].Time - bed.Emulator.Journal.Entries[0].Time;
        // A minute, less what lay between the first call's departure and its arrival: half a second here are ten of this clock.
        Assert.True(took >= TimeSpan.FromSeconds(50), $"The 31st came after {took}.");
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
        await using FaultFixture bed = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Account.Nth(1))], Speed);

        ScriptResult ran = bed.Run("Get-FaceGenBalance").WithoutErrors();

        Assert.Equal("USD", ran.Single.Properties["Currency"].Value);
        Assert.Contains(ran.Verbose, line => line.Contains("asking again in", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Get-FaceGenBalance", "FetchFailed", "The service did not tell the wallet's balance: HTTP 429")]
    [InlineData("Get-FaceGenQueue", "FetchFailed", "The service did not tell how many requests are in the queue: HTTP 429")]
    [InlineData("Remove-FaceGenImage 1 -Confirm:$false", "NotDeleted", "The images of generation 1 were not deleted: HTTP 429")]
    public async Task Account_request_permanent_fault_reports_error(string command, string errorId, string message)
    {
        await using FaultFixture bed = await FaultFixture.StartAsync([new FaultRule(Fault.ById("rate-limited"), FaultOn.Account)], Speed);

        ErrorRecord error = bed.Run(command).Error;

        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith(message, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(4, bed.Emulator.Journal.Entries.Count);
    }

    [Theory]
    [InlineData("Get-FaceGenBalance")]
    [InlineData("Get-FaceGenQueue")]
    [InlineData("Remove-FaceGenImage 1 -Confirm:$false")]
    public async Task Account_request_service_unreachable_reports_error(string command)
    {
        await using FaultFixture bed = await FaultFixture.StartAsync([], Speed);
        await bed.Emulator.DisposeAsync();

        Assert.StartsWith("ServiceUnreachable,", bed.Run(command).Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_lost_response_still_deletes()
    {
        await using FaultFixture bed = await FaultFixture.StartAsync([new FaultRule(Fault.ById("Q14-502-html"), FaultOn.Account.Nth(1))], Speed, serviceSeconds: 0);

        ScriptResult ran = bed.Run("param($face) $image = New-FaceGenImage p $face; $image | Remove-FaceGenImage -Confirm:$false; $image", bed.Face).WithoutErrors();

        await AccountTests.AssertDeletedAsync(ran.Single);
    }

    [Fact]
    public async Task RemoveAfterSave_delete_fails_reports_saved_images()
    {
        await using FaultFixture bed = await FaultFixture.StartAsync([new FaultRule(Fault.ById("rate-limited"), FaultOn.Account)], Speed, serviceSeconds: 0);

        ScriptResult ran = bed.Run("param($face, $out) New-FaceGenImage p $face -Width 32 | Save-FaceGenOutput $out -RemoveAfterSave", bed.Face, bed.OutputFolder);

        Assert.StartsWith("NotDeleted,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("are saved, and still at the service.", ran.Error.ToString(), StringComparison.Ordinal);
        bed.AssertNoLeak(ran);
        Assert.Single(ran.Output);
    }

    [Theory]
    [InlineData("not-in-plan", "NotInPlan")]
    [InlineData("rate-limited", "ServiceBusy")]
    public async Task Publish_upload_fails_reports_error_and_can_be_repeated(string fault, string errorId)
    {
        await using FaultFixture bed = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Upload)], Speed);

        ScriptResult refused = bed.Run("param($face) Publish-FaceGenFace $face", bed.Face);
        bed.Emulator.Faults.Clear();
        ScriptResult again = bed.Run("param($face) Publish-FaceGenFace $face", bed.Face).WithoutErrors();

        Assert.StartsWith(errorId + ",", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(again.Output);
    }
}
