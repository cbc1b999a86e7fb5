using FaceGen.Batches.Ledgers;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Batches.Running;

/// <summary>
/// Enters in the ledger, step by step, what becomes of one row that this run has taken. A submission that is out has its
/// answer entered also where nobody waits for the row any more.
/// </summary>
/// <param name="row">The row as it was taken.</param>
/// <param name="run">What the run works with.</param>
internal sealed class RowRecorder(LedgerRow row, RunContext run) : ISubmissionLog
{
    /// <summary>Who is silent for longer may be taken for dead: then its rows are others'.</summary>
    private static readonly TimeSpan FreshClaim = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private TaskCompletionSource<bool>? _inFlight;
    private DateTimeOffset? _uncertainSince = row.SubmittedAt;
    private bool _isClosed;

    /// <summary>The row as it stands in the ledger; one that was accepted is so here also where that could not be entered.</summary>
    internal LedgerRow Row { get; private set; } = row;

    /// <summary>Whether somebody else has taken the row over.</summary>
    internal bool IsClaimLost { get; private set; }

    /// <summary>
    /// Why a submission, of this run or of an earlier one, may have been accepted of which nothing was heard; null where there
    /// is none, or a later one was accepted for certain.
    /// </summary>
    internal FaceGenException? UncertainError { get; private set; } =
        row is { Status: BatchItemStatus.Submitting, ErrorCode: ErrorCode.SubmissionUncertain } ? new FaceGenException(ErrorCode.SubmissionUncertain, row.Error ?? "") : null;

    /// <summary>Whether a submission of this run was accepted, or may have been.</summary>
    internal bool IsPaid { get; private set; }

    /// <inheritdoc/>
    public async Task RecordSendingAsync()
    {
        bool isFirst;
        lock (_gate)
        {
            if (_isClosed || IsClaimLost) throw new OperationCanceledException();
            isFirst = _inFlight is null;
            _inFlight = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        try
        {
            // Nothing is paid for while what is paid for cannot be saved.
            await run.StorageRetry.WaitUntilWritableAsync(run.EndToken).ConfigureAwait(false);

            // What may have been accepted before may be paid for once more.
            if (IsPaid && !run.Limits.TryReserveImages(Row.Images)) throw UncertainError!;

            // The first submission was entered when the row was taken, if that was just now.
            if (!isFirst || run.Now - Row.SubmittedAt > FreshClaim)
            {
                await WriteAsync(Row with
                {
                    Status = BatchItemStatus.Submitting,
                    Attempts = isFirst ? Row.Attempts : Row.Attempts + 1,
                    SubmittedAt = run.Now,
                }).ConfigureAwait(false);
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
    public async Task RecordAnswerAsync(Outcome outcome, Generation? accepted)
    {
        if (IsPaid && outcome is Outcome.Failed or Outcome.Retry) run.Limits.ReleaseImages(Row.Images);
        IsPaid |= outcome is not (Outcome.Failed or Outcome.Retry);
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
                    _uncertainSince = Row.SubmittedAt;
                    UncertainError = new FaceGenException(ErrorCode.SubmissionUncertain, $"The answer to the submission was lost: {uncertain.Reason.TrimEnd('.')}.");
                    if (uncertain.FatalError is { } fault) run.Limits.StopSubmitting(fault);
                    // Where it is to be sent again, it is entered only if that comes to nothing.
                    if (!run.Options.RetryUncertain) await RecordEndAsync(BatchItemStatus.Uncertain, UncertainError).ConfigureAwait(false);
                    break;
                default:
                    // Before the slot is free for another row, which would only fail too.
                    if (outcome is Outcome.Failed { Error: { EndsRun: true } fatal }) run.Limits.StopSubmitting(fatal);
                    // What may have been accepted before is never pending, however this submission was refused.
                    BatchItemStatus status = UncertainError is null ? BatchItemStatus.Pending : BatchItemStatus.Submitting;
                    await WriteAsync(Row with
                    {
                        Status = status,
                        Attempts = Row.Attempts - 1,
                        SubmittedAt = UncertainError is null ? Row.SubmittedAt : _uncertainSince,
                    }).ConfigureAwait(false);
                    break;
            }
        }
        catch (Exception e) when (accepted is not null && e is FaceGenException or OperationCanceledException)
        {
            WarnNotRecorded(accepted, $", and could not be entered in the ledger ({e.Message.TrimEnd('.')})");
        }
        finally
        {
            _inFlight!.TrySetResult(true);
        }
    }

    /// <summary>Waits for the answer to a submission that is out; from then on nothing more is sent.</summary>
    internal async Task CloseAsync()
    {
        Task answered;
        lock (_gate)
        {
            _isClosed = true;
            answered = _inFlight?.Task ?? Task.CompletedTask;
        }

        await answered.ConfigureAwait(false);
    }

    /// <summary>The images are ready.</summary>
    internal Task RecordGeneratedAsync(Generation generation) => Row.Status == BatchItemStatus.Generated
        ? Task.CompletedTask
        : WriteAsync(WithGeneration(generation, BatchItemStatus.Generated) with { GeneratedAt = run.Now });

    /// <summary>Each image stands in a file. One that came as base64 in place is not kept in the ledger as well.</summary>
    internal Task RecordSavedAsync(Generation generation, IReadOnlyList<LedgerFile> files)
    {
        Generation kept = generation with { Images = [.. generation.Images.Where(image => Generation.ParseLink(image) is not null)] };
        return WriteAsync(WithGeneration(kept, LedgerFile.GetRowStatus(files)) with
        {
            Files = files,
            EndedAt = run.Now,
            ErrorCode = null,
            Error = null,
        }, release: true);
    }

    /// <summary>The row has come to an end without images.</summary>
    internal Task RecordEndAsync(BatchItemStatus status, FaceGenException error) => WriteAsync(Row with
    {
        Status = status,
        EndedAt = run.Now,
        ErrorCode = error.Code,
        Error = error.Message,
        SlotUntil = status == BatchItemStatus.Uncertain ? run.Now + run.Account.AssumedDuration : null,
    }, release: true);

    /// <summary>
    /// Nobody works on the row any more in this run; the next one goes on where this one was. Where there is a doubt it does
    /// not: then the row has ended.
    /// </summary>
    internal Task ReleaseAsync(FaceGenException? error = null) => UncertainError is not null
        ? _inFlight is null
            // Not sent again after all: it is as it was.
            ? WriteAsync(Row with { Status = BatchItemStatus.Uncertain, Attempts = Row.Attempts - 1 }, release: true)
            : RecordEndAsync(BatchItemStatus.Uncertain, UncertainError)
        : WriteAsync(Row with
        {
            // A submission that was out has been answered by now.
            Status = Row.Status == BatchItemStatus.Submitting ? BatchItemStatus.Pending : Row.Status,
            Attempts = Row.Status == BatchItemStatus.Submitting ? Row.Attempts - 1 : Row.Attempts,
            ErrorCode = error?.Code,
            Error = error?.Message,
        }, release: true);

    private async Task RecordAcceptedAsync(Generation accepted)
    {
        bool isReady = accepted.Status == GenerationStatus.Success;
        // Whatever becomes of the write: from here on nothing may send the row again.
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
        if (IsClaimLost) WarnNotRecorded(accepted, " after another worker had taken the row over");
        else run.Account.MarkReported(accepted.Id);
    }

    private void WarnNotRecorded(Generation accepted, string reason) => run.Observer.LogWarning(
        $"Generation {accepted.Id} ({Row.Source}) was accepted{reason}. It is not lost: Wait-FaceGenImage -Id {accepted.Id} | Save-FaceGenOutput brings it in.");

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

        if (await run.WriteAsync(next, release).ConfigureAwait(false)) Row = next;
        else IsClaimLost = true;
    }
}
