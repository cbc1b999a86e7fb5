using FaceGen.Batches.Ledgers.Postgres;
using FaceGen.Batches.Ledgers.Sqlite;
using FaceGen.Batching;
using FaceGen.Generating;

namespace FaceGen.Batches.Ledgers;

/// <summary>Opens ledgers.</summary>
internal static class Ledgers
{
    /// <summary>Opens a ledger.</summary>
    /// <param name="ledger">Where it is.</param>
    /// <param name="mode">What for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="listener">Is told when the database cannot be reached.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="Contract.FaceGenException">The ledger is not there, in use, damaged, of a newer version, or cannot be reached.</exception>
    internal static async Task<ILedger> OpenAsync(
        LedgerLocation ledger, LedgerMode mode, TimeProvider time, IListener listener, CancellationToken cancel)
    {
        LedgerStore store = await OpenStoreAsync(ledger, mode, time, listener, cancel).ConfigureAwait(false);
        bool isToBeMade = mode == LedgerMode.RunInput && store.Worker == 0;
        return new SqlLedger(store, time, isToBeMade ? late => OpenStoreAsync(ledger, LedgerMode.Run, time, listener, late) : null);
    }

    private static async Task<LedgerStore> OpenStoreAsync(
        LedgerLocation ledger, LedgerMode mode, TimeProvider time, IListener listener, CancellationToken cancel) =>
        ledger.IsDatabase
            ? await PostgresStore.OpenAsync(PostgresAddress.Parse(ledger.Reveal()), mode, time, listener, cancel).ConfigureAwait(false)
            : await SqliteStore.OpenAsync(ledger.Reveal(), mode, time, cancel).ConfigureAwait(false);
}
