using FaceGen.Batches.Ledgers;
using FaceGen.Generating;

namespace FaceGen.Batches.Running;

/// <summary>
/// Uploads the face images that several rows share, in the background and ahead of the rows, in their order. A row is claimed when its
/// image is uploaded: until then it holds no slot, and is not uncertain if the process dies.
/// </summary>
internal sealed class SharedFaceUploads(RunContext run, RunLedger ledger) : IDisposable
{
    /// <summary>The maximum number of images; further ones are sent with the first row that uses them.</summary>
    private const int Capacity = 1024;

    /// <summary>The number of concurrent uploads, which keeps the line busy and few images in memory (docs/architecture.md#face-uploads).</summary>
    private const int Concurrency = 3;

    internal static readonly IReadOnlyDictionary<string, Task> NoUploads = new Dictionary<string, Task>();

    private readonly CancellationTokenSource _stopSource = CancellationTokenSource.CreateLinkedTokenSource(run.EndToken);
    private readonly Slots _slots = new(Concurrency);
    private bool _hasStarted;
    private IReadOnlyDictionary<string, Task> _uploads = NoUploads;

    /// <summary>Gets the uploads that are not complete, by the hash of their image. A link that expires is renewed by the row that needs it.</summary>
    internal IReadOnlyDictionary<string, Task> PendingUploads =>
        _uploads.Where(upload => !upload.Value.IsCompleted).ToDictionary(upload => upload.Key, upload => upload.Value);

    /// <summary>Starts the uploads, unless they are started.</summary>
    internal async Task StartAsync()
    {
        if (_hasStarted || !run.Options.UploadFaces) return;

        _uploads = (await ledger.ReadSharedFacesAsync(Capacity).ConfigureAwait(false)).ToDictionary(row => row.Face!, UploadAsync);
        _hasStarted = true;
    }

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
            await Task.Run(async () => await run.Account.FaceUploads.UploadAsync(
                run.Connection, (await ledger.ReadRequestAsync(row).ConfigureAwait(false)).FaceImage, RequestSerializer.GetFaceSha256(row), run.Observer, _stopSource.Token).ConfigureAwait(false), _stopSource.Token).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            run.Observer.LogVerbose(e.Message);
        }
    }
}
