using System.Net;
using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Webhooks;

namespace FaceGen.Core.Tests.Webhooks;

/// <summary>A generation that its caller has is not given out again when its webhook delivery comes.</summary>
public sealed class OwnAnswerTests : IDisposable
{
    private readonly FakeService _service = new();
    private readonly Webhook _webhook;
    private readonly Receiver _receiver;

    public OwnAnswerTests()
    {
        _webhook = new Webhook(IPAddress.Loopback, 0, new Uri("https://hooks.example"), Callbacks.Take, _service.Clock);
        Callbacks.Open(_webhook);
        _receiver = new Receiver(_service.Connection, _service);
    }

    private Callbacks Callbacks => _service.Account.Callbacks;

    public void Dispose()
    {
        Callbacks.Close(_webhook);
        _service.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Generation_that_ends_in_its_own_answer_is_not_received_while_its_command_runs(bool wait)
    {
        _service.OnSubmit(Answer.Success("9")).OnFetch(Answer.Success("9"));
        await _service.GenerateAsync(wait).GuardAsync();

        Callbacks.Take("9", null);

        Assert.Null(await _receiver.NextAsync(isMoreExpected: false, default).GuardAsync());
        Assert.Empty(_service.Fetches);
        // Until the command has ended it is in the session's list all the same.
        Assert.Equal(["9"], _service.Kept);
    }

    [Fact]
    public async Task Generation_that_ends_in_its_own_answer_is_not_received_before_its_caller_goes_on()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();
        using var stop = new CancellationTokenSource();
        Task<Generation?> next = _receiver.NextAsync(isMoreExpected: true, stop.Token);

        answer.SetResult(Answer.Success("9"));
        await generating.GuardAsync();
        Callbacks.Take("9", null);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.GuardAsync());
    }

    [Fact]
    public async Task Generation_whose_answer_tells_no_id_is_not_received_when_its_delivery_tells_it()
    {
        _service.OnSubmit(Answer.Json("""{"status":"success","output":["https://cdn.example/1.png"]}""")).OnFetch(Answer.Success("9"));
        await _service.GenerateAsync().GuardAsync();
        using JsonDocument body = JsonDocument.Parse(_service.Submissions[0].Body);

        Callbacks.Take("9", body.RootElement.GetProperty("track_id").GetInt64());

        Assert.Null(await _receiver.NextAsync(isMoreExpected: false, default).GuardAsync());
        Assert.Empty(_service.Fetches);
    }

    [Fact]
    public async Task Generation_whose_delivery_comes_with_the_answer_is_not_taken_from_its_caller()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task)).OnFetch(Answer.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();
        using var stop = new CancellationTokenSource();
        Task<Generation?> next = _receiver.NextAsync(isMoreExpected: true, stop.Token);

        Callbacks.Take("9", null);
        answer.SetResult(Answer.Processing("9"));

        Assert.Equal("9", (await generating.GuardAsync()).Id);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.GuardAsync());
    }

    [Fact]
    public async Task Generation_whose_caller_has_gone_is_received()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task));
        using var stop = new CancellationTokenSource();
        Task<Generation> generating = _service.GenerateAsync(cancel: stop.Token);
        await _service.ArrivalAsync();
        Task<Generation?> next = _receiver.NextAsync(isMoreExpected: true, default);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generating.GuardAsync());
        answer.SetResult(Answer.Success("9"));

        Assert.Equal("9", (await next.GuardAsync())?.Id);
    }
}
