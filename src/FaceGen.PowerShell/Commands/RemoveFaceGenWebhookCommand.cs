using System.Management.Automation;
using FaceGen.Generating;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Closes webhooks.</para>
/// <para type="description">Closes the webhooks of the input, whichever connection opened them. Without input it closes
/// all webhooks of this connection's account. Pending generations continue and are polled without deliveries.</para>
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

        foreach (Webhook webhook in InputObject ?? [.. Account.For(CurrentConnection).Deliveries.Webhooks])
        {
            if (ShouldProcess(webhook.ToString(), "Close the webhook")) webhook.Close();
        }
    }
}
