using System.Runtime.CompilerServices;
using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.Webhooks;

namespace FaceGen.Generating;

/// <summary>Submits requests and waits for what comes of them.</summary>
/// <param name="connection">The connection that submits.</param>
/// <param name="listener">Is told what is waited for and why.</param>
internal sealed class Generator(Connection connection, IListener? listener = null)
{
    private readonly Account _account = Account.Of(connection);
    private readonly FailureStreak _streak = new();
    private int _unreachableWarned;

    /// <summary>What every other request would fail with too; it is known before the slot of the one that met it is free.</summary>
    private volatile FaceGenException? _fatal;

    /// <summary>Takes the account's next free slot.</summary>
    internal Task<Slots.Slot> TakeSlotAsync(CancellationToken cancel) => _account.Slots.TakeAsync(cancel);

    /// <summary>Uploads a face image that several requests will use, before the first of them has a slot.</summary>
    /// <exception cref="FaceGenException">The file has gone, or is no longer an image.</exception>
    internal Task UploadAsync(FaceImage face, CancellationToken cancel) => _account.Faces.UploadAsync(connection, face, null, listener, cancel);

    /// <summary>
    /// Submits a request and, unless told otherwise, waits for its end. The slot is given back when the generation
    /// ends, or at once where nothing was accepted; from here on it is no longer the caller's.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="slot">A slot of this account's.</param>
    /// <param name="options">Whether to wait, and how long.</param>
    /// <param name="cancel">
    /// Ends waiting and trying again. A submission whose bytes are on their way goes on: its answer is awaited and the
    /// generation kept, so that nothing that was paid for is lost.
    /// </param>
    /// <exception cref="FaceGenException">
    /// Nothing was accepted, or nobody knows whether it was, or the time is over.
    /// </exception>
    internal async Task<Generation> GenerateAsync(
        Request request, Slots.Slot slot, GenerateOptions options, CancellationToken cancel)
    {
        using IDisposable? warnings = listener is null ? null : _account.Warnings.Listen(listener);
        using var deadline = new Deadline(connection.Services.Time, options.Timeout, cancel);
        FaceText face = await FaceAsync(request, slot, options, deadline).ConfigureAwait(false);
        var refusal = new StrongBox<string?>();
        Task<Generation> submission = SubmitAsync(request, face, slot, options, deadline, refusal);
        // Where nobody waits for it any more, its outcome is kept by the account.
        submission.Observe();
        Generation generation;
        try
        {
            generation = await deadline.HoldAsync(submission.UnlessAsync(deadline.Token), () => submission.IsCompleted || refusal.Value is not null
                ? NothingAccepted(deadline, refusal.Value ?? "no answer")
                : new FaceGenException(ErrorCode.GenerationTimeout,
                    $"The service did not answer the submission within {deadline.Length.TotalSeconds:0} seconds. FaceGen still waits for its answer: Get-FaceGenImage shows the outcome.")).ConfigureAwait(false);
        }
        catch
        {
            _ = ReleaseAsync(submission);
            throw;
        }

        return options.Wait ? await WaitAsync(generation, deadline).ConfigureAwait(false) : generation;
    }

    /// <summary>Waits until a generation ends.</summary>
    /// <exception cref="FaceGenException">The service does not tell of it, or the time is over.</exception>
    internal async Task<Generation> WaitAsync(Generation generation, TimeSpan timeout, CancellationToken cancel)
    {
        using var deadline = new Deadline(connection.Services.Time, timeout, cancel);
        return await WaitAsync(generation, deadline).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes up a generation that another process has submitted, and waits for its end. It fills a place of the queue,
    /// whether one is free here or not.
    /// </summary>
    /// <exception cref="FaceGenException">The service does not tell of it, or the time is over.</exception>
    internal Task<Generation> ResumeAsync(Generation generation, TimeSpan timeout, CancellationToken cancel)
    {
        if (_account.Find(generation.Id) is null) _account.Add(connection, generation, _account.Slots.TakeNow());
        return WaitAsync(generation, timeout, cancel);
    }

    private async Task<Generation> WaitAsync(Generation generation, Deadline deadline)
    {
        if (generation.IsFinished) return generation;

        Watch? known = _account.Find(generation.Id);
        Watch watch = known ?? _account.Add(connection, generation, null);
        using IDisposable? listening = listener is null ? null : watch.Listen(listener);
        using IDisposable? warnings = listener is null ? null : _account.Warnings.Listen(listener);
        watch.MarkTaken(true);
        bool hasEnded = false;
        try
        {
            Generation ended = await deadline.HoldAsync(watch.EndAsync(connection).UnlessAsync(deadline.Token), () => new FaceGenException(
                ErrorCode.GenerationTimeout,
                $"Generation {generation.Id} was not ready within {deadline.Length.TotalSeconds:0} seconds. It goes on at the service: Wait-FaceGenImage -Id {generation.Id} waits for it again.")).ConfigureAwait(false);
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
            if (!hasEnded) watch.MarkTaken(false);
        }
    }

    /// <summary>Leaves the outcome of a submission to Receive-FaceGenWebhook: the caller has gone.</summary>
    private async Task ReleaseAsync(Task<Generation> submission)
    {
        await Task.WhenAny(submission).ConfigureAwait(false);
        if (submission.Status == TaskStatus.RanToCompletion) _account.Find((await submission.ConfigureAwait(false)).Id)?.MarkTaken(false);
    }

    /// <summary>What the request carries as its face image; where there is nothing to carry, the slot is given back.</summary>
    private async Task<FaceText> FaceAsync(Request request, Slots.Slot slot, GenerateOptions options, Deadline deadline)
    {
        try
        {
            Task<FaceText> face = _account.Faces.TextAsync(connection, request.FaceImage, options, listener, deadline.Token);
            return await deadline.HoldAsync(face, () => NothingAccepted(deadline, "the face image was still being uploaded")).ConfigureAwait(false);
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
    /// <param name="refusal">Is told why nothing was accepted, as long as nothing is out.</param>
    private async Task<Generation> SubmitAsync(
        Request request, FaceText face, Slots.Slot slot, GenerateOptions options, Deadline deadline, StrongBox<string?> refusal)
    {
        bool kept = false;
        int lasting = 0;
        Outcome.Uncertain? lost = null;
        // Taken now: the deadline itself may be gone before this has ended.
        CancellationToken over = deadline.Token;
        Request sent = _account.Callbacks.Address(request, connection.Address);
        try
        {
            for (int attempt = 0; ; attempt++)
            {
                over.ThrowIfCancellationRequested();
                if (_fatal is not null) throw _fatal;

                int sentAt = _streak.Now;
                (Outcome outcome, Generation? accepted) =
                    await _account.SubmitAsync(request, () => SendAsync(request, sent, face, slot, options, over)).ConfigureAwait(false);
                kept = accepted is not null;
                lasting = outcome is Outcome.Retry { IfItLasts: not null } ? lasting + 1 : 0;
                switch (outcome)
                {
                    case Outcome.Ended or Outcome.UnderWay:
                        // An answer that says at once that the generation failed is not a success.
                        if (outcome is Outcome.Ended { Status: GenerationStatus.Failed } ended) _fatal ??= ended.Fault ?? _streak.AddRefusal(ended.Reason, accepted!.Failure);
                        else _streak.End();
                        if (face.Refused is { } link) _account.Faces.Drop(connection, link);
                        listener?.Tell(Acceptance(request, accepted!));
                        return accepted!;
                    case Outcome.Failed failed:
                        _fatal ??= failed.Error.EndsRun ? failed.Error : _streak.AddRefusal(failed.Reason, failed.Error.Message, failed.IsAboutFace ? options.FaceHash ?? request.FaceImage.ToString() : null);
                        throw failed.Error;
                    case Outcome.Uncertain uncertain when !options.RetryUncertain || uncertain.Fault is not null:
                        _fatal ??= uncertain.Fault ?? _streak.AddUncertain(sentAt, uncertain.Reason);
                        // The service may be at work on it: its place in the queue is not free yet.
                        kept = true;
                        _ = _account.GiveBackLaterAsync(connection, slot);
                        throw Lost(uncertain, "It was not sent again, because that could be paid for twice.");
                    case Outcome.Uncertain uncertain:
                        lost = uncertain;
                        listener?.Warn($"The answer to a submission was lost ({uncertain.Reason.TrimEnd('.')}); it is sent again, as asked, and may be paid for twice.");
                        await WaitToRetryAsync(new Outcome.Retry(uncertain.Reason, null), attempt, deadline, lost, over).ConfigureAwait(false);
                        break;
                    case Outcome.Retry { IfItLasts: { } fault } when lasting == Outcome.Retry.LastingTries:
                        _fatal ??= fault;
                        throw fault;
                    case Outcome.Retry retry:
                        if (retry.IsAboutFace) face = FaceUploads.InPlace(request.FaceImage, face);
                        Task WaitAsync() => WaitToRetryAsync(retry, attempt, deadline, lost, over);
                        if (retry.QueueLimit is { } said) _account.Slots.Correct(said);
                        if (lost is null) refusal.Value = retry.Reason;
                        // One that was lost before may be at the service, and keeps its place.
                        if (retry.QueueIsFull && lost is not null) _account.Slots.GiveWay();
                        if (retry.QueueIsFull && lost is null) slot = await slot.StepBackAsync(WaitAsync, over).ConfigureAwait(false);
                        else await WaitAsync().ConfigureAwait(false);
                        refusal.Value = null;
                        break;
                }
            }
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.SubmissionUncertain && options.Log is null)
        {
            // Kept until it has been told: whoever asked may be gone. A log keeps it by itself.
            _account.Report(e, request);
            throw;
        }
        catch (Exception) when (lost is not null && options.Log is null)
        {
            // Whatever ended the later tries, the first may have been accepted: the next look tells.
            _account.Report(Lost(lost, "Sending it again came to nothing."), request);
            throw;
        }
        finally
        {
            if (!kept) slot.Dispose();
        }
    }

    /// <summary>Sends a request once, and takes in what the service accepted; only before the first byte is it cut off.</summary>
    private async Task<(Outcome Outcome, Generation? Accepted)> SendAsync(
        Request request, Request sent, FaceText face, Slots.Slot slot, GenerateOptions options, CancellationToken unsent)
    {
        ISubmissionLog? log = options.Log;
        // One that the user chose may be that of other requests too, and tells nothing.
        using Callbacks.Tracked? tracked = _account.Callbacks.IsOurs(sent) && request.TrackId is null && sent.TrackId is { } trackId
            ? _account.Callbacks.Track(trackId)
            : null;
        if (log is not null) await log.SendingAsync().ConfigureAwait(false);
        DateTimeOffset sentAt = connection.Services.Time.GetUtcNow();
        ApiResult result = await connection.Api.PostAsync(connection.Address.Generate,
            json => RequestJson.Write(json, sent, face.Text), CancellationToken.None, unsent).ConfigureAwait(false);
        Outcome outcome = Classifier.OfSubmission(result, RequestEcho.Of(sent, face.Text), isFaceUploaded: face.Upload is not null);
        if (outcome is Outcome.Uncertain lost && tracked is not null) outcome = await SettleAsync(lost, tracked).ConfigureAwait(false);
        Generation? accepted = outcome switch
        {
            Outcome.Ended ended => Accept(request, sent, ended.Answer, ended.Status, sentAt, slot, options),
            Outcome.UnderWay underWay => Accept(request, sent, underWay.Answer, GenerationStatus.Processing, sentAt, slot, options),
            _ => null,
        };
        if (accepted is not null) _account.WarnOfStatus(result.Answer, accepted.Id);
        if (log is not null) await log.AnsweredAsync(outcome, accepted).ConfigureAwait(false);
        return (outcome, accepted);
    }

    /// <summary>Waits for the service's call for a submission whose answer was lost: it tells what became of it.</summary>
    private async Task<Outcome> SettleAsync(Outcome.Uncertain lost, Callbacks.Tracked tracked)
    {
        if (!_account.Callbacks.AreComing) return lost;

        TimeSpan patience = _account.LongTime;
        listener?.Tell($"The answer to a submission was lost ({lost.Reason.TrimEnd('.')}): waiting up to {patience.TotalSeconds:0} seconds for the service's call for it.");
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(connection.Lifetime))
        {
            await Task.WhenAny(tracked.Id, connection.Services.Time.Wait(patience, over.Token)).ConfigureAwait(false);
            over.Cancel();
        }

        if (!tracked.Id.IsCompleted) return lost;

        string id = await tracked.Id.ConfigureAwait(false);
        try
        {
            // A call is never believed: only what the service itself knows is a generation.
            if (_account.Find(id) is not null) return lost;

            await Fetch.UntilAnsweredAsync(connection, new Generation { Id = id }, line => listener?.Tell(line), Watch.ImageLife, connection.Lifetime).ConfigureAwait(false);
            return new Outcome.UnderWay(ServiceAnswer.Accepted(id));
        }
        catch (Exception e) when (e is FaceGenException or OperationCanceledException)
        {
            listener?.Tell($"A call for generation {id} was not confirmed: {e.Message}");
            return lost;
        }
    }

    private async Task WaitToRetryAsync(Outcome.Retry retry, int attempt, Deadline deadline, Outcome.Uncertain? lost, CancellationToken over)
    {
        // Nobody waits any more: that nothing was sent is no news.
        over.ThrowIfCancellationRequested();
        TimeSpan wait = Backoff.Wait(attempt, retry.After, connection.Services);
        if (!deadline.HasTimeFor(wait))
        {
            if (lost is not null) throw Lost(lost, $"It was sent again, as asked, and not accepted within {deadline.Length.TotalSeconds:0} seconds.");
            if (retry.IfItLasts is { } fault) throw fault;
            throw retry.IsUnreachable
                ? new FaceGenException(ErrorCode.ServiceUnreachable,
                    $"{connection.BaseUri} could not be reached within {deadline.Length.TotalSeconds:0} seconds ({retry.Reason.TrimEnd('.')}). Nothing was sent.")
                : NothingAccepted(deadline, retry.Reason);
        }

        string line = $"Nothing was accepted ({retry.Reason.TrimEnd('.')}): trying again in {DisplayText.Seconds(wait)}.";
        if (retry.IsUnreachable && Interlocked.Exchange(ref _unreachableWarned, 1) == 0) listener?.Warn(line);
        else listener?.Tell(line);
        await connection.Services.Time.Wait(wait, over).ConfigureAwait(false);
    }

    private static string Acceptance(Request request, Generation accepted)
    {
        string row = request.Source?.ToString() ?? $"'{DisplayText.Clean(request.Prompt, 60)}'";
        string expected = accepted is { IsFinished: false, Eta: > 0 and < 86_400 and var eta }
            ? $", and is expected in {DisplayText.Seconds(TimeSpan.FromSeconds(eta))}"
            : "";
        return $"{row}: generation {accepted.Id} was accepted{expected}.";
    }

    private static FaceGenException Lost(Outcome.Uncertain uncertain, string afterwards) => new(ErrorCode.SubmissionUncertain,
        $"The answer to the submission was lost ({uncertain.Reason.TrimEnd('.')}): the service may or may not have accepted it. {afterwards}");

    private static FaceGenException NothingAccepted(Deadline deadline, string reason) => new(ErrorCode.ServiceBusy,
        $"The service accepted nothing within {deadline.Length.TotalSeconds:0} seconds, and nothing was paid for: {reason.TrimEnd('.')}.");

    private Generation Accept(
        Request request, Request sent, ServiceAnswer answer, GenerationStatus status, DateTimeOffset sentAt, Slots.Slot slot, GenerateOptions options)
    {
        var generation = new Generation
        {
            // An answer that brings the images at once may do without an id: there is nothing left to ask for.
            Id = answer.AcceptedId ?? Guid.NewGuid().ToString("N"),
            CreatedAt = sentAt,
            Prompt = request.Prompt,
            Seed = request.Seed,
            TrackId = sent.TrackId,
            Request = request,
            Connection = connection,
        };
        _account.Slots.Recover();
        bool isHeardOf = status == GenerationStatus.Processing || !answer.IsUnderWay;
        // Where only the links are known, nobody will be told when the service is done with it.
        if (!isHeardOf) _ = _account.GiveBackLaterAsync(connection, slot);
        bool isCalledFor = _account.Callbacks.IsOurs(sent);
        // A delivery for it would be the first to name the service's id.
        if (answer.Id is null && isCalledFor && request.TrackId is null && sent.TrackId is { } trackId) _account.Callbacks.EndWithoutId(trackId);
        Generation accepted = generation.With(answer, status);
        // One that has ended in its own answer is the caller's, and so is one that the caller waits for.
        bool isTaken = accepted.IsFinished || options.Wait || options.Log is not null;
        _account.Add(connection, accepted, isHeardOf ? slot : null, isNew: true, isCalledFor, isTaken);
        // As it was accepted, not as a first poll may have found it meanwhile: a ledger enters each step.
        return accepted;
    }
}
