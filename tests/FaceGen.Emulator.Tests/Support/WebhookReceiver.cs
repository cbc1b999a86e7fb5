using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace FaceGen.Emulator.Tests.Support;

/// <summary>A webhook on this machine that keeps what it is told.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan ReceiveTimeout = TimeSpan.FromSeconds(20);

    private readonly Channel<string> _deliveries = Channel.CreateUnbounded<string>();
    private readonly WebApplication _app;

    private WebhookReceiver(WebApplication app) => _app = app;

    public Uri Uri => new($"{_app.Urls.Single()}/told");

    public static async Task<WebhookReceiver> StartAsync(int status = 204)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var sink = new WebhookReceiver(builder.Build());
        sink._app.Run(async http =>
        {
            using var body = new StreamReader(http.Request.Body, Encoding.UTF8);
            Assert.Equal("application/json; charset=utf-8", http.Request.ContentType);
            sink._deliveries.Writer.TryWrite(await body.ReadToEndAsync());
            http.Response.StatusCode = status;
        });
        await sink._app.StartAsync();
        return sink;
    }

    /// <summary>An address on this machine where nothing listens.</summary>
    public static Uri UnusedAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}/");
    }

    public async Task<string> NextTextAsync()
    {
        using var patience = new CancellationTokenSource(ReceiveTimeout);
        return await _deliveries.Reader.ReadAsync(patience.Token);
    }

    public async Task<JsonObject> NextAsync() => JsonNode.Parse(await NextTextAsync())!.AsObject();

    /// <summary>Whether a call has come that nobody has looked at.</summary>
    public bool HasMore => _deliveries.Reader.TryPeek(out _);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
