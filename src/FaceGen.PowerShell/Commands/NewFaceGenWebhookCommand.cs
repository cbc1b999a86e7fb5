using System.Management.Automation;
using System.Net;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Opens a webhook that receives the service's deliveries.</para>
/// <para type="description">While a webhook listens, New-FaceGenImage and Invoke-FaceGenBatch send its address to the
/// service, and poll a generation when its delivery arrives; without a delivery they poll as a fallback. A delivery is
/// not trusted; it only triggers a fetch. The service delivers to https addresses only, so that a reverse proxy or a
/// tunnel must forward deliveries to this port: give its address as -PublicUri. The emulator delivers to this machine
/// directly.</para>
/// <para type="description">The address contains a secret part; anyone who knows it can send deliveries. A delivery
/// may have 1 MB and take 10 seconds.</para>
/// <para type="description">A health probe of a proxy, a tunnel or a load balancer is a GET or HEAD request for the
/// path of the address: set the probe to the path in Uri.AbsolutePath; the response is 200. A probe that only opens a
/// connection works as well. The response for every other path is 404.</para>
/// </summary>
[Cmdlet(VerbsCommon.New, "FaceGenWebhook", SupportsShouldProcess = true)]
[OutputType(typeof(Webhook))]
public sealed class NewFaceGenWebhookCommand : ServiceCmdlet
{
    /// <summary>
    /// <para type="description">The port to listen on, 0 to 65535. The default, 0, is a free port.</para>
    /// </summary>
    [Parameter(Position = 0)]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>
    /// <para type="description">The public https address that forwards to the port, without the secret part.</para>
    /// </summary>
    [Parameter(Position = 1)]
    [ValidateNotNull]
    public Uri? PublicUri { get; set; }

    /// <summary>
    /// <para type="description">The local IP address to listen on. The default is 127.0.0.1, which only this machine
    /// can reach; 0.0.0.0 is every address of the machine.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public IPAddress ListenAddress { get; set; } = IPAddress.Loopback;

    private protected override void End()
    {
        if (PublicUri is not null && !(PublicUri.IsAbsoluteUri && PublicUri.Scheme == Uri.UriSchemeHttps))
            throw new FaceGenException(ErrorCode.ParametersInvalid, $"-PublicUri '{DisplayText.Clean(PublicUri.ToString(), 200)}' is not an https address. No webhook was opened. Give an address such as https://hooks.example/facegen.");
        if (PublicUri is { } address && (address.Query.Length > 0 || address.Fragment.Length > 0))
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-PublicUri has a query or a fragment, to which no path can be added. No webhook was opened. Give the address without it.");
        if (!ShouldProcess($"{ListenAddress}, port {(Port == 0 ? "any" : Port)}", "Open a webhook")) return;

        Account account = Account.For(CurrentConnection);
        var webhook = new Webhook(ListenAddress, Port, PublicUri, account.Deliveries.Receive, CurrentConnection.Services.Time, warning => account.Warnings.LogWarning(warning, warning));
        account.Deliveries.Add(webhook);
        if (PublicUri is null && !CurrentConnection.BaseUri.IsLoopback)
            WriteWarning("The service delivers webhooks only to public https addresses, so it cannot use this one. Nothing is lost: FaceGen polls instead. Give the public address with -PublicUri.");
        WriteObject(webhook);
    }
}
