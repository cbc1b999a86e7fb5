using System.Diagnostics.CodeAnalysis;
using System.Net.Mime;
using System.Text;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;
using FaceGen.Emulator.Images;
using FaceGen.Emulator.Journaling;

namespace FaceGen.Emulator.Webhooks;

/// <summary>
/// Sends each request's webhook delivery when its generation ends: once, without retries, and only to this machine.
/// </summary>
internal sealed class WebhookSender(EmulatorClock clock, FaultPlan faults, LinkFactory links, Journal journal) : IDisposable
{
    private const int MaxConcurrentDeliveries = 16;

    /// <summary>The time that the service waits for a webhook's response.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false })
    {
        Timeout = ResponseTimeout,
    };

    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _concurrency = new(MaxConcurrentDeliveries);
    private readonly Lock _gate = new();
    private TaskCompletionSource _nextDelivered = NewSignal();
    private DateTimeOffset _latestDueTime;

    /// <summary>Schedules the delivery of an accepted request that has a webhook.</summary>
    internal void Schedule(EmulatedGeneration generation)
    {
        // Read first: a submission may outlive a reset, which cancels this token.
        CancellationToken cancellationToken = _stopping.Token;
        if (generation.Parameters.Webhook is not { } text || !IsReachable(text, out Uri? webhook))
            return;

        var due = new ScheduledDelivery(generation.FinishesAt, () => GenerationResponses.Completed(links, generation).Body.ToJsonString());
        FaultInjection? fault = faults.ChooseAfterBody(CallInfo.ForWebhook(generation));
        foreach (ScheduledDelivery delivery in fault?.AlterDelivery(generation, due) ?? [due])
            _ = DeliverAsync(delivery, generation, webhook, fault?.Preferred, cancellationToken);
    }

    /// <summary>True if the offline emulator can reach a webhook.</summary>
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
                await WaitForNextAsync(delivery, cancellationToken).ConfigureAwait(false);
            await _concurrency.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                WebhookDelivery sent = await SendAsync(delivery, webhook, cancellationToken).ConfigureAwait(false);
                journal.Add(sent with { GenerationId = generation.Id, Fault = fault?.Id });
            }
            finally
            {
                _concurrency.Release();
            }

            RecordDelivered(delivery);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && cancellationToken.IsCancellationRequested)
        {
            // The emulator was stopped or reset: the delivery is discarded.
        }
    }

    /// <summary>Waits until a delivery that is due later was sent, which may have happened before this one began to wait.</summary>
    private async Task WaitForNextAsync(ScheduledDelivery delivery, CancellationToken cancellationToken)
    {
        Task limit = clock.WaitUntilAsync(delivery.DueTime + delivery.MaxHoldback, cancellationToken);
        while (!limit.IsCompleted)
        {
            Task next;
            lock (_gate)
            {
                if (_latestDueTime >= delivery.DueTime)
                    return;
                next = _nextDelivered.Task;
            }

            await Task.WhenAny(next, limit).ConfigureAwait(false);
        }
    }

    private void RecordDelivered(ScheduledDelivery delivery)
    {
        TaskCompletionSource delivered;
        lock (_gate)
        {
            if (delivery.DueTime > _latestDueTime)
                _latestDueTime = delivery.DueTime;
            (delivered, _nextDelivered) = (_nextDelivered, NewSignal());
        }

        delivered.TrySetResult();
    }

    private async Task<WebhookDelivery> SendAsync(ScheduledDelivery delivery, Uri webhook, CancellationToken cancellationToken)
    {
        string body = delivery.CreateBody();
        var sent = new WebhookDelivery { Time = clock.GetUtcNow(), Uri = webhook, Body = body };
        try
        {
            using var content = new StringContent(body, Encoding.UTF8, MediaTypeNames.Application.Json);
            using HttpResponseMessage response = await _http.PostAsync(webhook, content, cancellationToken).ConfigureAwait(false);
            return sent with { Status = (int)response.StatusCode };
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return sent with { Error = e is TaskCanceledException ? $"No response within {ResponseTimeout.TotalSeconds} seconds." : e.Message };
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A webhook delivery to send.</summary>
/// <param name="DueTime">The due time on the emulator's clock.</param>
/// <param name="CreateBody">Creates the body when it is sent.</param>
internal sealed record ScheduledDelivery(DateTimeOffset DueTime, Func<string> CreateBody)
{
    /// <summary>Gets how long the delivery waits for another one to go first, at most; zero to send it when due.</summary>
    internal TimeSpan MaxHoldback { get; init; }
}
