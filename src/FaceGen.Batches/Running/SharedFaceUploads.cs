using FaceGen.Batches.Ledgers;
using FaceGen.Generating;

namespace FaceGen.Batches.Running;

/// <summary>
/// Uploads the face images that several rows use, in the background and ahead of the rows, in their order. A row is taken
/// when its own image is there: until then it does not wait in the account's queue, and would not look as if it had been
/// sent if the process died.
/// </summary>
internal sealed class SharedFaceUploads(RunContext run) : IDisposable
{
    /// <summary>Enough for rows that take turns with a set of faces; of further ones the first row is sent in place.</summary>
    private const int Capacity = 1024;

    /// <summary>How many are uploaded at a time: the line is kept busy, and memory holds but few images.</summary>
    private const int Concurrency = 3;

    internal static readonly IReadOnlyDictionary<string, Task> NoUploads = new Dictionary<string, Task>();

    private readonly CancellationTokenSource _stopSource = CancellationTokenSource.CreateLinkedTokenSource(run.EndToken);
    private readonly Slots _slots = new(Concurrency);
    private bool _hasStarted;
    private IReadOnlyDictionary<string, Task> _uploads = NoUploads;

    /// <summary>The images that are not there yet, each with its upload. One whose link ends later is renewed by the row that needs it.</summary>
    internal IReadOnlyDictionary<string, Task> PendingUploads =>
        _uploads.Where(upload => !upload.Value.IsCompleted).ToDictionary(upload => upload.Key, upload => upload.Value);

    /// <summary>Begins the uploads, if that has not been done.</summary>
    internal async Task StartAsync()
    {
        if (_hasStarted || !run.Options.UploadFaces) return;

        _uploads = (await run.Ledger.ReadSharedFacesAsync(Capacity, run.EndToken, run.Options.RetryUncertain).ConfigureAwait(false)).ToDictionary(row => row.Face!, UploadAsync);
        _hasStarted = true;
    }

    /// <summary>Ends those that are left, which leaves their rows to the next run.</summary>
    internal async Task StopAsync()
    {
        _stopSource.Cancel();
        Task all = Task.WhenAll(_uploads.Values);
        await Task.WhenAny(all).ConfigureAwait(false);
        if (!all.IsCanceled) await all.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopSource.Dispose();

    /// <summary>Uploads a row's face image when it is its turn, if it can be; the row itself tells what is wrong with it.</summary>
    private async Task UploadAsync(LedgerRow row)
    {
        using Slots.Slot turn = await _slots.AcquireAsync(_stopSource.Token).ConfigureAwait(false);
        // Nothing more is sent.
        if (run.Limits.Reason is not null) return;

        try
        {
            await Task.Run(async () => await run.Account.FaceUploads.UploadAsync(
                run.Connection, (await run.RequestLoader.ReadAsync(row).ConfigureAwait(false)).FaceImage, RequestSerializer.GetFaceSha256(row), run.Observer, _stopSource.Token).ConfigureAwait(false), _stopSource.Token).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            run.Observer.LogVerbose(e.Message);
        }
    }
}
