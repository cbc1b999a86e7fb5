using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.Webhooks;

namespace FaceGen.Generating;

/// <summary>Submits one request: sends it, and sends it again while the service accepts nothing, until the outcome is known.</summary>
/// <param name="connection">The connection that sends.</param>
/// <param name="failures">The failures of the run.</param>
/// <param name="request">The request.</param>
/// <param name="face">The value of its face image.</param>
/// <param name="slot">Its slot, which is released if the service accepted nothing.</param>
/// <param name="options">How it is submitted.</param>
/// <param name="deadline">How long it may take.</param>
/// <param name="log">Logs waits and acceptance.</param>
internal sealed class Submission(
    Connection connection, RunFailures failures, Request request, FaceImageValue face, Slots.Slot slot, GenerateOptions options, Deadline deadline, IEngineLog? log)
{
    private readonly Account _account = Account.For(connection);

    /// <summary>The request with the webhook and the track id that it is sent with.</summary>
    private readonly Request _requestToSend = Account.For(connection).Deliveries.AssignWebhook(request, connection.Address);

    // A submission in flight outlives its deadline, which is disposed of by then.
    private readonly CancellationToken _deadlineToken = deadline.Token;

    private FaceImageValue _face = face;
    private Slots.Slot _slot = slot;

    /// <summary>True if a generation, or a submission that may have been accepted, occupies the slot.</summary>
    private bool _isSlotOccupied;

    /// <summary>The last attempt whose outcome is unknown, if the request is sent again nevertheless.</summary>
    private Outcome.Uncertain? _uncertain;

    private TimeSpan Now => connection.Services.Time.GetElapsedTime(0);

    /// <summary>Gets why nothing was accepted, while the submission waits to be sent again; null while a request is in flight.</summary>
    internal string? NotAcceptedReason { get; private set; }

    /// <summary>Submits the request.</summary>
    /// <returns>The generation as the service accepted it.</returns>
    /// <exception cref="FaceGenException">Nothing was accepted, or the outcome is unknown.</exception>
    internal async Task<Generation> SubmitAsync()
    {
        int persistentErrors = 0;
        try
        {
            for (int attempt = 0; ; attempt++)
            {
                _deadlineToken.ThrowIfCancellationRequested();
                await WaitForEqualRequestAsync(attempt).ConfigureAwait(false);
                if (failures.FatalError is { } fatalError) throw fatalError;

                (int sequence, int rateVersion) = (failures.Sequence, _account.AdaptiveRateLimiter.Version);
                (Outcome outcome, Generation? accepted) = await _account.SubmitAsync(request, SendAsync).ConfigureAwait(false);
                _isSlotOccupied = accepted is not null;
                persistentErrors = outcome is Outcome.Retry { PersistentError: not null } ? persistentErrors + 1 : 0;
                switch (outcome)
                {
                    case Outcome.Finished or Outcome.Pending:
                        AddAccepted(outcome, accepted!);
                        return accepted!;
                    case Outcome.Failed failed:
                        AddRefusal(failed);
                        throw failed.Error;
                    case Outcome.Uncertain uncertain when !options.RetryUncertain || uncertain.FatalError is not null:
                        AddUncertain(uncertain, sequence);
                        throw LostResponse.CreateError(uncertain.Reason, $"{LostResponse.NotSentAgain} {LostResponse.Remedy}");
                    case Outcome.Uncertain uncertain:
                        await RetryUncertainAsync(uncertain, attempt).ConfigureAwait(false);
                        break;
                    case Outcome.Retry { PersistentError: { } error } when persistentErrors == Outcome.Retry.MaxConsecutiveFailures:
                        failures.AddFatal(error);
                        throw error;
                    case Outcome.Retry retry:
                        if (retry is { IsRepeat: true, Delay: { } interval }) _account.DuplicateRequestLimiter.AddRefusal(GetRepeatKey(), Now, interval);
                        else if (_account.DuplicateRequestLimiter.IsActive) _account.DuplicateRequestLimiter.Remove(GetRepeatKey());
                        await RetryAsync(retry, attempt, rateVersion).ConfigureAwait(false);
                        break;
                }
            }
        }
        catch (Exception e) when (options.SubmissionLog is null && (_uncertain is not null || e is FaceGenException { Code: ErrorCode.SubmissionUncertain }))
        {
            // The caller may have stopped waiting, and an earlier attempt may have been accepted whatever ended the later ones.
            // A submission log keeps the outcome itself.
            _account.RecordOutcome(e is FaceGenException { Code: ErrorCode.SubmissionUncertain } error ? error : CreateRepeatedError(_uncertain!, "that attempt failed"), request);
            throw;
        }
        finally
        {
            if (!_isSlotOccupied) _slot.Release();
        }
    }

    private void AddAccepted(Outcome outcome, Generation accepted)
    {
        // A response that says at once that the generation failed is not a success.
        if (outcome is not Outcome.Finished { Status: GenerationStatus.Failed } failed) failures.AddAccepted();
        else if (failed.FatalError is { } error) failures.AddFatal(error);
        else failures.AddRefusal(failed.Reason, accepted.FailureCause);

        if (_face.Replaces is { IsInline: false } link) _account.FaceUploads.RemoveLink(connection, link);
        string row = request.Source?.ToString() ?? $"'{DisplayText.Clean(request.Prompt, 60)}'";
        string expected = accepted is { IsFinished: false, Eta: > 0 and < 86_400 and var eta }
            ? $", and is expected in {DisplayText.FormatSeconds(TimeSpan.FromSeconds(eta))}"
            : "";
        log?.LogVerbose($"{row}: generation {accepted.Id} was accepted{expected}.");
    }

    private void AddRefusal(Outcome.Failed failed)
    {
        if (failed.Error.EndsRun) failures.AddFatal(failed.Error);
        else failures.AddRefusal(failed.Reason, failed.Error.Cause, failed.IsFaceImageError ? options.FaceHash ?? request.FaceImage.ToString() : null);
    }

    private void AddUncertain(Outcome.Uncertain uncertain, int sequence)
    {
        if (uncertain.FatalError is { } error) failures.AddFatal(error);
        else failures.AddUncertain(sequence, uncertain.Reason);

        // The service may be generating: the slot is released when that has ended for all that is known.
        _isSlotOccupied = true;
        _ = _account.ReleaseLaterAsync(connection, _slot);
    }

    private Task RetryUncertainAsync(Outcome.Uncertain uncertain, int attempt)
    {
        _uncertain = uncertain;
        log?.LogWarning($"{LostResponse.Describe(uncertain.Reason)} It is sent again because of -RetryUncertain, and may be paid for twice.");
        return WaitToRetryAsync(new Outcome.Retry(uncertain.Reason, null), attempt);
    }

    /// <summary>Waits until the service accepts the request although an equal one was sent a moment ago.</summary>
    private async Task WaitForEqualRequestAsync(int attempt)
    {
        while (_account.DuplicateRequestLimiter.IsActive && _account.DuplicateRequestLimiter.TrySend(GetRepeatKey(), Now) is var delay && delay > TimeSpan.Zero)
        {
            var retry = new Outcome.Retry("an equal request was sent a moment ago, which the service refuses", delay) { IsRepeat = true };
            // Nothing is in flight while the request waits.
            if (_uncertain is null && options.SubmissionLog is { } submissionLog) await submissionLog.RecordOutcomeAsync(retry, null).ConfigureAwait(false);
            await RetryAsync(retry, attempt, _account.AdaptiveRateLimiter.Version).ConfigureAwait(false);
        }
    }

    /// <summary>Returns the hash of what is sent, without the webhook and the track id.</summary>
    private string GetRepeatKey() => Sha256.ComputeHex(JsonObjectWriter.Write(json => RequestJson.Write(
        json, request.WithFields((field, value) => field.IsPrivate || field == RequestField.TrackId ? null : value), _face.Text)));

    /// <summary>
    /// Waits until a request that was not accepted may be sent again; without its slot where the queue is full or the request equals
    /// an earlier one.
    /// </summary>
    private async Task RetryAsync(Outcome.Retry retry, int attempt, int rateVersion)
    {
        if (retry.QueueLimit is { } limit) _account.Slots.ApplyServiceLimit(limit);
        Task WaitAsync() => WaitToRetryAsync(retry, attempt);
        // The earlier attempt may occupy the slot at the service.
        bool keepsSlot = _uncertain is not null;
        if (!keepsSlot) NotAcceptedReason = retry.Reason;
        if (retry.FaceRefusal is { } refusal) await ChangeFaceAsync(refusal, keepsSlot).ConfigureAwait(false);
        if (retry.IsBareRateLimit && _account.AdaptiveRateLimiter.TryAddRefusal(rateVersion))
        {
            log?.LogVerbose($"The service did not accept a request ({retry.Reason.TrimEnd('.')}). It may limit the rate: requests are sent {DisplayText.FormatSeconds(_account.AdaptiveRateLimiter.Interval)} apart.");
        }
        else if (keepsSlot)
        {
            if (retry.IsQueueFull) _account.Slots.ReduceLimit();
            await WaitAsync().ConfigureAwait(false);
        }
        else if (retry.IsRepeat)
        {
            _slot.Release();
            await WaitAsync().ConfigureAwait(false);
            _slot = await _account.Slots.AcquireAsync(_deadlineToken).ConfigureAwait(false);
        }
        else if (retry.IsQueueFull)
        {
            _slot = await _slot.ReleaseAndRequeueAsync(WaitAsync, _deadlineToken).ConfigureAwait(false);
        }
        else
        {
            await WaitAsync().ConfigureAwait(false);
        }

        await _account.AdaptiveRateLimiter.WaitAsync(connection.Services.Time, _deadlineToken).ConfigureAwait(false);
        NotAcceptedReason = null;
    }

    /// <summary>Changes how the face image is sent: inline instead of the link, or as the link of an upload instead of inline.</summary>
    /// <exception cref="FaceGenException">The image cannot be sent in another way: the refusal.</exception>
    private async Task ChangeFaceAsync(Outcome.Failed refusal, bool keepsSlot)
    {
        if (!_face.IsInline)
        {
            _face = FaceUploads.ToInline(request.FaceImage, _face);
            return;
        }

        // An upload may take long.
        if (!keepsSlot) _slot.Release();
        if (await _account.FaceUploads.GetLinkAsync(connection, request.FaceImage, _face, log, _deadlineToken).ConfigureAwait(false) is not { } link)
        {
            AddRefusal(refusal);
            throw refusal.Error;
        }

        _face = link;
        if (!keepsSlot) _slot = await _account.Slots.AcquireAsync(_deadlineToken).ConfigureAwait(false);
    }

    private async Task WaitToRetryAsync(Outcome.Retry retry, int attempt)
    {
        // The caller has stopped waiting: that nothing was accepted need not be logged.
        _deadlineToken.ThrowIfCancellationRequested();
        TimeSpan delay = Backoff.GetDelay(attempt, retry.Delay, connection.Services);
        if (!deadline.HasTimeFor(delay)) throw CreateTimeoutError(retry);

        string message = $"The service did not accept a request ({retry.Reason.TrimEnd('.')}). Retrying in {DisplayText.FormatSeconds(delay)}.";
        if (retry.IsUnreachable && failures.TryWarnUnreachable()) log?.LogWarning(message);
        else log?.LogVerbose(message);
        await connection.Services.Time.DelayAsync(delay, _deadlineToken).ConfigureAwait(false);
    }

    /// <summary>Sends the request once, and adds the generation that the service accepted to the account.</summary>
    private async Task<(Outcome Outcome, Generation? Accepted)> SendAsync()
    {
        // A track id that the user chose may be that of other requests too, and identifies nothing.
        using DeliveryTracker.TrackedSubmission? tracked = _account.Deliveries.HasOwnWebhook(_requestToSend) && request.TrackId is null && _requestToSend.TrackId is { } trackId
            ? _account.Deliveries.TrackSubmission(trackId)
            : null;
        if (options.SubmissionLog is { } before) await before.RecordSendingAsync().ConfigureAwait(false);
        DateTimeOffset sentAt = connection.Services.Time.GetUtcNow();
        // An inline image needs base64, and the service then returns the images as base64 (Q35). The request that the user sees does not contain it.
        Request sent = _face.IsInline ? _requestToSend with { Base64 = true } : _requestToSend;
        bool canChangeFace = _face.Replaces is null && (_face.IsInline ? options.UploadFace : _face.UploadedSha256 is not null);
        // The deadline cancels the request only before its first byte is sent.
        ApiResult result = await connection.Api.SubmitAsync(connection.Address.Generate,
            json => RequestJson.Write(json, sent, _face.Text), _deadlineToken).ConfigureAwait(false);
        Outcome outcome = OutcomeClassifier.ClassifySubmission(result, RequestEcho.Create(sent, _face.Text), canChangeFace);
        if (outcome is Outcome.Uncertain uncertain && tracked is not null) outcome = await ReconcileAsync(uncertain, tracked).ConfigureAwait(false);
        Generation? accepted = outcome switch
        {
            Outcome.Finished finished => Accept(finished.Response, finished.Status, sentAt),
            Outcome.Pending pending => Accept(pending.Response, GenerationStatus.Processing, sentAt),
            _ => null,
        };
        if (outcome is Outcome.Uncertain or Outcome.Failed { Error.Code: ErrorCode.GenerationFailed }) _account.ImagePrice.Restart();
        if (accepted is not null) _account.WarnOfUnknownStatus(result.Response, accepted.Id);
        if (options.SubmissionLog is { } after) await after.RecordOutcomeAsync(outcome, accepted).ConfigureAwait(false);
        return (outcome, accepted);
    }

    /// <summary>Waits for a webhook delivery for a submission whose response was lost, which shows that the service accepted it.</summary>
    private async Task<Outcome> ReconcileAsync(Outcome.Uncertain uncertain, DeliveryTracker.TrackedSubmission tracked)
    {
        if (!_account.Deliveries.IsReliable) return uncertain;

        TimeSpan timeout = _account.AssumedDuration;
        log?.LogVerbose($"{LostResponse.Describe(uncertain.Reason)} FaceGen waits up to {timeout.TotalSeconds:0} s for its webhook delivery.");
        using (var timeoutSource = CancellationTokenSource.CreateLinkedTokenSource(connection.LifetimeToken))
        {
            await Task.WhenAny(tracked.Id, connection.Services.Time.DelayAsync(timeout, timeoutSource.Token)).ConfigureAwait(false);
            timeoutSource.Cancel();
        }

        if (!tracked.Id.IsCompleted) return uncertain;

        string id = await tracked.Id.ConfigureAwait(false);
        try
        {
            // A delivery may be forged: only a fetch shows that there is such a generation.
            if (_account.Find(id) is not null) return uncertain;

            await Fetcher.FetchWithRetryAsync(connection, new Generation { Id = id }, message => log?.LogVerbose(message), PendingGeneration.ImageLifetime, connection.LifetimeToken).ConfigureAwait(false);
            return new Outcome.Pending(ServiceResponse.CreateAccepted(id));
        }
        catch (Exception e) when (e is FaceGenException or OperationCanceledException)
        {
            log?.LogVerbose($"The webhook delivery for generation {id} was not confirmed: {e.Message}");
            return uncertain;
        }
    }

    private Generation Accept(ServiceResponse response, GenerationStatus status, DateTimeOffset sentAt)
    {
        var generation = new Generation
        {
            // A response that brings the images at once may lack an id: nothing is left to fetch.
            Id = response.AcceptedId ?? Guid.NewGuid().ToString("N"),
            CreatedAt = sentAt,
            Prompt = request.Prompt,
            Seed = request.Seed,
            TrackId = _requestToSend.TrackId,
            Request = request,
            Connection = connection,
        };
        _account.ImagePrice.AddImages(request.ImageCount);
        _account.Slots.RecoverLimit();
        _account.AdaptiveRateLimiter.AddAccepted();
        bool endIsKnown = status == GenerationStatus.Processing || !response.IsPending;
        // A response with links alone does not say when the service has finished.
        if (!endIsKnown) _ = _account.ReleaseLaterAsync(connection, _slot);
        bool isDeliveryExpected = _account.Deliveries.HasOwnWebhook(_requestToSend);
        // A delivery for it would be the first to name the service's id.
        if (response.Id is null && isDeliveryExpected && request.TrackId is null && _requestToSend.TrackId is { } trackId) _account.Deliveries.MarkTrackIdFinished(trackId);
        Generation accepted = generation.WithResponse(response, status);
        _account.Add(connection, accepted, new PendingOptions
        {
            Slot = endIsKnown ? _slot : null,
            IsNew = true,
            IsDeliveryExpected = isDeliveryExpected,
            IsAwaited = accepted.IsFinished || options.Wait || options.SubmissionLog is not null,
        });
        // As it was accepted, not as a first poll may have found it meanwhile: a ledger records each step.
        return accepted;
    }

    private FaceGenException CreateTimeoutError(Outcome.Retry retry) => _uncertain is not null
        ? CreateRepeatedError(_uncertain, $"the service did not accept it within {deadline.Duration.TotalSeconds:0} s")
        : retry.PersistentError ?? (retry.IsUnreachable
            ? new FaceGenException(ErrorCode.ServiceUnreachable,
                $"{connection.BaseUri} could not be reached within {deadline.Duration.TotalSeconds:0} s ({retry.Reason.TrimEnd('.')}). Nothing was accepted. Check the network and the address, then run the command again.")
            : CreateNotAcceptedError(deadline.Duration, retry.Reason));

    /// <summary>Creates the error of a lost response after which the submission was sent again in vain.</summary>
    private static FaceGenException CreateRepeatedError(Outcome.Uncertain uncertain, string failure) =>
        LostResponse.CreateError(uncertain.Reason, $"It was sent again, but {failure}. Check the account's generations (Get-FaceGenImage -All) before you run the command again.");

    /// <summary>Creates the error of a request that the service did not accept within the timeout.</summary>
    internal static FaceGenException CreateNotAcceptedError(TimeSpan timeout, string reason) => new(ErrorCode.ServiceBusy,
        $"The service accepted nothing within {timeout.TotalSeconds:0} s: {reason.TrimEnd('.')}. Nothing was charged. Run the command again later, or raise its timeout.");
}
