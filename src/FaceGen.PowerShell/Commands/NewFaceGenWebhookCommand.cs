using System.Management.Automation;
using System.Net;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Listens for the service's calls.</para>
/// <para type="description">While a webhook listens, New-FaceGenImage and Invoke-FaceGenBatch name it to the service, look
/// at a generation when its call comes, and look without one only as a fallback. A call is never believed: the service is
/// asked. The service calls https addresses only, so that something in front (a reverse proxy, a tunnel) has to pass its
/// calls on to this port: give its address as -PublicUri. The emulator calls this machine without.</para>
/// <para type="description">The address has a part that nobody can guess; whoever knows it can call. A call may have 1 MB
/// and take 10 seconds.</para>
/// <para type="description">A health probe of a proxy, a tunnel or a load balancer is a GET or HEAD request for the path of
/// the address: set the probe to the path in Uri.AbsolutePath, and it is answered with 200. A probe that only opens a
/// connection works as well. Every other path is answered with 404.</para>
/// </summary>
[Cmdlet(VerbsCommon.New, "FaceGenWebhook", SupportsShouldProcess = true)]
[OutputType(typeof(Webhook))]
public sealed class NewFaceGenWebhookCommand : ServiceCmdlet
{
    /// <summary><para type="description">The port to listen at, 0 to 65535; a free one unless given.</para></summary>
    [Parameter(Position = 0)]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>
    /// <para type="description">The https address that the service reaches the port by; what is before the unguessable part.</para>
    /// </summary>
    [Parameter(Position = 1)]
    [ValidateNotNull]
    public Uri? PublicUri { get; set; }

    /// <summary>
    /// <para type="description">The machine's address to listen at; 127.0.0.1 unless given, which only this machine
    /// reaches. 0.0.0.0 is every one.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public IPAddress ListenAddress { get; set; } = IPAddress.Loopback;

    private protected override void End()
    {
        if (PublicUri is not null && !(PublicUri.IsAbsoluteUri && PublicUri.Scheme == Uri.UriSchemeHttps))
            throw new FaceGenException(ErrorCode.ParametersInvalid, $"-PublicUri is not an https address: '{DisplayText.Clean(PublicUri.ToString(), 200)}'.");
        if (PublicUri is { } given && (given.Query.Length > 0 || given.Fragment.Length > 0))
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-PublicUri ends in a query or a fragment: the webhook's own path has to follow it.");
        if (!ShouldProcess($"{ListenAddress}, port {(Port == 0 ? "any" : Port)}", "Listen for the service's calls")) return;

        Account account = Account.For(CurrentConnection);
        var webhook = new Webhook(ListenAddress, Port, PublicUri, account.Deliveries.Receive, CurrentConnection.Services.Time, warning => account.Warnings.LogWarning(warning, warning));
        account.Deliveries.Add(webhook);
        if (PublicUri is null && !CurrentConnection.BaseUri.IsLoopback)
            WriteWarning("The service cannot call this machine, and calls https addresses only: without -PublicUri the webhook is not used.");
        WriteObject(webhook);
    }
}
