using System.Net;

namespace FaceGen.Http;

/// <summary>The framework's HTTP handler as FaceGen uses it.</summary>
internal static class HttpHandlers
{
    internal static readonly string UserAgent = $"FaceGen/{typeof(HttpHandlers).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>A handler that keeps no cookies and follows no redirect by itself.</summary>
    internal static HttpMessageHandler Create(IWebProxy? proxy)
    {
#if NETSTANDARD
        var handler = new HttpClientHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 256,
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
        };
#else
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 256,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            // An address can change while a long batch runs.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
#endif
        if (proxy is not null) handler.Proxy = proxy;
        return handler;
    }
}
