using System.Net;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen;

/// <summary>Represents a connection to the service: its address, its limits and the hidden key.</summary>
public sealed class Connection : IDisposable
{
    /// <summary>The default timeout of a request, in seconds.</summary>
    internal const int DefaultTimeoutSec = 120;

    /// <summary>The name of the connection that is used by default.</summary>
    internal const string DefaultName = "Default";

    private readonly CancellationTokenSource _lifetime = new();
    private readonly IWebProxy? _proxy;
    private readonly bool _skipsCertificateCheck;
    private volatile bool _isDisconnected;

    internal Connection(
        ServiceAddress address,
        ApiKey key,
        int queueLimit = Limits.DefaultQueueLimit,
        int timeoutSec = DefaultTimeoutSec,
        IWebProxy? proxy = null,
        EngineServices? services = null,
        bool skipCertificateCheck = false)
    {
        Address = address;
        Key = key;
        Signature = key.Sign(address.AccountScope.AbsoluteUri);
        Account = AccountIdentifier.Create(address.AccountScope, Signature);
        QueueLimit = queueLimit;
        TimeoutSec = timeoutSec;
        _proxy = proxy;
        _skipsCertificateCheck = skipCertificateCheck;
        Proxy = (proxy as WebProxy)?.Address;
        Services = services ?? EngineServices.System;

        HttpMessageHandler CreateHandler() => Services.CreateHandler?.Invoke() ?? HttpHandlers.Create(address.Root, proxy, skipCertificateCheck);
        Api = new ApiClient(address, key, TimeSpan.FromSeconds(timeoutSec), CreateHandler(), Services.Time, Proxy);
        DownloadClient = new HttpClient(CreateHandler()) { Timeout = Timeout.InfiniteTimeSpan };
        DownloadClient.DefaultRequestHeaders.UserAgent.ParseAdd(HttpHandlers.UserAgent);
        DownloadClient.DefaultRequestHeaders.AcceptEncoding.ParseAdd(HttpHandlers.AcceptEncoding);
        LifetimeToken = _lifetime.Token;
    }

    /// <summary>Gets the name that cmdlets use, such as Default.</summary>
    public string Name { get; internal init; } = DefaultName;

    /// <summary>Gets the service's root address.</summary>
    public Uri BaseUri => Address.Root;

    /// <summary>True if the connection uses the addresses for enterprise accounts.</summary>
    public bool Enterprise => Address.IsEnterprise;

    /// <summary>
    /// Gets the account's identifier: the service's address and a fingerprint of the key, from which the key cannot be computed.
    /// Objects of the same account have the same identifier.
    /// </summary>
    public string Account { get; }

    /// <summary>Gets the maximum number of the account's queued requests at the service: 5, 10 or 15 by plan.</summary>
    public int QueueLimit { get; }

    /// <summary>Gets the timeout of a request to the service, in seconds.</summary>
    public int TimeoutSec { get; }

    /// <summary>Gets the address of the proxy that was specified, if any.</summary>
    public Uri? Proxy { get; }

    internal ServiceAddress Address { get; }

    internal ApiKey Key { get; }

    /// <summary>Gets the signature of the address with the key, which identifies the account in this process.</summary>
    internal string Signature { get; }

    /// <summary>True if the user disconnected it or it is disposed: its objects no longer use it.</summary>
    internal bool IsDisconnected => _isDisconnected || _lifetime.IsCancellationRequested;

    /// <summary>Gets the name and the account, for messages.</summary>
    internal string Description => $"'{DisplayText.Clean(Name, 60)}' ({Account})";

    internal EngineServices Services { get; }

    /// <summary>Gets the client that sends the key.</summary>
    internal ApiClient Api { get; }

    /// <summary>Gets the client for links in responses. It does not have the key.</summary>
    internal HttpClient DownloadClient { get; }

    /// <summary>Gets the token that cancels the connection's background work when it is disposed.</summary>
    internal CancellationToken LifetimeToken { get; }

    /// <summary>Returns a connection to the same account, with the same settings and a lifetime of its own.</summary>
    internal Connection Copy(string name) => new(Address, Key, QueueLimit, TimeoutSec, _proxy, Services, _skipsCertificateCheck) { Name = name };

    /// <summary>Marks the connection as disconnected. Its background work continues.</summary>
    internal void Disconnect() => _isDisconnected = true;

    /// <summary>Requests the account's balance, which costs nothing; returns what is wrong with the connection, or null.</summary>
    internal async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        ApiResult result = await Api.PostAsync(Address.WalletBalance, null, cancellationToken).ConfigureAwait(false);
        string reason = result.Describe().TrimEnd('.');
        return OutcomeClassifier.ClassifyAccountRequest(result) switch
        {
            Outcome.Finished { Response: var response } when response.IsSuccess || TolerantJson.GetProperty(response.Root, "data").ValueKind == JsonValueKind.Object => null,
            Outcome.Failed { Error: { EndsRun: true, Code: not ErrorCode.ConnectionInvalid } error } => error.Message,
            Outcome.Retry { PersistentError: { } error } => error.Message,
            Outcome.Retry when result.StatusCode is null => $"{BaseUri} cannot be reached: {reason}. Check the network, the proxy and the address.",
            Outcome.Retry when result.Status >= 500 => $"{BaseUri} has an error of its own: {reason}. Whether the key is valid is not known. Run the command again later.",
            Outcome.Retry when result.Response is not null || result.Status == 429 => $"{BaseUri} responds, but is busy or limits the requests of the account: {reason}. Whether the key is valid is not known. Run the command again later.",
            Outcome.Failed when result is { Status: not (404 or 405), Response.IsFailure: true } => $"{BaseUri} refused the request for the balance: {reason}. Whether the key is valid is not known. Check the account's page.",
            _ => $"{BaseUri} does not respond like the service: {reason}. Check the address and the proxy.",
        };
    }

    /// <summary>
    /// Cancels the connection's background work; generations continue at the service. The HTTP clients are not disposed, because a
    /// submission in flight must receive its response.
    /// </summary>
    public void Dispose()
    {
        if (_lifetime.IsCancellationRequested) return;

        _lifetime.Cancel();
        _lifetime.Dispose();
    }

    /// <summary>Returns the service's root address.</summary>
    public override string ToString() => BaseUri.ToString();
}
