using System.Runtime.CompilerServices;
using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Generating;

namespace FaceGen.Batches.Running;

/// <summary>Opens batches.</summary>
/// <remarks>The class and its constructor are public because another load context creates it by name.</remarks>
public sealed class BatchFactory : IBatchFactory
{
    /// <inheritdoc/>
    async Task<IBatch> IBatchFactory.OpenAsync(LedgerLocation ledger, Connection connection, IBatchObserver observer, CancellationToken cancellationToken) =>
        new Batch(await Ledgers.LedgerFactory.OpenAsync(ledger, LedgerMode.RunAndCreateOnImport, connection.Services.Time, observer, cancellationToken).ConfigureAwait(false), connection, observer);

    /// <inheritdoc/>
    async Task<IBatch> IBatchFactory.OpenForPlanningAsync(LedgerLocation ledger, CancellationToken cancellationToken) =>
        new Batch(await OpenAsync(ledger, LedgerMode.Plan, cancellationToken).ConfigureAwait(false), null, null);

    /// <inheritdoc/>
    async Task<BatchSummary> IBatchFactory.SummarizeAsync(LedgerLocation ledger, CancellationToken cancellationToken)
    {
        ILedger opened = await OpenAsync(ledger, LedgerMode.Read, cancellationToken).ConfigureAwait(false);
        try
        {
            BatchSummary summary = (await opened.CountAsync(cancellationToken).ConfigureAwait(false)).ToSummary(opened.Name);
            return (await opened.ReadHistoryAsync(cancellationToken).ConfigureAwait(false)).AddTo(summary);
        }
        finally
        {
            await opened.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    IEnumerable<BatchItem> IBatchFactory.ReadItems(
        LedgerLocation ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException> onInvalidRow, CancellationToken cancellationToken)
    {
        // The caller's background thread waits here; the ledger itself holds no thread while its database is unreachable.
        IAsyncEnumerator<BatchItem> items = ReadItemsAsync(ledger, statuses, onInvalidRow, cancellationToken).GetAsyncEnumerator(cancellationToken);
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
        LedgerLocation ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException> onInvalidRow,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ILedger opened = await OpenAsync(ledger, LedgerMode.Read, cancellationToken).ConfigureAwait(false);
        try
        {
            var requests = new RequestLoader(opened, cancellationToken);
            await foreach (LedgerRow row in opened.ReadAsync(statuses, onInvalidRow, cancellationToken).ConfigureAwait(false))
            {
                Request request;
                try
                {
                    request = await requests.ReadAsync(row).ConfigureAwait(false);
                }
                catch (FaceGenException e)
                {
                    onInvalidRow(LedgerColumns.CreateInvalidRowError(opened.Name, row.Item, row.Source, e));
                    continue;
                }

                yield return BatchItems.FromRow(row, request);
            }
        }
        finally
        {
            await opened.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static Task<ILedger> OpenAsync(LedgerLocation ledger, LedgerMode mode, CancellationToken cancellationToken) =>
        Ledgers.LedgerFactory.OpenAsync(ledger, mode, TimeProvider.System, new NullLog(), cancellationToken);

    /// <summary>Discards the log of a ledger that is only read.</summary>
    private sealed class NullLog : IEngineLog
    {
        public void LogVerbose(string message) { }

        public void LogWarning(string message) { }
    }
}
