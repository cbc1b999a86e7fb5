using System.Management.Automation;
using FaceGen.Generating;
using FaceGen.PowerShell.Pipeline;
using FaceGen.Webhooks;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Closes webhooks.</para>
/// <para type="description">Without input it closes all webhooks of this connection's account. Pending generations
/// continue and are polled without deliveries.</para>
/// </summary>
[Cmdlet(VerbsCommon.Remove, "FaceGenWebhook", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveFaceGenWebhookCommand : ServiceCmdlet
{
    /// <summary><para type="description">Webhooks from New-FaceGenWebhook.</para></summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [Alias("Webhook")]
    [ValidateNotNull]
    public Webhook[]? InputObject { get; set; }

    private protected override void Process()
    {
        if (InputObject is null && MyInvocation.ExpectingInput) return;

        DeliveryTracker deliveries = Account.For(CurrentConnection).Deliveries;
        foreach (Webhook webhook in InputObject ?? [.. deliveries.Webhooks])
        {
            if (ShouldProcess(webhook.ToString(), "Close the webhook")) deliveries.Close(webhook);
        }
    }
}
