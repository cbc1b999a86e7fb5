using System.Collections.Concurrent;
using FaceGen.Batches.Ledgers;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>Brings one row from where it stands to its end: submits, waits, saves, and enters each step in the ledger.</summary>
internal sealed class RowProcessor
{
    /// <summary>How long a generation is waited for; a run that never ends serves nobody.</summary>
    private static readonly TimeSpan GenerationTimeout = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<RowRecorder, byte> _active = new();
    private readonly RunContext _run;
    private readonly DownloadQueue _downloads;
    private readonly Generator _generator;
    private readonly ImageSaver _saver;

    internal RowProcessor(RunContext run, DownloadQueue downloads)
    {
        _run = run;
        _downloads = downloads;
        _generator = new Generator(run.Connection, run.Observer);
        _saver = new ImageSaver(run.Connection, run.Options.Save, run.Observer, WriteAsync);
    }

    /// <summary>How many rows are at the service or being saved now: one that was refused and waits to be sent again is not.</summary>
    internal int InFlight => _active.Keys.Count(log => log.Row.Status != BatchItemStatus.Pending);

    /// <summary>Does a row that was taken. The run's end ends waiting; what is out is still entered in the ledger.</summary>
    /// <param name="row">The row.</param>
    /// <param name="throttleSlot">The place that it has at the service in this run.</param>
    /// <param name="slot">The account's slot, where the row is to be submitted.</param>
    /// <returns>The row as it stands then, and what was wrong with it; null where it is nothing to tell.</returns>
    internal async Task<(BatchItem Item, FaceGenException? Error)?> ProcessAsync(LedgerRow row, Slots.Slot throttleSlot, Slots.Slot? slot)
    {
        var log = new RowRecorder(row, _run);
        _active[log] = 0;
        Request? request = null;
        FaceGenException? error = null;
        // Given back here until the submission owns it.
        Slots.Slot? unused = slot;
        try
        {
            Generation generation;
            using (throttleSlot)
            {
                request = await _run.RequestLoader.ReadAsync(row).ConfigureAwait(false);
                unused = null;
                generation = await GenerateAsync(log, request, slot).ConfigureAwait(false);
            }

            if (generation.Status == GenerationStatus.Failed) throw new FaceGenException(ErrorCode.GenerationFailed, generation.FailureMessage);

            await log.RecordGeneratedAsync(generation).ConfigureAwait(false);
            await SaveAsync(log, generation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await log.CloseAsync().ConfigureAwait(false);
            if (IsUnfinished(log.Row.Status)) await log.ReleaseAsync().ConfigureAwait(false);
            return null;
        }
        catch (FaceGenException e)
        {
            await log.CloseAsync().ConfigureAwait(false);
            error = await RecordErrorAsync(log, e).ConfigureAwait(false);
            if (error is null) return null;
        }
        finally
        {
            _active.TryRemove(log, out _);
            unused?.Dispose();
            if (slot is not null && !log.IsPaid) _run.Limits.ReleaseImages(row.Images);
        }

        if (log.IsClaimLost) return null;
        if (request is null) _run.Observer.LogWarning(error!.Message);
        if (log.Row is { GenerationId: { } id } && !IsUnfinished(log.Row.Status)) _run.Account.Forget(id);
        return request is null ? null : (BatchItems.FromRow(log.Row, request, _run.Connection), error);
    }

    private static bool IsUnfinished(BatchItemStatus status) =>
        status is BatchItemStatus.Pending or BatchItemStatus.Submitting or BatchItemStatus.Submitted or BatchItemStatus.Generated;

    private async Task<Generation> GenerateAsync(RowRecorder recorder, Request request, Slots.Slot? slot)
    {
        Generation generation = slot is null
            ? GenerationSerializer.Deserialize(recorder.Row, request)
            : await _generator.GenerateAsync(request, slot,
                new GenerateOptions
                {
                    Wait = false,
                    Timeout = _run.Options.AcceptanceTimeout,
                    RetryUncertain = _run.Options.RetryUncertain,
                    UploadFace = _run.Options.UploadFaces,
                    FaceHash = RequestSerializer.GetFaceSha256(recorder.Row),
                    SubmissionLog = recorder,
                }, _run.EndToken).ConfigureAwait(false);
        return generation.IsFinished ? generation
            : await _generator.ResumeAsync(generation, GenerationTimeout, _run.EndToken).ConfigureAwait(false);
    }

    private async Task SaveAsync(RowRecorder recorder, Generation generation)
    {
        if (generation.Images.Count == 0)
            throw new FaceGenException(ErrorCode.OutputMissing, $"Generation {generation.Id} has no images to save.");

        IReadOnlyList<SavedImage> images;
        try
        {
            images = await Task.WhenAll(
                Enumerable.Range(0, generation.Images.Count).Select(index => SaveAsync(generation, index))).ConfigureAwait(false);
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.LinkExpired)
        {
            if (await FindExistingAsync(generation).ConfigureAwait(false) is not { } existing) throw;

            // They were saved by a run that ended before it could record it.
            images = existing;
        }

        await recorder.RecordSavedAsync(generation, [.. images.Select(BatchItems.ToLedgerFile)]).ConfigureAwait(false);
    }

    /// <summary>Finds the files of a generation, and waits where the disk fails: without them the row would be expired.</summary>
    private Task<IReadOnlyList<SavedImage>?> FindExistingAsync(Generation generation) =>
        _run.StorageRetry.WriteAsync(() => Task.FromResult(_saver.FindExistingImages(generation)), _run.EndToken);

    private async Task<SavedImage> SaveAsync(Generation generation, int index)
    {
        await _downloads.AcquireAsync(generation.ExpiresAt, _run.EndToken).ConfigureAwait(false);
        try
        {
            return await _saver.SaveAsync(generation, index, _run.EndToken).ConfigureAwait(false);
        }
        finally
        {
            _downloads.Release();
        }
    }

    private Task<bool> WriteAsync(Action write, CancellationToken cancellationToken) => _run.StorageRetry.WriteAsync(
        () =>
        {
            write();
            return Task.FromResult(true);
        }, cancellationToken);

    /// <summary>
    /// Replaces the error of a generation that another account has paid for: this connection cannot fetch it, but that account may.
    /// The connection is tried first, because it may be a new key of the same account.
    /// </summary>
    private FaceGenException ReplaceIfOtherAccount(RowRecorder recorder, FaceGenException error)
    {
        if (error.Code is not (ErrorCode.GenerationNotFound or ErrorCode.GenerationFailed or ErrorCode.OutputMissing or ErrorCode.LinkExpired)
            || recorder.Row.GenerationId is not { Length: > 0 } id || GenerationSerializer.GetAccount(recorder.Row) is not { } account || AccountIdentifier.Matches(account, _run.Connection)) return error;

        return new FaceGenException(ErrorCode.ConnectionMismatch,
            $"Generation {id} belongs to the account {account}, and not to the connection {_run.Connection.Description} ({error.Message.TrimEnd('.')}). It is paid for, and was not sent again. Run the same command with a connection of its account.", error);
    }

    /// <summary>Enters what went wrong.</summary>
    /// <returns>What was wrong with the row; null where it says nothing of this row, but of the whole run.</returns>
    private async Task<FaceGenException?> RecordErrorAsync(RowRecorder recorder, FaceGenException error)
    {
        bool wasAccepted = recorder.Row.GenerationId is not null;
        error = ReplaceIfOtherAccount(recorder, error);
        // By now the answer that was out has come.
        if (!wasAccepted && error.Code == ErrorCode.GenerationTimeout)
            error = new FaceGenException(ErrorCode.ServiceBusy, $"The service accepted nothing within {_run.Options.AcceptanceTimeout.TotalMinutes:0} minutes.");
        bool isRun = error.EndsRun
            || (!wasAccepted && error.Code is ErrorCode.ServiceBusy or ErrorCode.ServiceUnreachable)
            || error.Code is ErrorCode.LedgerInvalid or ErrorCode.LedgerNotWritten or ErrorCode.LedgerUnreachable;
        if (isRun) _run.Limits.StopSubmitting(error);

        // What the answer itself was has been entered already.
        if (!IsUnfinished(recorder.Row.Status)) return error;

        if (recorder.UncertainError is { } doubt)
        {
            await recorder.ReleaseAsync().ConfigureAwait(false);
            return doubt;
        }

        BatchItemStatus? end = error.Code switch
        {
            _ when isRun => null,
            // The account that has paid for it may still have it.
            ErrorCode.ConnectionMismatch => null,
            ErrorCode.LinkExpired => BatchItemStatus.Expired,
            // Another key may be the one that it was submitted with. This machine's clock may be wrong by a day.
            ErrorCode.GenerationNotFound when _run.Now < recorder.Row.ExpiresAt || error.ServiceTime < recorder.Row.ExpiresAt => null,
            ErrorCode.GenerationFailed or ErrorCode.GenerationNotFound or ErrorCode.OutputMissing => BatchItemStatus.Failed,
            _ when !wasAccepted => BatchItemStatus.Failed,
            // The images are paid for and still there: the next run tries again.
            _ => null,
        };
        if (end is { } status) await recorder.RecordEndAsync(status, error).ConfigureAwait(false);
        else await recorder.ReleaseAsync(isRun ? null : error).ConfigureAwait(false);
        return isRun ? null : error;
    }
}
