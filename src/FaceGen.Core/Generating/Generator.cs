namespace FaceGen.Generating;

/// <summary>Submits the requests of one run and waits for their generations.</summary>
/// <param name="connection">The connection that submits.</param>
/// <param name="log">Logs what the engine waits for and why.</param>
internal sealed class Generator(Connection connection, IEngineLog? log = null)
{
    private readonly Account _account = Account.For(connection);
    private readonly RunFailures _failures = new();

    /// <summary>Acquires the account's next free slot.</summary>
    internal Task<Slots.Slot> AcquireSlotAsync(CancellationToken cancellationToken) => _account.AcquireSlotAsync(connection.Services.Time, cancellationToken);

    /// <summary>Returns the value of a request's face image, which it uploads if need be, before the request has a slot.</summary>
    /// <exception cref="FaceGenException">The file does not exist any more, has changed, or is not an image; or the timeout elapsed.</exception>
    internal async Task<FaceImageValue> GetFaceAsync(Request request, GenerateOptions options, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(connection.Services.Time, options.Timeout, cancellationToken);
        Task<FaceImageValue> face = _account.FaceUploads.GetValueAsync(connection, request.FaceImage, options, log, deadline.Token);
        return await deadline.EnforceAsync(face, () => Submission.CreateNotAcceptedError(deadline.Duration, "the face image was still being uploaded")).ConfigureAwait(false);
    }

    /// <summary>
    /// Submits a request and, by default, waits for its end. The slot is released when the generation ends, or at once if
    /// nothing was accepted; the caller does not release it.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="face">The value of its face image (<see cref="GetFaceAsync"/>).</param>
    /// <param name="slot">A slot of the account.</param>
    /// <param name="options">Whether to wait, and how long.</param>
    /// <param name="cancellationToken">
    /// Cancels waiting and sending again. A submission in flight goes on: the account awaits its response and keeps the
    /// generation, so that nothing that was charged is lost.
    /// </param>
    /// <exception cref="FaceGenException">Nothing was accepted, the outcome is unknown, or the timeout elapsed.</exception>
    internal async Task<Generation> GenerateAsync(
        Request request, FaceImageValue face, Slots.Slot slot, GenerateOptions options, CancellationToken cancellationToken)
    {
        using IDisposable? warnings = log is null ? null : _account.Warnings.Subscribe(log);
        using var deadline = new Deadline(connection.Services.Time, options.Timeout, cancellationToken);
        var submission = new Submission(connection, _failures, request, face, slot, options, deadline, log);
        Task<Generation> submitting = submission.SubmitAsync();
        // The account keeps the outcome if this caller stops waiting.
        submitting.ObserveException();
        Generation generation;
        try
        {
            generation = await deadline.EnforceAsync(submitting.WaitAsync(deadline.Token), () => submitting.IsCompleted || submission.NotAcceptedReason is not null
                ? Submission.CreateNotAcceptedError(deadline.Duration, submission.NotAcceptedReason ?? "no response")
                : new FaceGenException(ErrorCode.GenerationTimeout,
                    $"The service did not respond to the submission within {deadline.Duration.TotalSeconds:0} s. {LostResponse.Consequence} FaceGen still waits for the response. Get-FaceGenImage shows the outcome.")).ConfigureAwait(false);
        }
        catch
        {
            _ = ReleaseToReceiverAsync(submitting);
            throw;
        }

        return options.Wait ? await WaitAsync(generation, deadline).ConfigureAwait(false) : generation;
    }

    /// <summary>Waits until a generation ends.</summary>
    /// <exception cref="FaceGenException">The service does not report the generation, or the timeout elapsed.</exception>
    internal async Task<Generation> WaitAsync(Generation generation, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(connection.Services.Time, timeout, cancellationToken);
        return await WaitAsync(generation, deadline).ConfigureAwait(false);
    }

    /// <summary>Waits for the end of a generation that another process submitted. It occupies a slot, even if none is free here.</summary>
    /// <exception cref="FaceGenException">The service does not report the generation, or the timeout elapsed.</exception>
    internal Task<Generation> ResumeAsync(Generation generation, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_account.Find(generation.Id) is null) _account.Add(connection, generation, new PendingOptions { Slot = _account.Slots.AcquireOverLimit() });
        return WaitAsync(generation, timeout, cancellationToken);
    }

    private async Task<Generation> WaitAsync(Generation generation, Deadline deadline)
    {
        if (generation.IsFinished) return generation;

        PendingGeneration? known = _account.Find(generation.Id);
        PendingGeneration pending = known ?? _account.Add(connection, generation);
        using IDisposable? messages = log is null ? null : pending.Subscribe(log);
        using IDisposable? warnings = log is null ? null : _account.Warnings.Subscribe(log);
        pending.SetAwaited(true);
        bool hasEnded = false;
        try
        {
            Generation ended = await deadline.EnforceAsync(pending.WaitForEndAsync(connection).WaitAsync(deadline.Token), () => new FaceGenException(
                ErrorCode.GenerationTimeout,
                $"Generation {generation.Id} was not ready within {deadline.Duration.TotalSeconds:0} s. It continues at the service and is not lost. 'Wait-FaceGenImage -Id {generation.Id}' waits for it again.")).ConfigureAwait(false);
            hasEnded = true;
            return ended;
        }
        catch (FaceGenException e) when (known is null && e.Code == ErrorCode.GenerationNotFound)
        {
            // An id that was mistyped is not kept.
            _account.Remove(generation.Id);
            throw;
        }
        finally
        {
            if (!hasEnded) pending.SetAwaited(false);
        }
    }

    /// <summary>Leaves the generation to Receive-FaceGenWebhook when its submission has ended: the caller stopped waiting.</summary>
    private async Task ReleaseToReceiverAsync(Task<Generation> submission)
    {
        await Task.WhenAny(submission).ConfigureAwait(false);
        if (submission.Status == TaskStatus.RanToCompletion) _account.Find((await submission.ConfigureAwait(false)).Id)?.SetAwaited(false);
    }
}
