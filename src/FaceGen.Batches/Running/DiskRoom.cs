using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Batches.Running;

/// <summary>
/// Writes that must succeed in the end: where the disk is full, or the ledger cannot be written for any reason, they are
/// tried again until they can, and meanwhile nothing more is submitted.
/// </summary>
internal sealed class DiskRoom(TimeProvider time, IListener listener)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>What Unix and Windows call a full disk or a used-up quota.</summary>
    private static readonly int[] FullCodes = [28, 122, 69, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    private int _waiting;

    /// <summary>Whether a write waits for room.</summary>
    internal bool IsLacking => Volatile.Read(ref _waiting) > 0;

    /// <summary>Writes, and writes again until there is room.</summary>
    /// <exception cref="FaceGenException">It cannot be written for another reason.</exception>
    internal async Task<T> WriteAsync<T>(Func<Task<T>> write, CancellationToken cancel)
    {
        bool isWaiting = false;
        try
        {
            while (true)
            {
                try
                {
                    return await write().ConfigureAwait(false);
                }
                catch (FaceGenException e) when (IsFull(e))
                {
                    if (!isWaiting && Interlocked.Increment(ref _waiting) == 1)
                        listener.Warn($"{e.Message.TrimEnd('.')}. Nothing more is submitted until it can be written; what was paid for is kept, and it is tried again every {Interval.TotalSeconds:0} seconds.");
                    isWaiting = true;
                }

                await time.Wait(Interval, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            if (isWaiting && Interlocked.Decrement(ref _waiting) == 0) listener.Tell("It could be written again.");
        }
    }

    private static bool IsFull(FaceGenException e) => e.Code == ErrorCode.LedgerNotWritten
        || (e.Code == ErrorCode.FileNotWritten && e.InnerException is IOException io && FullCodes.Contains(io.HResult));
}
