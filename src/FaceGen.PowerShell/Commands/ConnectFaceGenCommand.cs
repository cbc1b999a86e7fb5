using System.Management.Automation;
using System.Net;
using System.Security;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Makes this runspace's connection to the face generation service.</para>
/// </summary>
[Cmdlet(VerbsCommunications.Connect, "FaceGen")]
[OutputType(typeof(Connection))]
public sealed class ConnectFaceGenCommand : FaceGenCmdlet
{
    /// <summary>
    /// <para type="description">The account's key, as a secure string or as text. Unless given, the environment
    /// variable MODELSLAB_API_KEY is read.</para>
    /// </summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Secret]
    public SecureString? ApiKey { get; set; }

    /// <summary>
    /// <para type="description">The service's root; an address that ends in /api or /api/v6 means the same, and one
    /// that ends in /api/v1/enterprise means -Enterprise too. Unless given, the environment variable MODELSLAB_BASE_URL is read, and else it is https://modelslab.com.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public Uri? BaseUri { get; set; }

    /// <summary>
    /// <para type="description">How many requests the account may have queued: 5 (pay as you go, the default), 10
    /// (standard) or 15 (premium).</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 1000)]
    public int QueueLimit { get; set; } = Limits.DefaultQueueLimit;

    /// <summary><para type="description">How many seconds one call to the service may take; 120 unless given.</para></summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSec { get; set; } = Connection.DefaultTimeoutSec;

    /// <summary><para type="description">The address of a proxy; the system's own settings hold unless given.</para></summary>
    [Parameter]
    [ValidateNotNull]
    public Uri? Proxy { get; set; }

    /// <summary>
    /// <para type="description">Generates at the addresses for enterprise accounts, /api/v1/enterprise/image_editing.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public SwitchParameter Enterprise { get; set; }

    private protected override void Process()
    {
        ApiKey key = ApiKey is null ? Connections.KeyFromEnvironment() : Unlock(ApiKey);
        ServiceAddress address = BaseUri is null ? Connections.DefaultAddress(Enterprise) : ServiceAddress.Parse(BaseUri, Enterprise);
        if (Proxy is not (null or { IsAbsoluteUri: true, Scheme: "http" or "https" }))
            throw new FaceGenException(ErrorCode.ConnectionInvalid, $"'{Proxy}' is no address of a proxy: give one like http://proxy:8080.");

        Connection connection = Connections.Replace(new Connection(
            address, key, QueueLimit, TimeoutSec, Proxy is null ? null : new WebProxy(Proxy)));
        // Only who names a limit changes it: other runspaces share the account, and the service may have corrected it.
        if (MyInvocation.BoundParameters.ContainsKey(nameof(QueueLimit))) Account.Of(connection).Slots.Limit = QueueLimit;
        WriteObject(connection);
    }

    private static ApiKey Unlock(SecureString secret)
    {
        string key = Secret.Unlock(secret).Trim();
        return key.Length > 0 ? new ApiKey(key) : throw new FaceGenException(ErrorCode.ConnectionInvalid, "The key is empty.");
    }
}
