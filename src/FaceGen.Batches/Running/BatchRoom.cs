using System.Runtime.CompilerServices;
using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Batches.Running;

/// <summary>Opens batches.</summary>
/// <remarks>It is public with a public constructor because it is made by name, in a load context of its own.</remarks>
public sealed class BatchRoom : IBatchRoom
{
    /// <inheritdoc/>
    async Task<IBatch> IBatchRoom.OpenAsync(LedgerLocation ledger, Connection connection, IBatchListener listener, CancellationToken cancel) =>
        new Batch(await Ledgers.Ledgers.OpenAsync(ledger, LedgerMode.RunInput, connection.Services.Time, listener, cancel).ConfigureAwait(false), connection, listener);

    /// <inheritdoc/>
    async Task<IBatch> IBatchRoom.OpenToPlanAsync(LedgerLocation ledger, CancellationToken cancel) =>
        new Batch(await OpenAsync(ledger, LedgerMode.Plan, cancel).ConfigureAwait(false), null, null);

    /// <inheritdoc/>
    async Task<BatchSummary> IBatchRoom.SummarizeAsync(LedgerLocation ledger, CancellationToken cancel)
    {
        ILedger opened = await OpenAsync(ledger, LedgerMode.Read, cancel).ConfigureAwait(false);
        try
        {
            return Summaries.Of(opened.Name, await opened.CountAsync(cancel).ConfigureAwait(false));
        }
        finally
        {
            await opened.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    IEnumerable<BatchItem> IBatchRoom.ReadItems(
        LedgerLocation ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException> leaveOut, CancellationToken cancellationToken)
    {
        // The caller's background thread waits here; the ledger itself holds no thread while its database cannot be reached.
        IAsyncEnumerator<BatchItem> items = ReadItemsAsync(ledger, statuses, leaveOut, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            while (items.MoveNextAsync().AsTask().GetAwaiter().GetResult()) yield return items.Current;
        }
        finally
        {
            items.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static async IAsyncEnumerable<BatchItem> ReadItemsAsync(
        LedgerLocation ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException> leaveOut,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ILedger opened = await OpenAsync(ledger, LedgerMode.Read, cancellationToken).ConfigureAwait(false);
        try
        {
            var requests = new RowRequests(opened, cancellationToken);
            await foreach (LedgerRow row in opened.ReadAsync(statuses, leaveOut, cancellationToken).ConfigureAwait(false))
            {
                Request request;
                try
                {
                    request = await requests.ReadAsync(row).ConfigureAwait(false);
                }
                catch (FaceGenException e)
                {
                    leaveOut(InvalidRow.Error(opened.Name, row.Item, row.Source, e));
                    continue;
                }

                yield return BatchItems.Of(row, request);
            }
        }
        finally
        {
            await opened.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static Task<ILedger> OpenAsync(LedgerLocation ledger, LedgerMode mode, CancellationToken cancel) =>
        Ledgers.Ledgers.OpenAsync(ledger, mode, TimeProvider.System, new Silence(), cancel);

    /// <summary>Who only looks is told by an error, if at all.</summary>
    private sealed class Silence : IListener
    {
        public void Tell(string line) { }

        public void Warn(string line) { }
    }
}
