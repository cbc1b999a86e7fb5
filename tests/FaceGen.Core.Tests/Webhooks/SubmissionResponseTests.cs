using System.Net;
using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Webhooks;

namespace FaceGen.Core.Tests.Webhooks;

/// <summary>Tests that a generation in the response to its submission is not received again by its delivery.</summary>
public sealed class SubmissionResponseTests : IDisposable
{
    private readonly FakeService _service = new();
    private readonly Webhook _webhook;
    private readonly DeliveryReceiver _receiver;

    public SubmissionResponseTests()
    {
        _webhook = new Webhook(IPAddress.Loopback, 0, new Uri("https://hooks.example"), Deliveries.Receive, _service.Clock);
        Deliveries.Add(_webhook);
        _receiver = new DeliveryReceiver(_service.Connection, _service);
    }

    private DeliveryTracker Deliveries => _service.Account.Deliveries;

    public void Dispose()
    {
        Deliveries.Close(_webhook);
        _service.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receiver_generation_finished_in_response_is_not_received_while_command_runs(bool wait)
    {
        _service.OnSubmit(ScriptedResponse.Success("9")).OnFetch(ScriptedResponse.Success("9"));
        await _service.GenerateAsync(wait).WithTimeoutAsync();

        Deliveries.Receive("9", null);

        Assert.Null(await _receiver.ReceiveAsync(waitsForUnknown: false, default).WithTimeoutAsync());
        Assert.Empty(_service.Fetches);
        // The generation is in the session's list until the command ends.
        Assert.Equal(["9"], _service.Pending);
    }

    [Fact]
    public async Task Receiver_generation_finished_in_response_is_not_received_before_caller_continues()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        using var cancellation = new CancellationTokenSource();
        Task<Generation?> next = _receiver.ReceiveAsync(waitsForUnknown: true, cancellation.Token);

        response.SetResult(ScriptedResponse.Success("9"));
        await generating.WithTimeoutAsync();
        Deliveries.Receive("9", null);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WithTimeoutAsync());
    }

    [Fact]
    public async Task Receiver_generation_without_id_in_response_is_not_received_by_delivery()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"success","output":["https://cdn.example/1.png"]}""")).OnFetch(ScriptedResponse.Success("9"));
        await _service.GenerateAsync().WithTimeoutAsync();
        using JsonDocument body = JsonDocument.Parse(_service.Submissions[0].Body);

        Deliveries.Receive("9", body.RootElement.GetProperty("track_id").GetRawText());

        Assert.Null(await _receiver.ReceiveAsync(waitsForUnknown: false, default).WithTimeoutAsync());
        Assert.Empty(_service.Fetches);
    }

    [Fact]
    public async Task Receiver_delivery_with_response_leaves_generation_to_caller()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task)).OnFetch(ScriptedResponse.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        using var cancellation = new CancellationTokenSource();
        Task<Generation?> next = _receiver.ReceiveAsync(waitsForUnknown: true, cancellation.Token);

        Deliveries.Receive("9", null);
        response.SetResult(ScriptedResponse.Processing("9"));

        Assert.Equal("9", (await generating.WithTimeoutAsync()).Id);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WithTimeoutAsync());
    }

    [Fact]
    public async Task Receiver_generation_without_caller_is_received()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task));
        using var cancellation = new CancellationTokenSource();
        Task<Generation> generating = _service.GenerateAsync(cancellationToken: cancellation.Token);
        await _service.WaitForCallAsync();
        Task<Generation?> next = _receiver.ReceiveAsync(waitsForUnknown: true, default);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generating.WithTimeoutAsync());
        response.SetResult(ScriptedResponse.Success("9"));

        Assert.Equal("9", (await next.WithTimeoutAsync())?.Id);
    }
}
