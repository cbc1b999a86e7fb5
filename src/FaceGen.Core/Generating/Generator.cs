using System.Runtime.CompilerServices;
using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.Webhooks;

namespace FaceGen.Generating;

/// <summary>Submits requests and waits for what comes of them.</summary>
/// <param name="connection">The connection that submits.</param>
/// <param name="log">Is told what is waited for and why.</param>
internal sealed class Generator(Connection connection, IEngineLog? log = null)
{
    private readonly Account _account = Account.For(connection);
    private readonly FailureStreak _streak = new();
    private int _hasWarnedUnreachable;

    /// <summary>What every other request would fail with too; it is known before the slot of the one that met it is free.</summary>
    private volatile FaceGenException? _fatalError;

    /// <summary>Takes the account's next free slot.</summary>
    internal Task<Slots.Slot> AcquireSlotAsync(CancellationToken cancellationToken) => _account.Slots.AcquireAsync(cancellationToken);

    /// <summary>Uploads a face image that several requests will use, before the first of them has a slot.</summary>
    /// <exception cref="FaceGenException">The file has gone, or is no longer an image.</exception>
    internal Task UploadFaceAsync(FaceImage face, CancellationToken cancellationToken) => _account.FaceUploads.UploadAsync(connection, face, null, log, cancellationToken);

    /// <summary>
    /// Submits a request and, unless told otherwise, waits for its end. The slot is given back when the generation
    /// ends, or at once where nothing was accepted; from here on it is no longer the caller's.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="slot">A slot of this account's.</param>
    /// <param name="options">Whether to wait, and how long.</param>
    /// <param name="cancellationToken">
    /// Ends waiting and trying again. A submission whose bytes are on their way goes on: its answer is awaited and the
    /// generation kept, so that nothing that was paid for is lost.
    /// </param>
    /// <exception cref="FaceGenException">
    /// Nothing was accepted, or nobody knows whether it was, or the time is over.
    /// </exception>
    internal async Task<Generation> GenerateAsync(
        Request request, Slots.Slot slot, GenerateOptions options, CancellationToken cancellationToken)
    {
        using IDisposable? warnings = log is null ? null : _account.Warnings.Subscribe(log);
        using var deadline = new Deadline(connection.Services.Time, options.Timeout, cancellationToken);
        FaceImageValue face = await GetFaceAsync(request, slot, options, deadline).ConfigureAwait(false);
        var refusal = new StrongBox<string?>();
        Task<Generation> submission = SubmitAsync(request, face, slot, options, deadline, refusal);
        // Where nobody waits for it any more, its outcome is kept by the account.
        submission.ObserveException();
        Generation generation;
        try
        {
            generation = await deadline.EnforceAsync(submission.WaitAsync(deadline.Token), () => submission.IsCompleted || refusal.Value is not null
                ? CreateNotAcceptedError(deadline, refusal.Value ?? "no answer")
                : new FaceGenException(ErrorCode.GenerationTimeout,
                    $"The service did not answer the submission within {deadline.Duration.TotalSeconds:0} seconds. FaceGen still waits for its answer: Get-FaceGenImage shows the outcome.")).ConfigureAwait(false);
        }
        catch
        {
            _ = ReleaseToReceiverAsync(submission);
            throw;
        }

        return options.Wait ? await WaitAsync(generation, deadline).ConfigureAwait(false) : generation;
    }

    /// <summary>Waits until a generation ends.</summary>
    /// <exception cref="FaceGenException">The service does not tell of it, or the time is over.</exception>
    internal async Task<Generation> WaitAsync(Generation generation, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(connection.Services.Time, timeout, cancellationToken);
        return await WaitAsync(generation, deadline).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes up a generation that another process has submitted, and waits for its end. It fills a place of the queue,
    /// whether one is free here or not.
    /// </summary>
    /// <exception cref="FaceGenException">The service does not tell of it, or the time is over.</exception>
    internal Task<Generation> ResumeAsync(Generation generation, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_account.Find(generation.Id) is null) _account.Add(connection, generation, _account.Slots.AcquireOverLimit());
        return WaitAsync(generation, timeout, cancellationToken);
    }

    private async Task<Generation> WaitAsync(Generation generation, Deadline deadline)
    {
        if (generation.IsFinished) return generation;

        Poller? known = _account.Find(generation.Id);
        Poller watch = known ?? _account.Add(connection, generation, null);
        using IDisposable? listening = log is null ? null : watch.Subscribe(log);
        using IDisposable? warnings = log is null ? null : _account.Warnings.Subscribe(log);
        watch.SetAwaited(true);
        bool hasEnded = false;
        try
        {
            Generation ended = await deadline.EnforceAsync(watch.WaitForEndAsync(connection).WaitAsync(deadline.Token), () => new FaceGenException(
                ErrorCode.GenerationTimeout,
                $"Generation {generation.Id} was not ready within {deadline.Duration.TotalSeconds:0} seconds. It goes on at the service: Wait-FaceGenImage -Id {generation.Id} waits for it again.")).ConfigureAwait(false);
            hasEnded = true;
            return ended;
        }
        catch (FaceGenException e) when (known is null && e.Code == ErrorCode.GenerationNotFound)
        {
            // An id that somebody mistyped is nothing to keep.
            _account.Forget(generation.Id);
            throw;
        }
        finally
        {
            // Who does not wait any longer leaves it to whoever receives calls.
            if (!hasEnded) watch.SetAwaited(false);
        }
    }

    /// <summary>Leaves the outcome of a submission to Receive-FaceGenWebhook: the caller has gone.</summary>
    private async Task ReleaseToReceiverAsync(Task<Generation> submission)
    {
        await Task.WhenAny(submission).ConfigureAwait(false);
        if (submission.Status == TaskStatus.RanToCompletion) _account.Find((await submission.ConfigureAwait(false)).Id)?.SetAwaited(false);
    }

    /// <summary>What the request carries as its face image; where there is nothing to carry, the slot is given back.</summary>
    private async Task<FaceImageValue> GetFaceAsync(Request request, Slots.Slot slot, GenerateOptions options, Deadline deadline)
    {
        try
        {
            Task<FaceImageValue> face = _account.FaceUploads.GetValueAsync(connection, request.FaceImage, options, log, deadline.Token);
            return await deadline.EnforceAsync(face, () => CreateNotAcceptedError(deadline, "the face image was still being uploaded")).ConfigureAwait(false);
        }
        catch
        {
            slot.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request until its outcome is known.</summary>
    /// <param name="request">The request.</param>
    /// <param name="face">What it carries as its face image.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="options">How it is submitted.</param>
    /// <param name="deadline">How long it may take.</param>
    /// <param name="notAcceptedReason">Is told why nothing was accepted, as long as nothing is out.</param>
    private async Task<Generation> SubmitAsync(
        Request request, FaceImageValue face, Slots.Slot slot, GenerateOptions options, Deadline deadline, StrongBox<string?> notAcceptedReason)
    {
        bool kept = false;
        int lasting = 0;
        Outcome.Uncertain? lost = null;
        // Taken now: the deadline itself may be gone before this has ended.
        CancellationToken over = deadline.Token;
        Request sent = _account.Deliveries.AssignWebhook(request, connection.Address);
        try
        {
            for (int attempt = 0; ; attempt++)
            {
                over.ThrowIfCancellationRequested();
                if (_fatalError is not null) throw _fatalError;

                int sentAt = _streak.Sequence;
                (Outcome outcome, Generation? accepted) =
                    await _account.SubmitAsync(request, () => SendAsync(request, sent, face, slot, options, over)).ConfigureAwait(false);
                kept = accepted is not null;
                lasting = outcome is Outcome.Retry { PersistentError: not null } ? lasting + 1 : 0;
                switch (outcome)
                {
                    case Outcome.Finished or Outcome.Pending:
                        // An answer that says at once that the generation failed is not a success.
                        if (outcome is Outcome.Finished { Status: GenerationStatus.Failed } ended) _fatalError ??= ended.FatalError ?? _streak.AddRefusal(ended.Reason, accepted!.FailureMessage);
                        else _streak.Reset();
                        if (face.Replaces is { } link) _account.FaceUploads.DropLink(connection, link);
                        log?.LogVerbose(DescribeAcceptance(request, accepted!));
                        return accepted!;
                    case Outcome.Failed failed:
                        _fatalError ??= failed.Error.EndsRun ? failed.Error : _streak.AddRefusal(failed.Reason, failed.Error.Message, failed.IsFaceImageError ? options.FaceHash ?? request.FaceImage.ToString() : null);
                        throw failed.Error;
                    case Outcome.Uncertain uncertain when !options.RetryUncertain || uncertain.FatalError is not null:
                        _fatalError ??= uncertain.FatalError ?? _streak.AddUncertain(sentAt, uncertain.Reason);
                        // The service may be at work on it: its place in the queue is not free yet.
                        kept = true;
                        _ = _account.ReleaseLaterAsync(connection, slot);
                        throw CreateUncertainError(uncertain, "It was not sent again, because that could be paid for twice.");
                    case Outcome.Uncertain uncertain:
                        lost = uncertain;
                        log?.LogWarning($"The answer to a submission was lost ({uncertain.Reason.TrimEnd('.')}); it is sent again, as asked, and may be paid for twice.");
                        await WaitToRetryAsync(new Outcome.Retry(uncertain.Reason, null), attempt, deadline, lost, over).ConfigureAwait(false);
                        break;
                    case Outcome.Retry { PersistentError: { } fault } when lasting == Outcome.Retry.MaxFailuresInRow:
                        _fatalError ??= fault;
                        throw fault;
                    case Outcome.Retry retry:
                        if (retry.IsFaceUnreadable) face = FaceUploads.ToInline(request.FaceImage, face);
                        Task WaitAsync() => WaitToRetryAsync(retry, attempt, deadline, lost, over);
                        if (retry.QueueLimit is { } said) _account.Slots.ApplyServiceLimit(said);
                        if (lost is null) notAcceptedReason.Value = retry.Reason;
                        // One that was lost before may be at the service, and keeps its place.
                        if (retry.IsQueueFull && lost is not null) _account.Slots.ReduceLimit();
                        if (retry.IsQueueFull && lost is null) slot = await slot.ReleaseAndRequeueAsync(WaitAsync, over).ConfigureAwait(false);
                        else await WaitAsync().ConfigureAwait(false);
                        notAcceptedReason.Value = null;
                        break;
                }
            }
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.SubmissionUncertain && options.SubmissionLog is null)
        {
            // Kept until it has been told: whoever asked may be gone. A log keeps it by itself.
            _account.RecordOutcome(e, request);
            throw;
        }
        catch (Exception) when (lost is not null && options.SubmissionLog is null)
        {
            // Whatever ended the later tries, the first may have been accepted: the next look tells.
            _account.RecordOutcome(CreateUncertainError(lost, "Sending it again came to nothing."), request);
            throw;
        }
        finally
        {
            if (!kept) slot.Dispose();
        }
    }

    /// <summary>Sends a request once, and takes in what the service accepted; only before the first byte is it cut off.</summary>
    private async Task<(Outcome Outcome, Generation? Accepted)> SendAsync(
        Request request, Request sent, FaceImageValue face, Slots.Slot slot, GenerateOptions options, CancellationToken beforeSendToken)
    {
        ISubmissionLog? log = options.SubmissionLog;
        // One that the user chose may be that of other requests too, and tells nothing.
        using DeliveryTracker.TrackedSubmission? tracked = _account.Deliveries.HasOwnWebhook(sent) && request.TrackId is null && sent.TrackId is { } trackId
            ? _account.Deliveries.TrackSubmission(trackId)
            : null;
        if (log is not null) await log.RecordSendingAsync().ConfigureAwait(false);
        DateTimeOffset sentAt = connection.Services.Time.GetUtcNow();
        ApiResult result = await connection.Api.SubmitAsync(connection.Address.Generate,
            json => RequestJson.Write(json, sent, face.Text), beforeSendToken).ConfigureAwait(false);
        Outcome outcome = OutcomeClassifier.ClassifySubmission(result, RequestEcho.Create(sent, face.Text), isFaceUploaded: face.UploadedSha256 is not null);
        if (outcome is Outcome.Uncertain lost && tracked is not null) outcome = await ReconcileAsync(lost, tracked).ConfigureAwait(false);
        Generation? accepted = outcome switch
        {
            Outcome.Finished ended => Accept(request, sent, ended.Response, ended.Status, sentAt, slot, options),
            Outcome.Pending underWay => Accept(request, sent, underWay.Response, GenerationStatus.Processing, sentAt, slot, options),
            _ => null,
        };
        if (accepted is not null) _account.WarnOfUnknownStatus(result.Response, accepted.Id);
        if (log is not null) await log.RecordAnswerAsync(outcome, accepted).ConfigureAwait(false);
        return (outcome, accepted);
    }

    /// <summary>Waits for the service's call for a submission whose answer was lost: it tells what became of it.</summary>
    private async Task<Outcome> ReconcileAsync(Outcome.Uncertain uncertain, DeliveryTracker.TrackedSubmission tracked)
    {
        if (!_account.Deliveries.IsReliable) return uncertain;

        TimeSpan patience = _account.AssumedDuration;
        log?.LogVerbose($"The answer to a submission was lost ({uncertain.Reason.TrimEnd('.')}): waiting up to {patience.TotalSeconds:0} seconds for the service's call for it.");
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(connection.LifetimeToken))
        {
            await Task.WhenAny(tracked.Id, connection.Services.Time.DelayAsync(patience, over.Token)).ConfigureAwait(false);
            over.Cancel();
        }

        if (!tracked.Id.IsCompleted) return uncertain;

        string id = await tracked.Id.ConfigureAwait(false);
        try
        {
            // A call is never believed: only what the service itself knows is a generation.
            if (_account.Find(id) is not null) return uncertain;

            await Fetcher.FetchUntilAnsweredAsync(connection, new Generation { Id = id }, line => log?.LogVerbose(line), Poller.ImageLifetime, connection.LifetimeToken).ConfigureAwait(false);
            return new Outcome.Pending(ServiceResponse.CreateAccepted(id));
        }
        catch (Exception e) when (e is FaceGenException or OperationCanceledException)
        {
            log?.LogVerbose($"A call for generation {id} was not confirmed: {e.Message}");
            return uncertain;
        }
    }

    private async Task WaitToRetryAsync(Outcome.Retry retry, int attempt, Deadline deadline, Outcome.Uncertain? uncertain, CancellationToken cancellationToken)
    {
        // Nobody waits any more: that nothing was sent is no news.
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan wait = Backoff.GetDelay(attempt, retry.Delay, connection.Services);
        if (!deadline.HasTimeFor(wait))
        {
            if (uncertain is not null) throw CreateUncertainError(uncertain, $"It was sent again, as asked, and not accepted within {deadline.Duration.TotalSeconds:0} seconds.");
            if (retry.PersistentError is { } fault) throw fault;
            throw retry.IsUnreachable
                ? new FaceGenException(ErrorCode.ServiceUnreachable,
                    $"{connection.BaseUri} could not be reached within {deadline.Duration.TotalSeconds:0} seconds ({retry.Reason.TrimEnd('.')}). Nothing was sent.")
                : CreateNotAcceptedError(deadline, retry.Reason);
        }

        string line = $"Nothing was accepted ({retry.Reason.TrimEnd('.')}): trying again in {DisplayText.FormatSeconds(wait)}.";
        if (retry.IsUnreachable && Interlocked.Exchange(ref _hasWarnedUnreachable, 1) == 0) log?.LogWarning(line);
        else log?.LogVerbose(line);
        await connection.Services.Time.DelayAsync(wait, cancellationToken).ConfigureAwait(false);
    }

    private static string DescribeAcceptance(Request request, Generation accepted)
    {
        string row = request.Source?.ToString() ?? $"'{DisplayText.Clean(request.Prompt, 60)}'";
        string expected = accepted is { IsFinished: false, Eta: > 0 and < 86_400 and var eta }
            ? $", and is expected in {DisplayText.FormatSeconds(TimeSpan.FromSeconds(eta))}"
            : "";
        return $"{row}: generation {accepted.Id} was accepted{expected}.";
    }

    private static FaceGenException CreateUncertainError(Outcome.Uncertain uncertain, string consequence) => new(ErrorCode.SubmissionUncertain,
        $"The answer to the submission was lost ({uncertain.Reason.TrimEnd('.')}): the service may or may not have accepted it. {consequence}");

    private static FaceGenException CreateNotAcceptedError(Deadline deadline, string reason) => new(ErrorCode.ServiceBusy,
        $"The service accepted nothing within {deadline.Duration.TotalSeconds:0} seconds, and nothing was paid for: {reason.TrimEnd('.')}.");

    private Generation Accept(
        Request request, Request sent, ServiceResponse response, GenerationStatus status, DateTimeOffset sentAt, Slots.Slot slot, GenerateOptions options)
    {
        var generation = new Generation
        {
            // An answer that brings the images at once may do without an id: there is nothing left to ask for.
            Id = response.AcceptedId ?? Guid.NewGuid().ToString("N"),
            CreatedAt = sentAt,
            Prompt = request.Prompt,
            Seed = request.Seed,
            TrackId = sent.TrackId,
            Request = request,
            Connection = connection,
        };
        _account.Slots.RecoverLimit();
        bool isHeardOf = status == GenerationStatus.Processing || !response.IsPending;
        // Where only the links are known, nobody will be told when the service is done with it.
        if (!isHeardOf) _ = _account.ReleaseLaterAsync(connection, slot);
        bool isCalledFor = _account.Deliveries.HasOwnWebhook(sent);
        // A delivery for it would be the first to name the service's id.
        if (response.Id is null && isCalledFor && request.TrackId is null && sent.TrackId is { } trackId) _account.Deliveries.MarkTrackIdFinished(trackId);
        Generation accepted = generation.WithResponse(response, status);
        // One that has ended in its own answer is the caller's, and so is one that the caller waits for.
        bool isTaken = accepted.IsFinished || options.Wait || options.SubmissionLog is not null;
        _account.Add(connection, accepted, isHeardOf ? slot : null, isNew: true, isCalledFor, isTaken);
        // As it was accepted, not as a first poll may have found it meanwhile: a ledger enters each step.
        return accepted;
    }
}
