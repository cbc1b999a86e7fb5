using FaceGen.Batches.Ledgers;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Batches.Running;

/// <summary>
/// Records each step of a claimed row in the ledger. The response to a submission in flight is recorded also if nothing waits for the
/// row any more.
/// </summary>
/// <param name="row">The row as it was claimed.</param>
/// <param name="run">The run.</param>
/// <param name="ledger">The ledger.</param>
internal sealed class RowRecorder(LedgerRow row, RunContext run, RunLedger ledger) : ISubmissionLog
{
    /// <summary>How long a claim is certain: a worker that is silent for longer may have lost it.</summary>
    private static readonly TimeSpan FreshClaim = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private TaskCompletionSource<bool>? _inFlight;
    private DateTimeOffset? _uncertainSince = row.SubmittedAt;
    private bool _isClosed;

    /// <summary>True if the row's attempts count the submission that is in flight, or that the claim is for.</summary>
    private bool _isAttemptCounted = true;

    /// <summary>Gets the row as it is in the ledger, or as it is to be: an accepted row stays accepted also if that could not be recorded.</summary>
    internal LedgerRow Row { get; private set; } = row;

    /// <summary>True if another worker has claimed the row.</summary>
    internal bool IsClaimLost { get; private set; }

    /// <summary>
    /// Gets the error of a submission of this or an earlier run whose outcome is unknown; null if there is none, or if a later submission
    /// was accepted.
    /// </summary>
    internal FaceGenException? UncertainError { get; private set; } =
        row is { Status: BatchItemStatus.Submitting, ErrorCode: ErrorCode.SubmissionUncertain } ? new FaceGenException(ErrorCode.SubmissionUncertain, LostResponse.RemoveNotSentAgain(row.Error ?? "")) : null;

    /// <summary>True if a submission of this run was accepted, or may have been.</summary>
    internal bool IsPaid { get; private set; }

    /// <inheritdoc/>
    public async Task RecordSendingAsync()
    {
        lock (_gate)
        {
            if (_isClosed || IsClaimLost) throw new OperationCanceledException();
            _inFlight = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        try
        {
            // Nothing is paid for while results cannot be saved.
            await run.StorageRetry.WaitUntilWritableAsync(run.EndToken).ConfigureAwait(false);

            // A submission that may have been accepted before may be paid for again.
            if (IsPaid && !run.Limits.TryReserveImages(Row.Images)) throw UncertainError!;

            // A fresh claim has recorded the first submission.
            if (!_isAttemptCounted || run.Now - Row.SubmittedAt > FreshClaim)
            {
                await WriteAsync(Row with
                {
                    Status = BatchItemStatus.Submitting,
                    Attempts = _isAttemptCounted ? Row.Attempts : Row.Attempts + 1,
                    SubmittedAt = run.Now,
                }).ConfigureAwait(false);
                _isAttemptCounted = true;
            }

            if (IsClaimLost) throw new OperationCanceledException();
        }
        catch
        {
            _inFlight.TrySetResult(true);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task RecordOutcomeAsync(Outcome outcome, Generation? accepted)
    {
        if (IsPaid && outcome is Outcome.Failed or Outcome.Retry) run.Limits.ReleaseImages(Row.Images);
        IsPaid |= outcome is not (Outcome.Failed or Outcome.Retry);
        if (FindRetryReason(outcome) is { } reason) run.Observer.OnRetry(Row.Source, reason);
        try
        {
            switch (outcome)
            {
                case Outcome.Finished or Outcome.Pending:
                    await RecordAcceptedAsync(accepted!).ConfigureAwait(false);
                    break;
                case Outcome.Failed { Error.EndsRun: false } failed when UncertainError is null:
                    await RecordEndAsync(BatchItemStatus.Failed, failed.Error).ConfigureAwait(false);
                    break;
                case Outcome.Uncertain uncertain:
                    (_uncertainSince, _isAttemptCounted) = (Row.SubmittedAt, false);
                    UncertainError = LostResponse.CreateError(uncertain.Reason, run.Options.RetryUncertain ? null : LostResponse.NotSentAgain);
                    if (uncertain.FatalError is { } fault) run.Limits.StopSubmitting(fault);
                    // If it is submitted again, it is recorded only if that fails.
                    if (!run.Options.RetryUncertain) await RecordEndAsync(BatchItemStatus.Uncertain, UncertainError).ConfigureAwait(false);
                    break;
                default:
                    // Before the slot is free for another row, which would fail too.
                    if (outcome is Outcome.Failed { Error: { EndsRun: true } fatal }) run.Limits.StopSubmitting(fatal);
                    await RecordWaitingAsync().ConfigureAwait(false);
                    break;
            }
        }
        catch (Exception e) when (accepted is not null && e is FaceGenException or OperationCanceledException)
        {
            WarnNotRecorded(accepted, $", but could not be recorded in the ledger ({e.Message.TrimEnd('.')})");
        }
        finally
        {
            _inFlight?.TrySetResult(true);
        }
    }

    /// <summary>Prevents further submissions, and waits for the response to the one in flight.</summary>
    internal async Task CloseAsync()
    {
        Task responded;
        lock (_gate)
        {
            _isClosed = true;
            responded = _inFlight?.Task ?? Task.CompletedTask;
        }

        await responded.ConfigureAwait(false);
    }

    /// <summary>Records that nothing is in flight for the row: if the process is killed while it waits, it is pending and not uncertain.</summary>
    internal Task RecordWaitingAsync()
    {
        // A row may wait more than once before it is sent.
        int attempts = _isAttemptCounted ? Row.Attempts - 1 : Row.Attempts;
        _isAttemptCounted = false;
        // A row that may have been accepted before is never pending, although this submission was refused.
        return WriteAsync(UncertainError is null
            ? Row with { Status = BatchItemStatus.Pending, Attempts = attempts }
            : Row with { Status = BatchItemStatus.Submitting, Attempts = attempts, SubmittedAt = _uncertainSince });
    }

    /// <summary>Records that the images are ready.</summary>
    internal Task RecordGeneratedAsync(Generation generation) => Row.Status == BatchItemStatus.Generated
        ? Task.CompletedTask
        : WriteAsync(WithGeneration(generation, BatchItemStatus.Generated) with { GeneratedAt = run.Now });

    /// <summary>Records the saved images. Inline images are removed from the ledger.</summary>
    internal Task RecordSavedAsync(Generation generation, IReadOnlyList<LedgerFile> files)
    {
        Generation stored = generation with { Images = [.. generation.Images.Where(image => Generation.ParseLink(image) is not null)] };
        return WriteAsync(WithGeneration(stored, LedgerFile.GetRowStatus(files)) with
        {
            Files = files,
            EndedAt = run.Now,
            ErrorCode = null,
            Error = null,
        }, release: true);
    }

    /// <summary>Records that the row has ended without images.</summary>
    internal Task RecordEndAsync(BatchItemStatus status, FaceGenException error) => WriteAsync(Row with
    {
        Status = status,
        EndedAt = run.Now,
        ErrorCode = error.Code,
        Error = error.Message,
        // docs/architecture.md#slots-of-an-uncertain-submission
        SlotUntil = status == BatchItemStatus.Uncertain ? run.Now + run.Account.AssumedDuration : null,
    }, release: true);

    /// <summary>
    /// Releases the claim, so that the next run continues with the row. A row with an uncertain submission ends as uncertain instead.
    /// </summary>
    internal Task ReleaseAsync(FaceGenException? error = null) => UncertainError is not null
        ? _inFlight is null
            // It was not submitted again.
            ? WriteAsync(Row with { Status = BatchItemStatus.Uncertain, Attempts = _isAttemptCounted ? Row.Attempts - 1 : Row.Attempts }, release: true)
            : RecordEndAsync(BatchItemStatus.Uncertain, UncertainError)
        : WriteAsync(Row with
        {
            // No submission is in flight any more.
            Status = Row.Status == BatchItemStatus.Submitting ? BatchItemStatus.Pending : Row.Status,
            Attempts = Row.Status == BatchItemStatus.Submitting ? Row.Attempts - 1 : Row.Attempts,
            ErrorCode = error?.Code,
            Error = error?.Message,
        }, release: true);

    /// <summary>Returns why a submission is sent again; null if it is not.</summary>
    private FaceGenException? FindRetryReason(Outcome outcome) => outcome switch
    {
        Outcome.Retry retry => new FaceGenException(retry.PersistentError?.Code ?? (retry.IsUnreachable ? ErrorCode.ServiceUnreachable : ErrorCode.ServiceBusy), retry.Reason),
        Outcome.Uncertain { FatalError: null } uncertain when run.Options.RetryUncertain => new FaceGenException(ErrorCode.SubmissionUncertain, uncertain.Reason),
        _ => null,
    };

    private async Task RecordAcceptedAsync(Generation accepted)
    {
        bool isReady = accepted.StatusValue == GenerationStatus.Success;
        // Before the write, which may fail: an accepted row must not be submitted again.
        Row = WithGeneration(accepted, isReady ? BatchItemStatus.Generated : BatchItemStatus.Submitted) with
        {
            SubmittedAt = accepted.CreatedAt,
            GeneratedAt = isReady ? run.Now : null,
            EndedAt = null,
            SlotUntil = null,
            ErrorCode = null,
            Error = null,
        };
        UncertainError = null;
        await WriteAsync(Row).ConfigureAwait(false);
        if (IsClaimLost) WarnNotRecorded(accepted, " after another worker claimed the row");
        else run.Account.MarkIdAcknowledged(accepted.Id);
    }

    private void WarnNotRecorded(Generation accepted, string reason) => run.Observer.LogWarning(
        $"Generation {accepted.Id} ({Row.Source}) was accepted{reason}. It is paid for and not lost. Save it with Wait-FaceGenImage -Id {accepted.Id} | Save-FaceGenOutput.");

    private LedgerRow WithGeneration(Generation generation, BatchItemStatus status) => Row with
    {
        Status = status,
        GenerationId = generation.Id,
        Generation = GenerationSerializer.Serialize(generation),
        ExpiresAt = generation.ExpiresAt,
    };

    private async Task WriteAsync(LedgerRow next, bool release = false)
    {
        if (IsClaimLost) return;

        if (await ledger.WriteAsync(next, release).ConfigureAwait(false)) Row = next;
        else IsClaimLost = true;
    }
}
