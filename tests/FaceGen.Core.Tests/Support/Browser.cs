using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FaceGen.Core.Tests.Support;

/// <summary>A headless Chromium, controlled by its debugging protocol.</summary>
internal sealed class Browser : IAsyncDisposable
{
    internal static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome"];

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _waiting = new();
    private readonly ConcurrentDictionary<string, BrowserTab> _tabs = new();
    private readonly SemaphoreSlim _sending = new(1);
    private Task _reading = Task.CompletedTask;
    private int _lastId;

    private Browser(Process process, string profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Gets why no browser is available; null if one is.</summary>
    internal static string? SkipReason { get; } = FindProgram() is null
        ? "Chromium is not on this machine; FACEGEN_CHROMIUM names its program."
        : null;

    internal static async Task<Browser> StartAsync()
    {
        string profile = Directory.CreateTempSubdirectory("facegen-browser-").FullName;
        var process = Process.Start(new ProcessStartInfo(FindProgram()!,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
            "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank",
        ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var browser = new Browser(process, profile);
        await browser.ConnectAsync();
        return browser;
    }

    /// <summary>Opens a tab without the cookies and storage of other tabs.</summary>
    internal async Task<BrowserTab> OpenTabAsync()
    {
        string context = Text(await CallAsync("Target.createBrowserContext", new { }), "browserContextId");
        string target = Text(await CallAsync("Target.createTarget", new { url = "about:blank", browserContextId = context }), "targetId");
        string session = Text(await CallAsync("Target.attachToTarget", new { targetId = target, flatten = true }), "sessionId");
        var tab = new BrowserTab(this, context, session);
        _tabs[session] = tab;
        foreach (string domain in new[] { "Page", "Runtime", "Log", "Network" }) await CallAsync($"{domain}.enable", new { }, session);
        return tab;
    }

    internal async Task CloseAsync(string session, string context)
    {
        _tabs.TryRemove(session, out _);
        await CallAsync("Target.disposeBrowserContext", new { browserContextId = context });
    }

    internal async Task<JsonNode> CallAsync(string method, object parameters, string? session = null)
    {
        int id = Interlocked.Increment(ref _lastId);
        var response = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = response;
        byte[] message = JsonSerializer.SerializeToUtf8Bytes(session is null
            ? new { id, method, @params = parameters }
            : (object)new { id, method, @params = parameters, sessionId = session });
        await _sending.WaitAsync(_end.Token);
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Text, true, _end.Token);
        }
        finally
        {
            _sending.Release();
        }

        JsonNode result = await response.Task.WaitAsync(Timeout);
        return result["result"] ?? throw new InvalidOperationException($"{method}: {result["error"]?.ToJsonString()}");
    }

    public async ValueTask DisposeAsync()
    {
        await CallAsync("Browser.close", new { });
        await _process.WaitForExitAsync().WaitAsync(Timeout);
        await _end.CancelAsync();
        await _reading;
        _socket.Dispose();
        _process.Dispose();
        _end.Dispose();
        _sending.Dispose();
        await DeleteProfileAsync();
    }

    /// <summary>Deletes the profile, to which a process of the browser may write a moment longer.</summary>
    private async Task DeleteProfileAsync()
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Delete(_profile, recursive: true);
                return;
            }
            catch (IOException) when (attempt < 100)
            {
                await Task.Delay(50);
            }
        }
    }

    private static string? FindProgram()
    {
        if (Environment.GetEnvironmentVariable("FACEGEN_CHROMIUM") is { Length: > 0 } named) return named;

        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return Programs.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }

    private async Task ConnectAsync()
    {
        const string Mark = "DevTools listening on ";
        using var timeout = new CancellationTokenSource(Timeout);
        string? line;
        do line = await _process.StandardError.ReadLineAsync(timeout.Token);
        while (line?.StartsWith(Mark, StringComparison.Ordinal) == false);
        Assert.True(line is not null, "Chromium ended before it accepted connections.");
        _process.BeginOutputReadLine();
        _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);

        await _socket.ConnectAsync(new Uri(line[Mark.Length..]), timeout.Token);
        _reading = ReadAsync();
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(buffer.AsMemory(), _end.Token);
                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage) continue;

                HandleMessage(JsonNode.Parse(message.ToArray())!);
                message.SetLength(0);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            foreach (TaskCompletionSource<JsonNode> waiting in _waiting.Values) waiting.TrySetException(e);
        }
    }

    private void HandleMessage(JsonNode message)
    {
        if (message["id"] is { } id)
        {
            if (_waiting.TryRemove(id.GetValue<int>(), out TaskCompletionSource<JsonNode>? waiting)) waiting.TrySetResult(message);
            return;
        }

        if (message["sessionId"] is { } session && _tabs.TryGetValue(session.GetValue<string>(), out BrowserTab? tab)) tab.HandleEvent(Text(message, "method"), message["params"]!);
    }

    private static string Text(JsonNode message, string name) => message[name]!.GetValue<string>();
}
