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
internal sealed class WebhookSender(EmulatorClock clock, FaultPlan faults, LinkFactory links, Journal journal) : IDisposable
{
    private const int MaxConcurrentDeliveries = 16;

    /// <summary>How long the service waits for a webhook's answer.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false })
    {
        Timeout = ResponseTimeout,
    };

    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _concurrency = new(MaxConcurrentDeliveries);
    private TaskCompletionSource _nextDelivered = NewSignal();

    /// <summary>A request that names a webhook has been accepted: it will be called.</summary>
    internal void Schedule(EmulatedGeneration generation)
    {
        // A submission may outlive a reset, which ends this.
        CancellationToken end = _stopping.Token;
        if (generation.Parameters.Webhook is not { } text || !IsReachable(text, out Uri? webhook))
            return;

        var due = new ScheduledDelivery(generation.FinishesAt, () => GenerationResponses.Completed(links, generation).Body.ToJsonString());
        FaultInjection? fault = faults.ChooseAfterBody(CallInfo.ForWebhook(generation));
        foreach (ScheduledDelivery delivery in fault?.AlterDelivery(generation, due) ?? [due])
            _ = DeliverAsync(delivery, generation, webhook, fault?.Preferred, end);
    }

    /// <summary>Whether an emulator, which works offline, reaches a webhook.</summary>
    internal static bool IsReachable(string text, [NotNullWhen(true)] out Uri? webhook) =>
        Uri.TryCreate(text, UriKind.Absolute, out webhook) && webhook.IsLoopback;

    public void Dispose()
    {
        if (_stopping.IsCancellationRequested)
            return;

        _stopping.Cancel();
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task DeliverAsync(ScheduledDelivery delivery, EmulatedGeneration generation, Uri webhook, Fault? fault, CancellationToken cancellationToken)
    {
        try
        {
            await clock.WaitUntilAsync(delivery.DueTime, cancellationToken).ConfigureAwait(false);
            if (delivery.MaxHoldback > TimeSpan.Zero)
                await Task.WhenAny(_nextDelivered.Task, clock.WaitUntilAsync(delivery.DueTime + delivery.MaxHoldback, cancellationToken)).ConfigureAwait(false);
            await _concurrency.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                WebhookDelivery call = await SendAsync(delivery, webhook, cancellationToken).ConfigureAwait(false);
                journal.Add(call with { GenerationId = generation.Id, Fault = fault?.Id });
            }
            finally
            {
                _concurrency.Release();
            }

            Interlocked.Exchange(ref _nextDelivered, NewSignal()).TrySetResult();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && cancellationToken.IsCancellationRequested)
        {
            // The emulator has ended, or was reset: the call is forgotten with all the rest.
        }
    }

    private async Task<WebhookDelivery> SendAsync(ScheduledDelivery delivery, Uri webhook, CancellationToken cancellationToken)
    {
        string body = delivery.CreateBody();
        var call = new WebhookDelivery { Time = clock.GetUtcNow(), Uri = webhook, Body = body };
        try
        {
            using var content = new StringContent(body, Encoding.UTF8, MediaTypeNames.Application.Json);
            using HttpResponseMessage answer = await _http.PostAsync(webhook, content, cancellationToken).ConfigureAwait(false);
            return call with { Status = (int)answer.StatusCode };
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return call with { Error = e is TaskCanceledException ? $"No answer within {ResponseTimeout.TotalSeconds} seconds." : e.Message };
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
