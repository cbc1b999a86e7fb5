using FaceGen.Batches.Ledgers.Postgres;
using FaceGen.Batches.Ledgers.Sqlite;
using FaceGen.BatchModel;
using FaceGen.Generating;

namespace FaceGen.Batches.Ledgers;

/// <summary>Opens ledgers.</summary>
internal static class LedgerFactory
{
    /// <summary>Opens a ledger.</summary>
    /// <param name="ledger">Where it is.</param>
    /// <param name="mode">What for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Is told when the database cannot be reached.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="FaceGen.FaceGenException">The ledger is not there, in use, damaged, of a newer version, or cannot be reached.</exception>
    internal static async Task<ILedger> OpenAsync(
        LedgerLocation ledger, LedgerMode mode, TimeProvider time, IEngineLog log, CancellationToken cancellationToken)
    {
        LedgerDatabase store = await OpenDatabaseAsync(ledger, mode, time, log, cancellationToken).ConfigureAwait(false);
        bool isToBeMade = mode == LedgerMode.RunAndCreateOnImport && store.Worker == 0;
        return new DatabaseLedger(store, time, isToBeMade ? late => OpenDatabaseAsync(ledger, LedgerMode.Run, time, log, late) : null);
    }

    private static async Task<LedgerDatabase> OpenDatabaseAsync(
        LedgerLocation ledger, LedgerMode mode, TimeProvider time, IEngineLog log, CancellationToken cancellationToken) =>
        ledger.IsDatabase
            ? await PostgresLedgerDatabase.OpenAsync(PostgresAddress.Parse(ledger.Reveal()), mode, time, log, cancellationToken).ConfigureAwait(false)
            : await SqliteLedgerDatabase.OpenAsync(ledger.Reveal(), mode, time, cancellationToken).ConfigureAwait(false);
}
