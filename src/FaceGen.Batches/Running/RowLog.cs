using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Batches.Running;

/// <summary>
/// Enters in the ledger, step by step, what becomes of one row that this run has taken. A submission that is out has its
/// answer entered also where nobody waits for the row any more.
/// </summary>
/// <param name="row">The row as it was taken.</param>
/// <param name="run">What the run works with.</param>
internal sealed class RowLog(LedgerRow row, RunParts run) : ISubmissionLog
{
    /// <summary>Who is silent for longer may be taken for dead: then its rows are others'.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private TaskCompletionSource<bool>? _out;
    private DateTimeOffset? _doubtedAt = row.SubmittedAt;
    private bool _isClosed;

    /// <summary>The row as it stands in the ledger; one that was accepted is so here also where that could not be entered.</summary>
    internal LedgerRow Row { get; private set; } = row;

    /// <summary>Whether somebody else has taken the row over.</summary>
    internal bool IsLost { get; private set; }

    /// <summary>
    /// Why a submission, of this run or of an earlier one, may have been accepted of which nothing was heard; null where there
    /// is none, or a later one was accepted for certain.
    /// </summary>
    internal FaceGenException? Doubt { get; private set; } =
        row is { Status: BatchItemStatus.Submitting, ErrorCode: ErrorCode.SubmissionUncertain } ? new FaceGenException(ErrorCode.SubmissionUncertain, row.Error ?? "") : null;

    /// <summary>Whether a submission of this run was accepted, or may have been.</summary>
    internal bool IsPaid { get; private set; }

    /// <inheritdoc/>
    public async Task SendingAsync()
    {
        bool isFirst;
        lock (_gate)
        {
            if (_isClosed || IsLost) throw new OperationCanceledException();
            isFirst = _out is null;
            _out = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        try
        {
            // Nothing is paid for while what is paid for cannot be saved.
            await run.Room.WhenWritableAsync(run.End).ConfigureAwait(false);

            // What may have been accepted before may be paid for once more.
            if (IsPaid && !run.Brakes.TryCount(Row.Images)) throw Doubt!;

            // The first submission was entered when the row was taken, if that was just now.
            if (!isFirst || run.Now - Row.SubmittedAt > Fresh)
            {
                await WriteAsync(Row with
                {
                    Status = BatchItemStatus.Submitting,
                    Attempts = isFirst ? Row.Attempts : Row.Attempts + 1,
                    SubmittedAt = run.Now,
                }).ConfigureAwait(false);
            }

            if (IsLost) throw new OperationCanceledException();
        }
        catch
        {
            _out.TrySetResult(true);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task AnsweredAsync(Outcome outcome, Generation? accepted)
    {
        if (IsPaid && outcome is Outcome.Failed or Outcome.Retry) run.Brakes.Uncount(Row.Images);
        IsPaid |= outcome is not (Outcome.Failed or Outcome.Retry);
        try
        {
            switch (outcome)
            {
                case Outcome.Ended or Outcome.UnderWay:
                    await AcceptAsync(accepted!).ConfigureAwait(false);
                    break;
                case Outcome.Failed { Error.EndsRun: false } failed when Doubt is null:
                    await EndAsync(BatchItemStatus.Failed, failed.Error).ConfigureAwait(false);
                    break;
                case Outcome.Uncertain uncertain:
                    _doubtedAt = Row.SubmittedAt;
                    Doubt = new FaceGenException(ErrorCode.SubmissionUncertain, $"The answer to the submission was lost: {uncertain.Reason.TrimEnd('.')}.");
                    if (uncertain.Fault is { } fault) run.Brakes.Stop(fault);
                    // Where it is to be sent again, it is entered only if that comes to nothing.
                    if (!run.Options.RetryUncertain) await EndAsync(BatchItemStatus.Uncertain, Doubt).ConfigureAwait(false);
                    break;
                default:
                    // Before the slot is free for another row, which would only fail too.
                    if (outcome is Outcome.Failed { Error: { EndsRun: true } fatal }) run.Brakes.Stop(fatal);
                    // What may have been accepted before is never pending, however this submission was refused.
                    BatchItemStatus status = Doubt is null ? BatchItemStatus.Pending : BatchItemStatus.Submitting;
                    await WriteAsync(Row with
                    {
                        Status = status,
                        Attempts = Row.Attempts - 1,
                        SubmittedAt = Doubt is null ? Row.SubmittedAt : _doubtedAt,
                    }).ConfigureAwait(false);
                    break;
            }
        }
        catch (Exception e) when (accepted is not null && e is FaceGenException or OperationCanceledException)
        {
            WarnOfUnentered(accepted, $", and could not be entered in the ledger ({e.Message.TrimEnd('.')})");
        }
        finally
        {
            _out!.TrySetResult(true);
        }
    }

    /// <summary>Waits for the answer to a submission that is out; from then on nothing more is sent.</summary>
    internal async Task CloseAsync()
    {
        Task answered;
        lock (_gate)
        {
            _isClosed = true;
            answered = _out?.Task ?? Task.CompletedTask;
        }

        await answered.ConfigureAwait(false);
    }

    /// <summary>The images are ready.</summary>
    internal Task GeneratedAsync(Generation generation) => Row.Status == BatchItemStatus.Generated
        ? Task.CompletedTask
        : WriteAsync(Known(generation, BatchItemStatus.Generated) with { GeneratedAt = run.Now });

    /// <summary>Each image stands in a file. One that came as base64 in place is not kept in the ledger as well.</summary>
    internal Task SavedAsync(Generation generation, IReadOnlyList<LedgerFile> files)
    {
        Generation kept = generation with { Images = [.. generation.Images.Where(image => Generation.AsLink(image) is not null)] };
        return WriteAsync(Known(kept, LedgerFile.StatusOf(files)) with
        {
            Files = files,
            EndedAt = run.Now,
            ErrorCode = null,
            Error = null,
        }, release: true);
    }

    /// <summary>The row has come to an end without images.</summary>
    internal Task EndAsync(BatchItemStatus status, FaceGenException error) => WriteAsync(Row with
    {
        Status = status,
        EndedAt = run.Now,
        ErrorCode = error.Code,
        Error = error.Message,
        PlaceUntil = status == BatchItemStatus.Uncertain ? run.Now + run.Account.LongTime : null,
    }, release: true);

    /// <summary>
    /// Nobody works on the row any more in this run; the next one goes on where this one was. Where there is a doubt it does
    /// not: then the row has ended.
    /// </summary>
    internal Task ReleaseAsync(FaceGenException? error = null) => Doubt is not null
        ? _out is null
            // Not sent again after all: it is as it was.
            ? WriteAsync(Row with { Status = BatchItemStatus.Uncertain, Attempts = Row.Attempts - 1 }, release: true)
            : EndAsync(BatchItemStatus.Uncertain, Doubt)
        : WriteAsync(Row with
        {
            // A submission that was out has been answered by now.
            Status = Row.Status == BatchItemStatus.Submitting ? BatchItemStatus.Pending : Row.Status,
            Attempts = Row.Status == BatchItemStatus.Submitting ? Row.Attempts - 1 : Row.Attempts,
            ErrorCode = error?.Code,
            Error = error?.Message,
        }, release: true);

    private async Task AcceptAsync(Generation accepted)
    {
        bool isReady = accepted.Status == GenerationStatus.Success;
        // Whatever becomes of the write: from here on nothing may send the row again.
        Row = Known(accepted, isReady ? BatchItemStatus.Generated : BatchItemStatus.Submitted) with
        {
            SubmittedAt = accepted.CreatedAt,
            GeneratedAt = isReady ? run.Now : null,
            EndedAt = null,
            PlaceUntil = null,
            ErrorCode = null,
            Error = null,
        };
        Doubt = null;
        await WriteAsync(Row).ConfigureAwait(false);
        if (IsLost) WarnOfUnentered(accepted, " after another worker had taken the row over");
        else run.Account.MarkReported(accepted.Id);
    }

    private void WarnOfUnentered(Generation accepted, string how) => run.Listener.Warn(
        $"Generation {accepted.Id} ({Row.Source}) was accepted{how}. It is not lost: Wait-FaceGenImage -Id {accepted.Id} | Save-FaceGenOutput brings it in.");

    private LedgerRow Known(Generation generation, BatchItemStatus status) => Row with
    {
        Status = status,
        GenerationId = generation.Id,
        Generation = GenerationText.Write(generation),
        ExpiresAt = generation.ExpiresAt,
    };

    private async Task WriteAsync(LedgerRow next, bool release = false)
    {
        if (IsLost) return;

        if (await run.WriteAsync(next, release).ConfigureAwait(false)) Row = next;
        else IsLost = true;
    }
}
