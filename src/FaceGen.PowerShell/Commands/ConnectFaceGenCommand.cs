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
/// <para type="synopsis">Connects this runspace to the face generation service.</para>
/// <para type="description">Sends nothing; Test-FaceGenConnection checks the key. A runspace has one default connection
/// and any number of named ones, for the parameter -Connection of the other cmdlets. Pass the connection object to
/// another runspace: ForEach-Object -Parallel { New-FaceGenImage -Connection $using:connection ... }.</para>
/// </summary>
[Cmdlet(VerbsCommunications.Connect, "FaceGen", DefaultParameterSetName = ByKey)]
[OutputType(typeof(Connection))]
public sealed class ConnectFaceGenCommand : FaceGenCmdlet
{
    private const string ByKey = "ApiKey";
    private const string BySecret = "SecretName";
    private const string ByCredential = "Credential";
    private const string ByInput = "InputObject";

    /// <summary>The settings that an existing connection has already.</summary>
    private static readonly string[] Settings =
        [nameof(BaseUri), nameof(QueueLimit), nameof(TimeoutSec), nameof(Proxy), nameof(ProxyCredential), nameof(ProxyUseDefaultCredentials), nameof(SkipCertificateCheck), nameof(Enterprise)];

    private string? _typedSetting;
    private bool _isConnected;
    private string? _failureReason;

    /// <summary>
    /// <para type="description">The account's API key, as a secure string or as text. The default is the environment
    /// variable MODELSLAB_API_KEY.</para>
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByKey)]
    [ValidateNotNull]
    [Secret(AllowPropertyBinding = true)]
    public SecureString? ApiKey { get; set; }

    /// <summary>
    /// <para type="description">The name of the key in a vault of Microsoft.PowerShell.SecretManagement, which must be
    /// installed. The secret is a text, a secure string, or a credential whose password is the key.</para>
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = BySecret)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SecretCompleter))]
    public string? SecretName { get; set; }

    /// <summary>
    /// <para type="description">The vault that contains the secret. The default is the first vault that has it.</para>
    /// </summary>
    [Parameter(ParameterSetName = BySecret)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SecretCompleter))]
    public string? Vault { get; set; }

    /// <summary>
    /// <para type="description">A credential whose password is the key, such as a credential asset of Azure Automation.
    /// The user name is ignored.</para>
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = ByCredential)]
    [ValidateNotNull]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>
    /// <para type="description">A connection, such as one of another runspace. This runspace gets a connection to the same account with
    /// the same settings, by its name or by -Name.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ByInput)]
    [Alias("Connection")]
    [ValidateNotNull]
    public Connection? InputObject { get; set; }

    /// <summary>
    /// <para type="description">The name of the connection, for -Connection of the other cmdlets; case is ignored. The
    /// default is Default, the connection that cmdlets use without -Connection. An existing connection with the name is
    /// replaced.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public string Name { get; set; } = Connection.DefaultName;

    /// <summary>
    /// <para type="description">The root address of the service. An address that ends in /api or /api/v6 is equivalent;
    /// one that ends in /api/v1/enterprise also sets -Enterprise. The default is the environment variable
    /// MODELSLAB_BASE_URL, or https://modelslab.com.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [UriTransformation]
    public Uri? BaseUri { get; set; }

    /// <summary>
    /// <para type="description">The number of slots in the account's queue: 5 (pay as you go, the default), 10
    /// (standard) or 15 (premium). The range is 1 to 1000.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 1000)]
    public int QueueLimit { get; set; } = Limits.DefaultQueueLimit;

    /// <summary>
    /// <para type="description">The timeout of one call to the service in seconds, 1 to 3600. The default is
    /// 120.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int TimeoutSec { get; set; } = Connection.DefaultTimeoutSec;

    /// <summary>
    /// <para type="description">The address of a proxy. The default is the system's proxy settings.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [UriTransformation]
    public Uri? Proxy { get; set; }

    /// <summary><para type="description">The credential for the proxy.</para></summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    public PSCredential? ProxyCredential { get; set; }

    /// <summary><para type="description">Sends the current user's credentials to the proxy.</para></summary>
    [Parameter]
    public SwitchParameter ProxyUseDefaultCredentials { get; set; }

    /// <summary>
    /// <para type="description">Accepts any certificate of the service, such as the self-signed one of a test server. A
    /// server in between can then read the key.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>
    /// <para type="description">Uses the addresses for enterprise accounts, /api/v1/enterprise/image_editing.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public SwitchParameter Enterprise { get; set; }

    /// <summary>
    /// Records every failure: PowerShell disposes of the cmdlet also if it refused a parameter, if a prompt was canceled, or if the
    /// command before it in the pipeline failed, none of which reach <see cref="Process"/>.
    /// </summary>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!_isConnected) Connections.MarkFailed("Connect-FaceGen", _failureReason, Name);
    }

    private protected override void Begin() => _typedSetting = Settings.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey);

    private protected override void Process()
    {
        _isConnected = false;
        try
        {
            if (InputObject is not null) Adopt(InputObject);
            else Connect();
        }
        catch (FaceGenException e)
        {
            _failureReason = e.Cause;
            throw;
        }
    }

    private void Adopt(Connection connection)
    {
        if (_typedSetting is not null)
            throw new FaceGenException(ErrorCode.ParametersInvalid, $"The connection {connection.Description} has its own settings. No connection was created. Omit -{_typedSetting}, or connect with a key.");

        Connection copy = Connections.Replace(connection.Copy(MyInvocation.BoundParameters.ContainsKey(nameof(Name)) ? Name : connection.Name));
        _isConnected = true;
        WriteObject(copy);
    }

    private void Connect()
    {
        ServiceAddress address = BaseUri is null ? Connections.DefaultAddress(Enterprise) : ServiceAddress.Parse(BaseUri, Enterprise);
        WebProxy? proxy = CreateProxy();
        // After the address: a vault may ask for a password.
        SecureString? secret = SecretName is not null ? SecretManagement.GetSecret(SecretName, Vault) : Credential?.Password ?? ApiKey;
        ApiKey key = secret is null ? Connections.KeyFromEnvironment() : ApiKeyParser.Parse(SecretText.Reveal(secret), SecretName is null ? "The key" : $"The secret '{DisplayText.Clean(SecretName, 100)}'");
        if (SkipCertificateCheck) WriteWarning($"The certificate of {address.Root} is not checked, so an attacker in the network can read the key. Use -SkipCertificateCheck only with test servers.");

        Connection connection = Connections.Replace(
            new Connection(address, key, QueueLimit, TimeoutSec, proxy, skipCertificateCheck: SkipCertificateCheck) { Name = Name });
        // Before the output: a cmdlet downstream may end the pipeline.
        _isConnected = true;
        // Only an explicit limit changes it: other runspaces share the account, and the service may have corrected it.
        if (MyInvocation.BoundParameters.ContainsKey(nameof(QueueLimit))) Account.For(connection).Slots.Limit = QueueLimit;
        WriteObject(connection);
    }

    private WebProxy? CreateProxy()
    {
        if (Proxy is null)
        {
            return ProxyCredential is null && !ProxyUseDefaultCredentials ? null
                : throw new FaceGenException(ErrorCode.ParametersInvalid, "-ProxyCredential and -ProxyUseDefaultCredentials need -Proxy. No connection was created. Give the address of the proxy with -Proxy.");
        }

        if (!Proxy.IsAbsoluteUri || Proxy.Scheme is not ("http" or "https"))
            throw new FaceGenException(ErrorCode.ConnectionInvalid, $"'{DisplayText.FormatAddress(Proxy)}' is not a proxy address. No connection was created. Give an address such as http://proxy:8080.");
        if (Proxy.UserInfo.Length > 0)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-Proxy contains a user name. No connection was created. Give the credentials with -ProxyCredential, which FaceGen never shows.");
        if (ProxyCredential is not null && ProxyUseDefaultCredentials)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-ProxyCredential and -ProxyUseDefaultCredentials cannot be used together. No connection was created. Give one of them.");

        return new WebProxy(Proxy) { Credentials = ProxyUseDefaultCredentials ? CredentialCache.DefaultCredentials : ProxyCredential?.GetNetworkCredential() };
    }
}
