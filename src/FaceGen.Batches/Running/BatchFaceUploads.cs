using FaceGen.Batches.Ledgers;
using FaceGen.Generating;

namespace FaceGen.Batches.Running;

/// <summary>
/// Uploads the face images of the next rows, in the background and in their order. A row is claimed when its image is uploaded: until
/// then it holds no slot, and is not uncertain if the process dies.
/// </summary>
internal sealed class BatchFaceUploads(RunContext run, RunLedger ledger) : IDisposable
{
    /// <summary>The number of next rows whose images are uploaded (docs/architecture.md#face-uploads).</summary>
    private const int RowsAhead = 64;

    private readonly CancellationTokenSource _stopSource = CancellationTokenSource.CreateLinkedTokenSource(run.EndToken);
    private readonly Slots _slots = new(FaceUploads.MaxConcurrency);

    /// <summary>The uploads of the next rows, and those that have not ended, by the hash of their image.</summary>
    private Dictionary<string, Task> _uploads = [];

    /// <summary>The number of rows that may be claimed before the next rows are read again.</summary>
    private int _claimsLeft;

    /// <summary>Gets the hashes of the images whose rows can be claimed, uploaded or to be sent inline; null for all images.</summary>
    internal IReadOnlyCollection<string>? ReadyFaces =>
        run.Options.UploadFaces ? [.. _uploads.Where(upload => upload.Value.IsCompleted).Select(upload => upload.Key)] : null;

    /// <summary>Gets the uploads that have not ended.</summary>
    internal IReadOnlyList<Task> PendingUploads => [.. _uploads.Values.Where(upload => !upload.IsCompleted)];

    /// <summary>Starts the uploads of the next rows, if enough rows were claimed since the last call.</summary>
    internal async Task StartAsync()
    {
        if (!run.Options.UploadFaces || _claimsLeft > 0) return;

        // A row that -MaxImages leaves out needs no upload.
        int rows = (int)Math.Min(RowsAhead, run.Limits.ImagesLeft ?? RowsAhead);
        IReadOnlyList<LedgerRow> next = await ledger.ReadNextFacesAsync(rows).ConfigureAwait(false);
        var uploads = _uploads.Where(upload => upload.Value.Status != TaskStatus.RanToCompletion).ToDictionary(upload => upload.Key, upload => upload.Value);
        foreach (LedgerRow row in next)
            uploads[row.Face!] = _uploads.TryGetValue(row.Face!, out Task? known) ? known : UploadAsync(row);
        _uploads = uploads;
        _claimsLeft = Math.Max(1, rows / 2);
    }

    /// <summary>Records how many rows were claimed. If none could be, other workers may have claimed the rows that were read.</summary>
    internal void RecordClaim(int rows) => _claimsLeft = rows > 0 ? _claimsLeft - rows : 0;

    /// <summary>Cancels the remaining uploads, whose rows are left to the next run.</summary>
    internal async Task StopAsync()
    {
        _stopSource.Cancel();
        Task all = Task.WhenAll(_uploads.Values);
        await Task.WhenAny(all).ConfigureAwait(false);
        if (!all.IsCanceled) await all.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopSource.Dispose();

    /// <summary>Uploads the face image of a row. An error is only logged, since the row meets it too and reports it.</summary>
    private async Task UploadAsync(LedgerRow row)
    {
        using Slots.Slot turn = await _slots.AcquireAsync(_stopSource.Token).ConfigureAwait(false);
        // Nothing more is submitted.
        if (run.Limits.Reason is not null) return;

        try
        {
            await Task.Run(async () => await run.Account.FaceUploads.GetValueAsync(
                run.Connection, (await ledger.ReadRequestAsync(row).ConfigureAwait(false)).FaceImage,
                new GenerateOptions { FaceHash = RequestSerializer.GetFaceSha256(row) }, run.Observer, _stopSource.Token).ConfigureAwait(false), _stopSource.Token).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            run.Observer.LogVerbose(e.Message);
        }
    }
}
