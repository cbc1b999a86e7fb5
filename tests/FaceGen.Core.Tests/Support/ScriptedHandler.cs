using System.Collections.Concurrent;

namespace FaceGen.Core.Tests.Support;

/// <summary>A request that was sent.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Body">Its body; empty if it was not sent.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="At">When it was sent.</param>
/// <param name="Method">Its method.</param>
internal sealed record Call(Uri Address, string Body, string Headers, DateTimeOffset At, string Method);

/// <summary>Returns scripted responses and records the requests.</summary>
internal sealed class ScriptedHandler(Func<Uri, ScriptedResponse> respond, TimeProvider time) : HttpMessageHandler
{
    private readonly ConcurrentQueue<Call> _calls = new();
    private readonly SemaphoreSlim _arrivals = new(0);

    internal IReadOnlyList<Call> Calls => [.. _calls];

    /// <summary>Waits for one more request.</summary>
    internal Task WaitForCallAsync() => _arrivals.WaitAsync().WithTimeoutAsync();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ScriptedResponse chosen = respond(request.RequestUri!);
        string body = chosen.ReadsRequest && request.Content is not null
            ? await request.Content.ReadAsStringAsync(cancellationToken)
            : "";
        _calls.Enqueue(new Call(request.RequestUri!, body, request.Headers.ToString(), time.GetUtcNow(), request.Method.Method));
        _arrivals.Release();
        return await (chosen.Choose?.Invoke(body) ?? chosen).Give(cancellationToken);
    }
}
