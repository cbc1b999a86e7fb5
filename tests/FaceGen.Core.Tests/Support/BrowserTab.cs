using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace FaceGen.Core.Tests.Support;

/// <summary>A tab of a <see cref="Browser"/>, which shares nothing with other tabs.</summary>
internal sealed class BrowserTab(Browser browser, string context, string session) : IAsyncDisposable
{
    private TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets the console messages, exceptions and policy violations of the page.</summary>
    internal ConcurrentQueue<string> Errors { get; } = new();

    /// <summary>Gets the requested addresses.</summary>
    internal ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Opens a page and waits until it is loaded.</summary>
    internal async Task OpenAsync(string address)
    {
        _loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await CallAsync("Page.navigate", new { url = address });
        await _loaded.Task.WaitAsync(Browser.Timeout);
        await WaitForFrameAsync();
    }

    /// <summary>Waits until the page is drawn.</summary>
    internal Task WaitForFrameAsync() => EvaluateAsync("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");

    /// <summary>Evaluates an expression in the page, and awaits a promise.</summary>
    internal async Task<JsonNode?> EvaluateAsync(string expression)
    {
        JsonNode result = await CallAsync("Runtime.evaluate", new { expression, returnByValue = true, awaitPromise = true });
        Assert.True(result["exceptionDetails"] is null, result.ToJsonString());
        return result["result"]!["value"];
    }

    internal async Task<T> EvaluateAsync<T>(string expression) => (await EvaluateAsync(expression))!.GetValue<T>();

    /// <summary>Presses a key that is not a letter.</summary>
    internal async Task PressAsync(string key)
    {
        int code = key switch { "Enter" => 13, "Escape" => 27, "End" => 35, "Home" => 36, "ArrowLeft" => 37, "ArrowRight" => 39, "ArrowDown" => 40, _ => 0 };
        string text = key == "Enter" ? "\r" : "";
        await CallAsync("Input.dispatchKeyEvent", new { type = text.Length > 0 ? "keyDown" : "rawKeyDown", key, code = key, windowsVirtualKeyCode = code, text });
        await CallAsync("Input.dispatchKeyEvent", new { type = "keyUp", key, code = key, windowsVirtualKeyCode = code });
        await WaitForFrameAsync();
    }

    internal async Task SetScreenAsync(int width, int height, string scheme = "light", bool mobile = false)
    {
        await CallAsync("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile });
        await CallAsync("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = scheme } } });
    }

    /// <summary>Handles an event of the browser.</summary>
    internal void HandleEvent(string method, JsonNode parameters)
    {
        switch (method)
        {
            case "Page.loadEventFired": _loaded.TrySetResult(); break;
            case "Network.requestWillBeSent": Requests.Enqueue(parameters["request"]!["url"]!.GetValue<string>()); break;
            case "Log.entryAdded" or "Runtime.consoleAPICalled" or "Runtime.exceptionThrown": Errors.Enqueue(parameters.ToJsonString()); break;
            default: break;
        }
    }

    public async ValueTask DisposeAsync() => await browser.CloseAsync(session, context);

    private Task<JsonNode> CallAsync(string method, object parameters) => browser.CallAsync(method, parameters, session);
}
