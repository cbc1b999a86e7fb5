using FaceGen.Batches.Ledgers;
using FaceGen.Contract;
using FaceGen.Generating;

namespace FaceGen.Batches.Running;

/// <summary>
/// Uploads the face images that several rows use, in the background and ahead of the rows, in their order. A row is taken
/// when its own image is there: until then it does not wait in the account's queue, and would not look as if it had been
/// sent if the process died.
/// </summary>
internal sealed class RowFaces(RunParts run) : IDisposable
{
    /// <summary>Enough for rows that take turns with a set of faces; of further ones the first row is sent in place.</summary>
    private const int Capacity = 1024;

    /// <summary>How many are uploaded at a time: the line is kept busy, and memory holds but few images.</summary>
    private const int AtOnce = 3;

    internal static readonly IReadOnlyDictionary<string, Task> None = new Dictionary<string, Task>();

    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(run.End);
    private readonly Slots _turns = new(AtOnce);
    private bool _hasBegun;
    private IReadOnlyDictionary<string, Task> _uploads = None;

    /// <summary>The images that are not there yet, each with its upload. One whose link ends later is renewed by the row that needs it.</summary>
    internal IReadOnlyDictionary<string, Task> Unready =>
        _uploads.Where(upload => !upload.Value.IsCompleted).ToDictionary(upload => upload.Key, upload => upload.Value);

    /// <summary>Begins the uploads, if that has not been done.</summary>
    internal async Task BeginAsync()
    {
        if (_hasBegun || !run.Options.Upload) return;

        _uploads = (await run.Ledger.SharedFacesAsync(Capacity, run.End, run.Options.RetryUncertain).ConfigureAwait(false)).ToDictionary(row => row.Face!, UploadAsync);
        _hasBegun = true;
    }

    /// <summary>Ends those that are left, which leaves their rows to the next run.</summary>
    internal async Task EndAsync()
    {
        _end.Cancel();
        Task all = Task.WhenAll(_uploads.Values);
        await Task.WhenAny(all).ConfigureAwait(false);
        if (!all.IsCanceled) await all.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _end.Dispose();

    /// <summary>Uploads a row's face image when it is its turn, if it can be; the row itself tells what is wrong with it.</summary>
    private async Task UploadAsync(LedgerRow row)
    {
        using Slots.Slot turn = await _turns.TakeAsync(_end.Token).ConfigureAwait(false);
        // Nothing more is sent.
        if (run.Brakes.Reason is not null) return;

        try
        {
            await Task.Run(async () => await run.Account.Faces.UploadAsync(
                run.Connection, (await run.Requests.ReadAsync(row).ConfigureAwait(false)).FaceImage, RequestText.FaceHash(row), run.Listener, _end.Token).ConfigureAwait(false), _end.Token).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            run.Listener.Tell(e.Message);
        }
    }
}
