using FaceGen.Batches.Ledgers;
using FaceGen.Contract;

namespace FaceGen.Batches.Running;

/// <summary>
/// Uploads the face images that several rows use, each before the first of its rows is sent: while it is uploaded no row
/// waits in the account's queue, and none would look as if it had been sent if the process died.
/// </summary>
internal sealed class RowFaces(RunParts run)
{
    /// <summary>Enough for rows that take turns with a set of faces; of further ones the first row is sent in place.</summary>
    private const int Capacity = 1024;

    private HashSet<string> _missing = new(StringComparer.Ordinal);

    /// <summary>Finds out which face images several rows use.</summary>
    internal async Task FindAsync(CancellationToken cancel)
    {
        if (run.Options.Upload)
            _missing = new(await run.Ledger.SharedFacesAsync(Capacity, cancel).ConfigureAwait(false), StringComparer.Ordinal);
    }

    /// <summary>Whether a row's face image is yet to be uploaded. One whose link ends later is renewed by the row that needs it.</summary>
    internal bool IsMissing(LedgerRow row) => row.Face is { } face && _missing.Contains(face);

    /// <summary>Uploads a row's face image, if it can be; the row itself tells what is wrong with it.</summary>
    internal async Task UploadAsync(LedgerRow row, CancellationToken stop)
    {
        _missing.Remove(row.Face!);
        try
        {
            FaceImage face = run.Requests.Read(row).FaceImage;
            await run.Account.Faces.UploadAsync(run.Connection, face, run.Listener, stop).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            run.Listener.Tell(e.Message);
        }
    }
}
