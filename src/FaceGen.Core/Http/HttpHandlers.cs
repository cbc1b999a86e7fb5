using System.Net;
#if NETSTANDARD
using System.Security.Authentication;
#endif

namespace FaceGen.Http;

/// <summary>The framework's HTTP handler as FaceGen uses it.</summary>
internal static class HttpHandlers
{
    internal static readonly string UserAgent = $"FaceGen/{typeof(HttpHandlers).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>
    /// The content coding that requests ask for: none. Images are compressed already, answers are short, and a body that a
    /// server compressed all the same is decompressed by what its bytes say (<see cref="BodyDecompressor"/>), not by its label.
    /// </summary>
    internal const string AcceptEncoding = "identity";

    /// <summary>Returns the proxy that the system's settings, or the environment, name for an address; null where there is none.</summary>
    internal static Uri? GetSystemProxy(Uri address)
    {
#if NETSTANDARD
        IWebProxy? proxy = WebRequest.DefaultWebProxy;
#else
        IWebProxy? proxy = HttpClient.DefaultProxy;
#endif
        return proxy is null || proxy.IsBypassed(address) ? null : proxy.GetProxy(address) is { } found && found != address ? found : null;
    }

    /// <summary>A handler that keeps no cookies, follows no redirect and decompresses nothing by itself.</summary>
    /// <param name="proxy">A proxy; null for the system's own settings.</param>
    /// <param name="isLocal">Whether the service is on this machine: its unencrypted calls go through no proxy.</param>
    /// <param name="skipCertificateCheck">Whether any certificate will do: whoever stands between can read the key.</param>
    internal static HttpMessageHandler Create(IWebProxy? proxy, bool isLocal, bool skipCertificateCheck)
    {
#if NETSTANDARD
        var handler = new HttpClientHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 256,
            AutomaticDecompression = DecompressionMethods.None,
        };
        // What an old process chose for all, Windows PowerShell on an older Windows say, a service of today does not speak.
        SecurityProtocolType chosen = ServicePointManager.SecurityProtocol;
        if (chosen != 0 && !chosen.HasFlag(SecurityProtocolType.Tls12)) handler.SslProtocols = SslProtocols.Tls12;
#else
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 256,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            // An address can change while a long batch runs.
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

        handler.UseProxy = !isLocal;
        if (proxy is not null) handler.Proxy = proxy;
        return handler;
    }
}
