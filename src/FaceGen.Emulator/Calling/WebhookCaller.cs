using System.Diagnostics.CodeAnalysis;
using System.Net.Mime;
using System.Text;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;
using FaceGen.Emulator.Images;
using FaceGen.Emulator.Journaling;

namespace FaceGen.Emulator.Calling;

/// <summary>
/// Calls the webhooks that requests named, each when its generation has ended: once, without trying again, and only on
/// this machine.
/// </summary>
internal sealed class WebhookCaller(EmulatorClock clock, FaultPlan faults, LinkFactory links, Journal journal) : IDisposable
{
    private const int CallsAtOnce = 16;

    /// <summary>How long the service waits for a webhook's answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false })
    {
        Timeout = Patience,
    };

    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _turns = new(CallsAtOnce);
    private TaskCompletionSource _gone = NewSource();

    /// <summary>A request that names a webhook has been accepted: it will be called.</summary>
    internal void Expect(Generation generation)
    {
        // A submission may outlive a reset, which ends this.
        CancellationToken end = _end.Token;
        if (generation.Parameters.Webhook is not { } text || !CanCall(text, out Uri? webhook))
            return;

        var due = new Delivery(generation.FinishesAt, () => GenerationAnswers.Ended(links, generation).Body.ToJsonString());
        FaultInjection? fault = faults.OnCall(CallFacts.OfWebhook(generation));
        foreach (Delivery delivery in fault?.Deliver(generation, due) ?? [due])
            _ = DeliverAsync(delivery, generation, webhook, fault?.Best, end);
    }

    /// <summary>Whether an emulator, which works offline, reaches a webhook.</summary>
    internal static bool CanCall(string text, [NotNullWhen(true)] out Uri? webhook) =>
        Uri.TryCreate(text, UriKind.Absolute, out webhook) && webhook.IsLoopback;

    public void Dispose()
    {
        if (_end.IsCancellationRequested)
            return;

        _end.Cancel();
        _http.Dispose();
        _end.Dispose();
    }

    private async Task DeliverAsync(Delivery delivery, Generation generation, Uri webhook, Fault? fault, CancellationToken end)
    {
        try
        {
            await clock.WaitUntilAsync(delivery.At, end).ConfigureAwait(false);
            if (delivery.Holdback > TimeSpan.Zero)
                await Task.WhenAny(_gone.Task, clock.WaitUntilAsync(delivery.At + delivery.Holdback, end)).ConfigureAwait(false);
            await _turns.WaitAsync(end).ConfigureAwait(false);
            try
            {
                WebhookCall call = await SendAsync(delivery, webhook, end).ConfigureAwait(false);
                journal.Add(call with { GenerationId = generation.Id, Fault = fault?.Id });
            }
            finally
            {
                _turns.Release();
            }

            Interlocked.Exchange(ref _gone, NewSource()).TrySetResult();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && end.IsCancellationRequested)
        {
            // The emulator has ended, or was reset: the call is forgotten with all the rest.
        }
    }

    private async Task<WebhookCall> SendAsync(Delivery delivery, Uri webhook, CancellationToken end)
    {
        string body = delivery.Body();
        var call = new WebhookCall { Time = clock.GetUtcNow(), Uri = webhook, Body = body };
        try
        {
            using var content = new StringContent(body, Encoding.UTF8, MediaTypeNames.Application.Json);
            using HttpResponseMessage answer = await _http.PostAsync(webhook, content, end).ConfigureAwait(false);
            return call with { Status = (int)answer.StatusCode };
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !end.IsCancellationRequested)
        {
            return call with { Error = e is TaskCanceledException ? $"No answer within {Patience.TotalSeconds} seconds." : e.Message };
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
