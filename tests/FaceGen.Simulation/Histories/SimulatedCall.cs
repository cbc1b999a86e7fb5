using System.Net.Sockets;
using FaceGen.Simulation.Scheduling;
using FaceGen.Simulation.Service;

namespace FaceGen.Simulation.Histories;

/// <summary>What the network does with a call.</summary>
/// <param name="Name">The name in a history.</param>
/// <param name="Response">The response; null for a connection that breaks.</param>
internal sealed record CallOutcome(string Name, HttpResponseMessage? Response)
{
    /// <summary>True if the connection is never made.</summary>
    internal bool IsNeverSent { get; init; }

    /// <summary>True if no response ever comes.</summary>
    internal bool IsSilent { get; init; }

    /// <summary>Gets what is done as the response reaches the process.</summary>
    internal Action OnReceived { get; init; } = () => { };
}

/// <summary>One call of a simulated process.</summary>
internal sealed class SimulatedCall
{
    private readonly TaskCompletionSource<HttpResponseMessage> _response = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SimulatedNetwork _network;
    private readonly SimulatedProcess _process;
    private readonly HttpRequestMessage _request;
    private readonly CancellationToken _cancellationToken;
    private readonly string _name;
    private Step? _pending;
    private bool _isSent;

    internal SimulatedCall(SimulatedNetwork network, SimulatedProcess process, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        (_network, _process, _request, _cancellationToken) = (network, process, request, cancellationToken);
        _name = Describe(request.RequestUri!);
    }

    /// <summary>Gets the response as the process gets it.</summary>
    internal Task<HttpResponseMessage> Response => _response.Task;

    private bool IsSubmission => _name == "submit";

    /// <summary>Puts the first step among those that can happen.</summary>
    internal void Begin()
    {
        _process.Calls.Add(this);
        if (IsSubmission) _process.SubmissionsInFlight++;
        Wait($"{_name}: the request is sent", SendAsync);
        _cancellationToken.Register(() => End(() => _response.TrySetCanceled(_cancellationToken)));
    }

    /// <summary>Breaks the connection.</summary>
    internal void Break() => End(() => _isSent ? Fail(Broken()) : Fail(Refused()));

    private static HttpRequestException Broken() => new("broken", new IOException("The connection broke."));

    private static HttpRequestException Refused() => new(HttpRequestError.ConnectionError, "Connection refused", new SocketException((int)SocketError.ConnectionRefused));

    private static string Describe(Uri address) => address.Host != SimulatedService.Root.Host ? $"download {address.Segments[^1]}"
        : address.AbsolutePath.Contains("/fetch/", StringComparison.Ordinal) ? $"poll {address.Segments[^1]}"
        : address.AbsolutePath.EndsWith("/face_gen", StringComparison.Ordinal) ? "submit"
        : address.Segments[^1];

    private bool Fail(Exception error) => _response.TrySetException(error);

    private void End(Func<bool> response)
    {
        if (_pending is { } step) _process.Remove(step);
        _pending = null;
        if (!_process.Calls.Remove(this)) return;

        if (IsSubmission) _process.SubmissionsInFlight--;
        response();
    }

    private void Wait(string name, Func<Task> runAsync)
    {
        _pending = new Step(name, runAsync);
        _process.Add(_pending);
    }

    private async Task SendAsync()
    {
        _pending = null;
        CallOutcome treatment;
        try
        {
            treatment = await ChooseOutcomeAsync();
        }
        catch (OperationCanceledException e)
        {
            End(() => Fail(e));
            return;
        }

        _process.History.Log($"    {treatment.Name}");
        _isSent = !treatment.IsNeverSent;
        // The service's own clock is right.
        if (treatment.Response is { } response) response.Headers.Date = History.Begin + _process.History.Elapsed;
        if (treatment.IsNeverSent) End(() => Fail(Refused()));
        else if (!treatment.IsSilent) Wait($"{_name}: the response arrives", () => ArriveAsync(treatment));
    }

    private Task ArriveAsync(CallOutcome treatment)
    {
        treatment.OnReceived();
        End(() => treatment.Response is { } response ? _response.TrySetResult(response) : Fail(Broken()));
        return Task.CompletedTask;
    }

    private async Task<CallOutcome> ChooseOutcomeAsync()
    {
        Uri address = _request.RequestUri!;
        if (address.Host != SimulatedService.Root.Host) return _network.Download(address);

        string path = address.AbsolutePath;
        if (path.EndsWith("/face_gen", StringComparison.Ordinal))
        {
            SubmitResponse response = _network.ChooseSubmitResponse();
            return response.IsNeverSent ? new CallOutcome(response.Name, null) { IsNeverSent = true }
                : _network.Submit(await _request.Content!.ReadAsByteArrayAsync(_cancellationToken), response);
        }

        await _request.Content!.ReadAsByteArrayAsync(_cancellationToken);
        return path.Contains("/fetch/", StringComparison.Ordinal) ? _network.Poll(address.Segments[^1])
            : path.EndsWith("/assets_generated", StringComparison.Ordinal) ? new CallOutcome("the list is not in the plan", Responses.Error("Not available.", 404))
            : path.EndsWith("/wallet_balance", StringComparison.Ordinal) ? new CallOutcome("the balance is not in the plan", Responses.Error("Not available.", 404))
            : throw new HistoryException($"Nothing is known of {address}.");
    }
}
