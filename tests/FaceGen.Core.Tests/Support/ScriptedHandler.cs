using System.Collections.Concurrent;

namespace FaceGen.Core.Tests.Support;

/// <summary>A call as the network saw it.</summary>
/// <param name="Address">Where it went.</param>
/// <param name="Body">What it carried; empty where nothing left the machine.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="At">When it came.</param>
internal sealed record Call(Uri Address, string Body, string Headers, DateTimeOffset At);

/// <summary>A network that answers as the test says and remembers what was asked.</summary>
internal sealed class ScriptedHandler(Func<Uri, ScriptedResponse> answer, TimeProvider time) : HttpMessageHandler
{
    private readonly ConcurrentQueue<Call> _calls = new();
    private readonly SemaphoreSlim _arrivals = new(0);

    internal IReadOnlyList<Call> Calls => [.. _calls];

    /// <summary>Waits until one more call has arrived.</summary>
    internal Task WaitForCallAsync() => _arrivals.WaitAsync().WithTimeoutAsync();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ScriptedResponse chosen = answer(request.RequestUri!);
        string body = chosen.ReadsRequest && request.Content is not null
            ? await request.Content.ReadAsStringAsync(cancellationToken)
            : "";
        _calls.Enqueue(new Call(request.RequestUri!, body, request.Headers.ToString(), time.GetUtcNow()));
        _arrivals.Release();
        return await chosen.Give(cancellationToken);
    }
}
