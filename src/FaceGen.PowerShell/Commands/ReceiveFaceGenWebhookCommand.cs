using System.Management.Automation;
using FaceGen.Generating;
using FaceGen.PowerShell.Pipeline;
using FaceGen.Webhooks;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Receives generations by webhook deliveries.</para>
/// <para type="description">Emits each generation once, when the service has confirmed its end: those that
/// New-FaceGenImage -NoWait submitted while a webhook listened, even if their delivery never arrives, and those that
/// others submitted with the webhook's address. Without -Count it ends when no generation that this session submitted
/// is pending.</para>
/// <para type="description">Ids that this session did not submit and that the service does not know are fetched at most
/// 60 times a minute, regardless of the number of deliveries.</para>
/// </summary>
[Cmdlet(VerbsCommunications.Receive, "FaceGenWebhook")]
[OutputType(typeof(Generation))]
public sealed class ReceiveFaceGenWebhookCommand : GenerationCmdlet
{
    /// <summary>
    /// <para type="description">The number of generations to wait for, 1 or more, including generations that this
    /// session does not know.</para>
    /// </summary>
    [Parameter(Position = 0)]
    [ValidateRange(1, int.MaxValue)]
    public int? Count { get; set; }

    /// <summary>
    /// <para type="description">The timeout in seconds, 1 to 86400, or 0 for no timeout. The default is 600.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0, 86400)]
    public int TimeoutSec { get; set; } = 600;

    private protected override void End()
    {
        Account account = Account.For(CurrentConnection);
        if (Count is not null && account.Deliveries.Webhooks.Count == 0)
            throw new FaceGenException(ErrorCode.WebhookNotOpened, "No webhook is open. Nothing was received. Run New-FaceGenWebhook first.");

        using var deadline = new Deadline(CurrentConnection.Services.Time, ToTimeout(TimeoutSec), StopToken);
        var receiver = new DeliveryReceiver(CurrentConnection, Log);
        for (int received = 0; received < (Count ?? int.MaxValue); received++)
        {
            int count = received;
            Task<Generation?> next = deadline.EnforceAsync(receiver.ReceiveAsync(Count is not null, deadline.Token), () => new FaceGenException(
                ErrorCode.GenerationTimeout,
                $"{count}{(Count is null ? "" : $" of {Count}")} {((Count ?? count) == 1 ? "generation" : "generations")} arrived within {TimeoutSec} s. Nothing is lost. Run Get-FaceGenImage to list the pending generations, or raise -TimeoutSec."));
            try
            {
                if (Work.WaitFor(next) is not { } generation) return;

                WriteGeneration(generation);
            }
            catch (FaceGenException e) when (!e.EndsRun && e.Code != ErrorCode.GenerationTimeout)
            {
                ReportError(e, null);
            }
        }
    }
}
