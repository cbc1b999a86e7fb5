using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace FaceGen.Emulator.Tests.Support;

/// <summary>A webhook on this machine that records its deliveries.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan ReceiveTimeout = TimeSpan.FromSeconds(20);

    private readonly Channel<string> _deliveries = Channel.CreateUnbounded<string>();
    private readonly WebApplication _app;

    private WebhookReceiver(WebApplication app) => _app = app;

    public Uri Uri => new($"{_app.Urls.Single()}/hook");

    public static async Task<WebhookReceiver> StartAsync(int status = 204)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var receiver = new WebhookReceiver(builder.Build());
        receiver._app.Run(async http =>
        {
            using var body = new StreamReader(http.Request.Body, Encoding.UTF8);
            Assert.Equal("application/json; charset=utf-8", http.Request.ContentType);
            receiver._deliveries.Writer.TryWrite(await body.ReadToEndAsync());
            http.Response.StatusCode = status;
        });
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>Returns an address on this machine where nothing listens.</summary>
    public static Uri UnusedAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}/");
    }

    public async Task<string> NextTextAsync()
    {
        using var timeout = new CancellationTokenSource(ReceiveTimeout);
        return await _deliveries.Reader.ReadAsync(timeout.Token);
    }

    public async Task<JsonObject> NextAsync() => JsonNode.Parse(await NextTextAsync())!.AsObject();

    /// <summary>True if an unread delivery has arrived.</summary>
    public bool HasMore => _deliveries.Reader.TryPeek(out _);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
