using System.Net;
#if NETSTANDARD
using System.Security.Authentication;
#endif

namespace FaceGen.Http;

/// <summary>Creates the framework's HTTP handlers with FaceGen's settings.</summary>
internal static class HttpHandlers
{
    internal static readonly string UserAgent = $"FaceGen/{typeof(HttpHandlers).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>
    /// The accepted content coding: none. Images are compressed already and responses are short. A body that a server compresses
    /// anyway is decompressed by its bytes and not by its header (<see cref="BodyDecompressor"/>).
    /// </summary>
    internal const string AcceptEncoding = "identity";

    /// <summary>Returns the proxy for an address in the system's settings or the environment; null if there is none.</summary>
    internal static Uri? GetSystemProxy(Uri address)
    {
#if NETSTANDARD
        IWebProxy? proxy = WebRequest.DefaultWebProxy;
#else
        IWebProxy? proxy = HttpClient.DefaultProxy;
#endif
        return proxy is null || proxy.IsBypassed(address) ? null : proxy.GetProxy(address) is { } found && found != address ? found : null;
    }

    /// <summary>Creates a handler without cookies, redirects and automatic decompression.</summary>
    /// <param name="service">The service's address. An http address is on this machine and uses no proxy.</param>
    /// <param name="proxy">The proxy; null to use the system's settings.</param>
    /// <param name="skipCertificateCheck">True to accept any certificate; a program in between can then read the key.</param>
    internal static HttpMessageHandler Create(Uri service, IWebProxy? proxy, bool skipCertificateCheck)
    {
#if NETSTANDARD
        var handler = new HttpClientHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 256,
            AutomaticDecompression = DecompressionMethods.None,
        };
        // Windows PowerShell on an older Windows can have TLS 1.2, which services require, disabled for the process.
        SecurityProtocolType enabled = ServicePointManager.SecurityProtocol;
        if (enabled != 0 && !enabled.HasFlag(SecurityProtocolType.Tls12)) handler.SslProtocols = SslProtocols.Tls12;
#else
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 256,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            // The service's IP address can change during a long batch.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
#endif
        if (skipCertificateCheck)
        {
#if NETSTANDARD
            handler.ServerCertificateCustomValidationCallback = (_, _, _, _) => skipCertificateCheck;
#else
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => skipCertificateCheck;
#endif
        }

        handler.UseProxy = service.Scheme != Uri.UriSchemeHttp;
        if (proxy is not null) handler.Proxy = proxy;
        return handler;
    }
}
