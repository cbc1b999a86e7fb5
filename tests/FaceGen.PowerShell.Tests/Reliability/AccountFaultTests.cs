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
    public async Task The_queue_is_asked_for_as_often_as_the_service_allows_and_no_oftener()
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([], speed: 20);

        Ran ran = bed.Run("1..32 | ForEach-Object { Get-FaceGenQueue }").WithoutErrors();

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
    public async Task What_is_busy_for_a_moment_is_asked_again(string fault)
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([new FaultRule(Fault.ById(fault), At.Account.Nth(1))], Speed);

        Ran ran = bed.Run("Get-FaceGenBalance").WithoutErrors();

        Assert.Equal("USD", ran.Single.Properties["Currency"].Value);
        Assert.Contains(ran.Verbose, line => line.Contains("asking again in", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Get-FaceGenBalance", "FetchFailed", "The service did not tell the wallet's balance: HTTP 429")]
    [InlineData("Get-FaceGenQueue", "FetchFailed", "The service did not tell how many requests are in the queue: HTTP 429")]
    [InlineData("Remove-FaceGenImage 1 -Confirm:$false", "NotDeleted", "The images of generation 1 were not deleted: HTTP 429")]
    public async Task What_stays_busy_is_told(string command, string errorId, string message)
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([new FaultRule(Fault.ById("rate-limited"), At.Account)], Speed);

        ErrorRecord error = bed.Run(command).Error;

        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith(message, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(4, bed.Emulator.Journal.Entries.Count);
    }

    [Theory]
    [InlineData("Get-FaceGenBalance")]
    [InlineData("Get-FaceGenQueue")]
    [InlineData("Remove-FaceGenImage 1 -Confirm:$false")]
    public async Task A_service_that_is_not_there_is_told(string command)
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([], Speed);
        await bed.Emulator.DisposeAsync();

        Assert.StartsWith("ServiceUnreachable,", bed.Run(command).Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deletion_whose_answer_is_lost_is_done_all_the_same()
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([new FaultRule(Fault.ById("Q14-502-html"), At.Account.Nth(1))], Speed, serviceSeconds: 0);

        Ran ran = bed.Run("param($face) $image = New-FaceGenImage p $face; $image | Remove-FaceGenImage -Confirm:$false; $image", bed.Face).WithoutErrors();

        await AccountTests.AssertDeletedAsync(ran.Single);
    }

    [Fact]
    public async Task RemoveAfterSave_says_what_is_saved_and_not_deleted()
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([new FaultRule(Fault.ById("rate-limited"), At.Account)], Speed, serviceSeconds: 0);

        Ran ran = bed.Run("param($face, $out) New-FaceGenImage p $face -Width 32 | Save-FaceGenOutput $out -RemoveAfterSave", bed.Face, bed.Out);

        Assert.StartsWith("NotDeleted,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("are saved, and still at the service.", ran.Error.ToString(), StringComparison.Ordinal);
        bed.AssertHarmless(ran);
        Assert.Single(ran.Output);
    }

    [Theory]
    [InlineData("not-in-plan", "NotInPlan")]
    [InlineData("rate-limited", "ServiceBusy")]
    public async Task An_upload_that_does_not_work_is_told_and_may_be_tried_again(string fault, string errorId)
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([new FaultRule(Fault.ById(fault), At.Upload)], Speed);

        Ran refused = bed.Run("param($face) Publish-FaceGenFace $face", bed.Face);
        bed.Emulator.Faults.Clear();
        Ran again = bed.Run("param($face) Publish-FaceGenFace $face", bed.Face).WithoutErrors();

        Assert.StartsWith(errorId + ",", refused.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(again.Output);
    }
}
