using System.Management.Automation;
using FaceGen.Generating;
using FaceGen.PowerShell.Pipeline;
using FaceGen.Webhooks;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Ends webhooks.</para>
/// <para type="description">Without input it ends all that listen for this connection's account. What was submitted goes on,
/// and is looked at without calls.</para>
/// </summary>
[Cmdlet(VerbsCommon.Remove, "FaceGenWebhook", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveFaceGenWebhookCommand : ServiceCmdlet
{
    /// <summary><para type="description">Webhooks of New-FaceGenWebhook.</para></summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [Alias("Webhook")]
    [ValidateNotNull]
    public Webhook[]? InputObject { get; set; }

    private protected override void Process()
    {
        if (InputObject is null && MyInvocation.ExpectingInput) return;

        DeliveryTracker callbacks = Account.For(CurrentConnection).Deliveries;
        foreach (Webhook webhook in InputObject ?? [.. callbacks.Webhooks])
        {
            if (ShouldProcess(webhook.ToString(), "End the webhook")) callbacks.Close(webhook);
        }
    }
}
