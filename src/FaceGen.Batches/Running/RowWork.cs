using System.Collections.Concurrent;
using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>Brings one row from where it stands to its end: submits, waits, saves, and enters each step in the ledger.</summary>
internal sealed class RowWork
{
    /// <summary>How long a generation is waited for; a run that never ends serves nobody.</summary>
    private static readonly TimeSpan LongestGeneration = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<RowLog, byte> _begun = new();
    private readonly RunParts _run;
    private readonly DownloadTurns _downloads;
    private readonly Generator _generator;
    private readonly ImageSaver _saver;

    internal RowWork(RunParts run, DownloadTurns downloads)
    {
        _run = run;
        _downloads = downloads;
        _generator = new Generator(run.Connection, run.Listener);
        _saver = new ImageSaver(run.Connection, run.Options.Save, run.Listener, WriteAsync);
    }

    /// <summary>How many rows are at the service or being saved now: one that was refused and waits to be sent again is not.</summary>
    internal int UnderWay => _begun.Keys.Count(log => log.Row.Status != BatchItemStatus.Pending);

    /// <summary>Does a row that was taken. The run's end ends waiting; what is out is still entered in the ledger.</summary>
    /// <param name="row">The row.</param>
    /// <param name="place">The place that it has at the service in this run.</param>
    /// <param name="slot">The account's slot, where the row is to be submitted.</param>
    /// <returns>The row as it stands then, and what was wrong with it; null where it is nothing to tell.</returns>
    internal async Task<(BatchItem Item, FaceGenException? Error)?> DoAsync(LedgerRow row, Slots.Slot place, Slots.Slot? slot)
    {
        var log = new RowLog(row, _run);
        _begun[log] = 0;
        Request? request = null;
        FaceGenException? error = null;
        // Given back here until the submission owns it.
        Slots.Slot? unused = slot;
        try
        {
            Generation generation;
            using (place)
            {
                request = await _run.Requests.ReadAsync(row).ConfigureAwait(false);
                unused = null;
                generation = await GenerateAsync(log, request, slot).ConfigureAwait(false);
            }

            if (generation.Status == GenerationStatus.Failed) throw new FaceGenException(ErrorCode.GenerationFailed, generation.Failure);

            await log.GeneratedAsync(generation).ConfigureAwait(false);
            await SaveAsync(log, generation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await log.CloseAsync().ConfigureAwait(false);
            if (IsUnderWay(log.Row.Status)) await log.ReleaseAsync().ConfigureAwait(false);
            return null;
        }
        catch (FaceGenException e)
        {
            await log.CloseAsync().ConfigureAwait(false);
            error = await EnterAsync(log, e).ConfigureAwait(false);
            if (error is null) return null;
        }
        finally
        {
            _begun.TryRemove(log, out _);
            unused?.Dispose();
            if (slot is not null && !log.IsPaid) _run.Brakes.Uncount(row.Images);
        }

        if (log.IsLost) return null;
        if (request is null) _run.Listener.Warn(error!.Message);
        if (log.Row is { GenerationId: { } id } && !IsUnderWay(log.Row.Status)) _run.Account.Forget(id);
        return request is null ? null : (BatchItems.Of(log.Row, request, _run.Connection), error);
    }

    private static bool IsUnderWay(BatchItemStatus status) =>
        status is BatchItemStatus.Pending or BatchItemStatus.Submitting or BatchItemStatus.Submitted or BatchItemStatus.Generated;

    private async Task<Generation> GenerateAsync(RowLog log, Request request, Slots.Slot? slot)
    {
        Generation generation = slot is null
            ? GenerationText.Read(log.Row, request)
            : await _generator.GenerateAsync(request, slot,
                new GenerateOptions
                {
                    Wait = false,
                    Timeout = _run.Options.LongestRefusal,
                    RetryUncertain = _run.Options.RetryUncertain,
                    Upload = _run.Options.Upload,
                    FaceHash = RequestText.FaceHash(log.Row),
                    Log = log,
                }, _run.End).ConfigureAwait(false);
        return generation.IsFinished ? generation
            : await _generator.ResumeAsync(generation, LongestGeneration, _run.End).ConfigureAwait(false);
    }

    private async Task SaveAsync(RowLog log, Generation generation)
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

        await log.SavedAsync(generation, [.. images.Select(BatchItems.ToFile)]).ConfigureAwait(false);
    }

    /// <summary>Finds the files of a generation, and waits where the disk fails: without them the row would be expired.</summary>
    private Task<IReadOnlyList<SavedImage>?> FindExistingAsync(Generation generation) =>
        _run.Room.WriteAsync(() => Task.FromResult(_saver.FindExisting(generation)), _run.End);

    private async Task<SavedImage> SaveAsync(Generation generation, int index)
    {
        await _downloads.EnterAsync(generation.ExpiresAt, _run.End).ConfigureAwait(false);
        try
        {
            return await _saver.SaveAsync(generation, index, _run.End).ConfigureAwait(false);
        }
        finally
        {
            _downloads.Leave();
        }
    }

    private Task<bool> WriteAsync(Action write, CancellationToken stop) => _run.Room.WriteAsync(
        () =>
        {
            write();
            return Task.FromResult(true);
        }, stop);

    /// <summary>
    /// Replaces the error of a generation that another account has paid for: this connection cannot fetch it, but that account may.
    /// The connection is tried first, because it may be a new key of the same account.
    /// </summary>
    private FaceGenException OfAccount(RowLog log, FaceGenException error)
    {
        if (error.Code is not (ErrorCode.GenerationNotFound or ErrorCode.GenerationFailed or ErrorCode.OutputMissing or ErrorCode.LinkExpired)
            || log.Row.GenerationId is not { Length: > 0 } id || GenerationText.AccountOf(log.Row) is not { } account || AccountMark.IsOf(account, _run.Connection)) return error;

        return new FaceGenException(ErrorCode.ConnectionMismatch,
            $"Generation {id} belongs to the account {account}, and not to the connection {_run.Connection.Description} ({error.Message.TrimEnd('.')}). It is paid for, and was not sent again. Run the same command with a connection of its account.", error);
    }

    /// <summary>Enters what went wrong.</summary>
    /// <returns>What was wrong with the row; null where it says nothing of this row, but of the whole run.</returns>
    private async Task<FaceGenException?> EnterAsync(RowLog log, FaceGenException error)
    {
        bool wasAccepted = log.Row.GenerationId is not null;
        error = OfAccount(log, error);
        // By now the answer that was out has come.
        if (!wasAccepted && error.Code == ErrorCode.GenerationTimeout)
            error = new FaceGenException(ErrorCode.ServiceBusy, $"The service accepted nothing within {_run.Options.LongestRefusal.TotalMinutes:0} minutes.");
        bool isRun = error.EndsRun
            || (!wasAccepted && error.Code is ErrorCode.ServiceBusy or ErrorCode.ServiceUnreachable)
            || error.Code is ErrorCode.LedgerInvalid or ErrorCode.LedgerNotWritten or ErrorCode.LedgerUnreachable;
        if (isRun) _run.Brakes.Stop(error);

        // What the answer itself was has been entered already.
        if (!IsUnderWay(log.Row.Status)) return error;

        if (log.Doubt is { } doubt)
        {
            await log.ReleaseAsync().ConfigureAwait(false);
            return doubt;
        }

        BatchItemStatus? end = error.Code switch
        {
            _ when isRun => null,
            // The account that has paid for it may still have it.
            ErrorCode.ConnectionMismatch => null,
            ErrorCode.LinkExpired => BatchItemStatus.Expired,
            // Another key may be the one that it was submitted with. This machine's clock may be wrong by a day.
            ErrorCode.GenerationNotFound when _run.Now < log.Row.ExpiresAt || error.ServiceTime < log.Row.ExpiresAt => null,
            ErrorCode.GenerationFailed or ErrorCode.GenerationNotFound or ErrorCode.OutputMissing => BatchItemStatus.Failed,
            _ when !wasAccepted => BatchItemStatus.Failed,
            // The images are paid for and still there: the next run tries again.
            _ => null,
        };
        if (end is { } status) await log.EndAsync(status, error).ConfigureAwait(false);
        else await log.ReleaseAsync(isRun ? null : error).ConfigureAwait(false);
        return isRun ? null : error;
    }
}
