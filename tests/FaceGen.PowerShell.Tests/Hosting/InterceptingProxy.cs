using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>A proxy to an emulator whose responses a test can replace or hold.</summary>
internal sealed class InterceptingProxy : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, byte> UsedPorts = new();

    private readonly HttpListener _listener = new();
    private readonly HttpClient _client = new();
    private readonly Uri _target;
    private readonly Func<string, string, Task<Replacement?>> _intercept;
    private readonly Task _accepting;

    /// <summary>Starts the proxy at an address that no other test of this process has used.</summary>
    /// <param name="target">The address of the emulator.</param>
    /// <param name="intercept">Gets the path and the body of a request, and returns its response; null to forward it.</param>
    internal InterceptingProxy(Uri target, Func<string, string, Task<Replacement?>> intercept)
    {
        (_target, _intercept) = (target, intercept);
        BaseUri = new Uri($"http://127.0.0.1:{FindPort()}/");
        _listener.Prefixes.Add(BaseUri.AbsoluteUri);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>A response in place of the emulator's.</summary>
    internal sealed record Replacement(int Status, string Body);

    internal Uri BaseUri { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _accepting;
        _client.Dispose();
    }

    private static int FindPort()
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            int port = ((IPEndPoint)probe.LocalEndpoint).Port;
            if (UsedPorts.TryAdd(port, 0)) return port;
        }

        throw new InvalidOperationException("The system assigned only used ports.");
    }

    private async Task AcceptAsync()
    {
        List<Task> relayed = [];
        try
        {
            while (true) relayed.Add(RelayAsync(await _listener.GetContextAsync()));
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }

        await Task.WhenAll(relayed);
    }

    private async Task RelayAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            string body = await reader.ReadToEndAsync(), path = context.Request.Url!.AbsolutePath;
            if (await _intercept(path, body) is { } replacement)
            {
                await RespondAsync(context.Response, replacement.Status, "application/json", Encoding.UTF8.GetBytes(replacement.Body));
                return;
            }

            using var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), new Uri(_target, context.Request.RawUrl!));
            if (request.Method == HttpMethod.Post) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            using HttpResponseMessage response = await _client.SendAsync(request);
            await RespondAsync(context.Response, (int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsByteArrayAsync());
        }
        catch (Exception e) when (e is IOException or HttpListenerException or ObjectDisposedException)
        {
            // The client has hung up, or the test is over.
        }
    }

    private static async Task RespondAsync(HttpListenerResponse response, int status, string? contentType, byte[] body)
    {
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength64 = body.Length;
        await response.OutputStream.WriteAsync(body);
        response.Close();
    }
}
