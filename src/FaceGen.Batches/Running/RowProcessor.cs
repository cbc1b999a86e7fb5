using System.Collections.Concurrent;
using FaceGen.BatchModel;
using FaceGen.Batches.Ledgers;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>Processes a claimed row to its end: submits, waits, saves, and records each step in the ledger.</summary>
internal sealed class RowProcessor
{
    /// <summary>The maximum wait for a generation.</summary>
    private static readonly TimeSpan GenerationTimeout = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<RowRecorder, byte> _active = new();
    private readonly RunContext _run;
    private readonly RunLedger _ledger;
    private readonly DownloadQueue _downloads;
    private readonly Generator _generator;
    private readonly ImageSaver _saver;

    internal RowProcessor(RunContext run, RunLedger ledger, DownloadQueue downloads)
    {
        (_run, _ledger, _downloads) = (run, ledger, downloads);
        _generator = new Generator(run.Connection, run.Observer);
        _saver = new ImageSaver(run.Connection, run.Options.Save, run.Observer, WriteAsync);
    }

    /// <summary>Gets how many rows are at the service or being saved; a row that was refused and waits for a retry does not count.</summary>
    internal int InProgress => _active.Keys.Count(recorder => recorder.Row.Status != BatchItemStatus.Pending);

    /// <summary>Processes a claimed row. The end of the run ends the wait; the outcome of a submission in flight is still recorded.</summary>
    /// <param name="row">The row.</param>
    /// <param name="slots">The slots that it holds.</param>
    /// <param name="onGenerated">Is called when the images are ready to be saved.</param>
    /// <returns>The item and its error; null if there is nothing to report.</returns>
    internal async Task<(BatchItem Item, FaceGenException? Error)?> ProcessAsync(LedgerRow row, RowSlots slots, Action onGenerated)
    {
        Slots.Slot? slot = slots.Account;
        var recorder = new RowRecorder(row, _run, _ledger);
        _active[recorder] = 0;
        Request? request = null;
        FaceGenException? error = null;
        // Released here until the submission owns it.
        Slots.Slot? unused = slot;
        try
        {
            Generation generation;
            using (slots.Throttle)
            {
                request = await _ledger.ReadRequestAsync(row).ConfigureAwait(false);
                generation = slot is null ? GenerationSerializer.Deserialize(row, request) : await SubmitAsync(recorder, request, slot, () => unused = null).ConfigureAwait(false);
                if (!generation.IsFinished) generation = await _generator.ResumeAsync(generation, GenerationTimeout, _run.EndToken).ConfigureAwait(false);
            }

            onGenerated();
            if (generation.StatusValue == GenerationStatus.Failed) throw generation.CreateFailedError();

            await recorder.RecordGeneratedAsync(generation).ConfigureAwait(false);
            _run.MissingImages.Add(generation);
            if (slot is not null) _run.Limits.AddMissingImages(generation.MissingImageCount);
            await SaveAsync(recorder, generation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await recorder.CloseAsync().ConfigureAwait(false);
            if (!recorder.Row.Status.HasEnded()) await recorder.ReleaseAsync().ConfigureAwait(false);
            return null;
        }
        catch (FaceGenException e)
        {
            await recorder.CloseAsync().ConfigureAwait(false);
            error = await RecordErrorAsync(recorder, e).ConfigureAwait(false);
            if (error is null) return null;
        }
        finally
        {
            _active.TryRemove(recorder, out _);
            unused?.Release();
            if (slot is not null && !recorder.IsPaid) _run.Limits.ReleaseImages(row.Images);
        }

        if (recorder.IsClaimLost) return null;
        if (request is null) _run.Observer.LogWarning(error!.Message);
        if (recorder.Row is { GenerationId: { } id } && recorder.Row.Status.HasEnded()) _run.Account.Remove(id);
        return request is null ? null : (BatchItems.FromRow(recorder.Row, request, _run.Connection), error);
    }

    private async Task<Generation> SubmitAsync(RowRecorder recorder, Request request, Slots.Slot slot, Action onSubmitting)
    {
        var options = new GenerateOptions
        {
            Wait = false,
            Timeout = _run.Options.AcceptanceTimeout,
            RetryUncertain = _run.Options.RetryUncertain,
            UploadFace = _run.Options.UploadFaces,
            FaceHash = RequestSerializer.GetFaceSha256(recorder.Row),
            SubmissionLog = recorder,
        };
        Task<FaceImageValue> face = _generator.GetFaceAsync(request, options, _run.EndToken);
        face.ObserveException();
        // The image is uploaded again if the upload ahead of the row failed, which may take long.
        if (!face.IsCompleted) await recorder.RecordWaitingAsync().ConfigureAwait(false);
        FaceImageValue value = await face.ConfigureAwait(false);
        onSubmitting();
        return await _generator.GenerateAsync(request, value, slot, options, _run.EndToken).ConfigureAwait(false);
    }

    private async Task SaveAsync(RowRecorder recorder, Generation generation)
    {
        if (generation.Images.Count == 0) throw generation.CreateNoImagesError();

        IReadOnlyList<SavedImage> images;
        try
        {
            images = await Task.WhenAll(
                Enumerable.Range(0, generation.Images.Count).Select(index => SaveAsync(generation, index))).ConfigureAwait(false);
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.LinkExpired)
        {
            if (await FindExistingAsync(generation).ConfigureAwait(false) is not { } existing) throw;

            // A run saved them and ended before it recorded that.
            images = existing;
        }

        await recorder.RecordSavedAsync(generation, [.. images.Select(BatchItems.ToLedgerFile)]).ConfigureAwait(false);
    }

    /// <summary>Finds the saved files of a generation, and retries disk errors: without the files the row would be expired.</summary>
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
    /// Replaces the error of a generation of another account, which this connection cannot fetch. The connection is tried first, because
    /// it may have a new key of the same account.
    /// </summary>
    private FaceGenException ReplaceIfOtherAccount(RowRecorder recorder, FaceGenException error)
    {
        if (error.Code is not (ErrorCode.GenerationNotFound or ErrorCode.GenerationFailed or ErrorCode.OutputMissing or ErrorCode.LinkExpired)
            || recorder.Row.GenerationId is not { Length: > 0 } id || GenerationSerializer.GetAccount(recorder.Row) is not { } account || AccountIdentifier.Matches(account, _run.Connection)) return error;

        return new FaceGenException(ErrorCode.ConnectionMismatch,
            $"Generation {id} belongs to the account {account}, not to that of the connection {_run.Connection.Description} ({error.Cause}). It is paid for and was not sent again. Run the same command with a connection of its account.", error);
    }

    /// <summary>Records an error.</summary>
    /// <returns>The error of the row; null if the error concerns the whole run.</returns>
    private async Task<FaceGenException?> RecordErrorAsync(RowRecorder recorder, FaceGenException error)
    {
        bool wasAccepted = recorder.Row.GenerationId is not null;
        error = ReplaceIfOtherAccount(recorder, error);
        // No submission is in flight any more.
        if (!wasAccepted && error.Code == ErrorCode.GenerationTimeout)
            error = Submission.CreateNotAcceptedError(_run.Options.AcceptanceTimeout, "the response to the last submission came later and was not an acceptance");
        bool isRun = error.EndsRun
            || (!wasAccepted && error.Code is ErrorCode.ServiceBusy or ErrorCode.ServiceUnreachable)
            || error.Code is ErrorCode.LedgerInvalid or ErrorCode.LedgerNotWritten or ErrorCode.LedgerUnreachable;
        if (isRun) _run.Limits.StopSubmitting(error);

        // The response itself has been recorded already.
        if (recorder.Row.Status.HasEnded()) return error;

        if (recorder.UncertainError is { } uncertain)
        {
            await recorder.ReleaseAsync().ConfigureAwait(false);
            return uncertain;
        }

        BatchItemStatus? end = error.Code switch
        {
            _ when isRun => null,
            // Its own account can still fetch it.
            ErrorCode.ConnectionMismatch => null,
            ErrorCode.LinkExpired => BatchItemStatus.Expired,
            // It may have been submitted with another key, and this machine's clock may be wrong by a day.
            ErrorCode.GenerationNotFound when _run.Now < recorder.Row.ExpiresAt || error.ServiceTime < recorder.Row.ExpiresAt => null,
            ErrorCode.GenerationFailed or ErrorCode.GenerationNotFound or ErrorCode.OutputMissing => BatchItemStatus.Failed,
            _ when !wasAccepted => BatchItemStatus.Failed,
            // The images are paid for and still at the service: the next run tries again.
            _ => null,
        };
        if (end is { } status) await recorder.RecordEndAsync(status, error).ConfigureAwait(false);
        else await recorder.ReleaseAsync(isRun ? null : error).ConfigureAwait(false);
        return isRun ? null : error;
    }
}

/// <summary>The slots of a row in progress.</summary>
/// <param name="Throttle">The slot of the run's throttle.</param>
/// <param name="Account">The slot of the account for a row to submit; null for a row that was accepted before.</param>
internal readonly record struct RowSlots(Slots.Slot Throttle, Slots.Slot? Account)
{
    /// <summary>Releases the slots of a row that was not started.</summary>
    internal void Release()
    {
        Account?.Release();
        Throttle.Release();
    }
}
