using FaceGen.Http;
using System.Net;
using FaceGen.Contract;

namespace FaceGen;

/// <summary>A connection to the service: its address, its limits and, unseen, the key.</summary>
public sealed class Connection : IDisposable
{
    /// <summary>Seconds that one call may take, unless told.</summary>
    internal const int DefaultTimeoutSec = 120;

    /// <summary>The name of the connection that is used where none is named.</summary>
    internal const string DefaultName = "Default";

    private readonly CancellationTokenSource _lifetime = new();
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
        Proxy = (proxy as WebProxy)?.Address;
        Services = services ?? EngineServices.System;

        HttpMessageHandler Handler() => Services.CreateHandler?.Invoke() ?? HttpHandlers.Create(proxy, address.Root.Scheme == Uri.UriSchemeHttp, skipCertificateCheck);
        Api = new ApiClient(address, key, TimeSpan.FromSeconds(timeoutSec), Handler(), Services.Time, Proxy);
        DownloadClient = new HttpClient(Handler()) { Timeout = Timeout.InfiniteTimeSpan };
        DownloadClient.DefaultRequestHeaders.UserAgent.ParseAdd(HttpHandlers.UserAgent);
        DownloadClient.DefaultRequestHeaders.AcceptEncoding.ParseAdd(HttpHandlers.AcceptEncoding);
        LifetimeToken = _lifetime.Token;
    }

    /// <summary>What cmdlets call it by: Default, unless it was given a name of its own.</summary>
    public string Name { get; internal init; } = DefaultName;

    /// <summary>The service's root.</summary>
    public Uri BaseUri => Address.Root;

    /// <summary>Whether it uses the addresses for enterprise accounts.</summary>
    public bool Enterprise => Address.IsEnterprise;

    /// <summary>
    /// Gets the account: the service's address and a fingerprint of the key, from which the key cannot be computed. Objects of
    /// the account have the same text.
    /// </summary>
    public string Account { get; }

    /// <summary>How many requests the account may have queued at the service: 5, 10 or 15 by plan.</summary>
    public int QueueLimit { get; }

    /// <summary>How many seconds one call to the service may take.</summary>
    public int TimeoutSec { get; }

    /// <summary>The proxy's address, if one was given.</summary>
    public Uri? Proxy { get; }

    internal ServiceAddress Address { get; }

    internal ApiKey Key { get; }

    /// <summary>Gets what identifies the account in this process: the whole signature of the address under the key.</summary>
    internal string Signature { get; }

    /// <summary>True if the user has disconnected it, or it is disposed: objects of it no longer act by it.</summary>
    internal bool IsDisconnected => _isDisconnected || _lifetime.IsCancellationRequested;

    /// <summary>Gets the connection in words, for messages.</summary>
    internal string Description => $"'{DisplayText.Clean(Name, 60)}' ({Account})";

    internal EngineServices Services { get; }

    /// <summary>The calls that carry the key.</summary>
    internal ApiClient Api { get; }

    /// <summary>The client of links that answers name: it knows no key.</summary>
    internal HttpClient DownloadClient { get; }

    /// <summary>Ends with the connection; whatever works for it in the background ends with it.</summary>
    internal CancellationToken LifetimeToken { get; }

    /// <summary>Marks it as disconnected. What works for it in the background goes on to its end.</summary>
    internal void Disconnect() => _isDisconnected = true;

    /// <summary>
    /// Ends what works for the connection in the background; generations go on at the service. The clients below are
    /// left to the collector: a submission whose answer is still out must get it.
    /// </summary>
    public void Dispose()
    {
        if (_lifetime.IsCancellationRequested) return;

        _lifetime.Cancel();
        _lifetime.Dispose();
    }

    /// <summary>The service's root.</summary>
    public override string ToString() => BaseUri.ToString();
}
