using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FaceGen.Core.Tests.Support;

/// <summary>A real Chromium without a window, with one page, spoken to by its own debugging protocol.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome"];

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _waiting = new();
    private readonly SemaphoreSlim _sending = new(1);
    private Task _reading = Task.CompletedTask;
    private TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _session;
    private int _lastId;

    private Browser(Process process, string profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Why there can be no browser here; null where there can.</summary>
    internal static string? Hindrance { get; } = FindProgram() is null
        ? "Chromium is not on this machine; FACEGEN_CHROMIUM names its program."
        : null;

    /// <summary>What the page wrote to the console, threw, or was refused by its policy.</summary>
    internal ConcurrentQueue<string> Complaints { get; } = new();

    /// <summary>Every address that was asked for.</summary>
    internal ConcurrentQueue<string> Requests { get; } = new();

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

    /// <summary>Opens a page and waits until it is loaded.</summary>
    internal async Task OpenAsync(string address)
    {
        _loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await CallAsync("Page.navigate", new { url = address });
        await _loaded.Task.WaitAsync(Patience);
        await FrameAsync();
    }

    /// <summary>Waits until what was asked for is drawn.</summary>
    internal Task FrameAsync() => EvaluateAsync("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");

    /// <summary>What an expression gives in the page; a promise is waited for.</summary>
    internal async Task<JsonNode?> EvaluateAsync(string expression)
    {
        JsonNode answer = await CallAsync("Runtime.evaluate", new { expression, returnByValue = true, awaitPromise = true });
        Assert.True(answer["exceptionDetails"] is null, answer.ToJsonString());
        return answer["result"]!["value"];
    }

    internal async Task<T> EvaluateAsync<T>(string expression) => (await EvaluateAsync(expression))!.GetValue<T>();

    /// <summary>Presses a key that is no letter.</summary>
    internal async Task PressAsync(string key)
    {
        int code = key switch { "Enter" => 13, "Escape" => 27, "End" => 35, "Home" => 36, "ArrowLeft" => 37, "ArrowRight" => 39, "ArrowDown" => 40, _ => 0 };
        string text = key == "Enter" ? "\r" : "";
        await CallAsync("Input.dispatchKeyEvent", new { type = text.Length > 0 ? "keyDown" : "rawKeyDown", key, code = key, windowsVirtualKeyCode = code, text });
        await CallAsync("Input.dispatchKeyEvent", new { type = "keyUp", key, code = key, windowsVirtualKeyCode = code });
        await FrameAsync();
    }

    internal async Task SetScreenAsync(int width, int height, string scheme = "light", bool mobile = false)
    {
        await CallAsync("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile });
        await CallAsync("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = scheme } } });
    }

    public async ValueTask DisposeAsync()
    {
        _session = null;
        await CallAsync("Browser.close", new { });
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _end.CancelAsync();
        await _reading;
        _socket.Dispose();
        _process.Dispose();
        _end.Dispose();
        _sending.Dispose();
        await DeleteProfileAsync();
    }

    /// <summary>A process of the browser's may write to the profile a moment longer.</summary>
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
        using var patience = new CancellationTokenSource(Patience);
        string? line;
        do line = await _process.StandardError.ReadLineAsync(patience.Token);
        while (line?.StartsWith(Mark, StringComparison.Ordinal) == false);
        Assert.True(line is not null, "Chromium ended before it could be spoken to.");
        _process.BeginOutputReadLine();
        _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);

        await _socket.ConnectAsync(new Uri(line[Mark.Length..]), patience.Token);
        _reading = ReadAsync();
        JsonNode target = await CallAsync("Target.createTarget", new { url = "about:blank" });
        JsonNode session = await CallAsync("Target.attachToTarget", new { targetId = target["targetId"]!.GetValue<string>(), flatten = true });
        _session = session["sessionId"]!.GetValue<string>();
        foreach (string domain in new[] { "Page", "Runtime", "Log", "Network" }) await CallAsync($"{domain}.enable", new { });
    }

    private async Task<JsonNode> CallAsync(string method, object parameters)
    {
        int id = Interlocked.Increment(ref _lastId);
        var answer = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        byte[] message = JsonSerializer.SerializeToUtf8Bytes(_session is null
            ? new { id, method, @params = parameters }
            : (object)new { id, method, @params = parameters, sessionId = _session });
        await _sending.WaitAsync(_end.Token);
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Text, true, _end.Token);
        }
        finally
        {
            _sending.Release();
        }

        JsonNode told = await answer.Task.WaitAsync(Patience);
        return told["result"] ?? throw new InvalidOperationException($"{method}: {told["error"]?.ToJsonString()}");
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

                Take(JsonNode.Parse(message.ToArray())!);
                message.SetLength(0);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            foreach (TaskCompletionSource<JsonNode> waiting in _waiting.Values) waiting.TrySetException(e);
        }
    }

    private void Take(JsonNode message)
    {
        if (message["id"] is { } id)
        {
            if (_waiting.TryRemove(id.GetValue<int>(), out TaskCompletionSource<JsonNode>? waiting)) waiting.TrySetResult(message);
            return;
        }

        switch (message["method"]!.GetValue<string>())
        {
            case "Page.loadEventFired": _loaded.TrySetResult(); break;
            case "Network.requestWillBeSent": Requests.Enqueue(message["params"]!["request"]!["url"]!.GetValue<string>()); break;
            case "Log.entryAdded" or "Runtime.consoleAPICalled" or "Runtime.exceptionThrown": Complaints.Enqueue(message["params"]!.ToJsonString()); break;
            default: break;
        }
    }
}
