using FaceGen.BatchModel;
using FaceGen.Batches.Ledgers.Postgres;
using FaceGen.Batches.Ledgers.Sqlite;
using FaceGen.Generating;

namespace FaceGen.Batches.Ledgers;

/// <summary>Opens ledgers.</summary>
internal static class LedgerFactory
{
    /// <summary>Opens a ledger.</summary>
    /// <param name="ledger">The location.</param>
    /// <param name="mode">The purpose.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives a warning when the database is unreachable.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FaceGenException">The ledger is missing, in use, damaged, of a newer version, or unreachable.</exception>
    internal static async Task<ILedger> OpenAsync(
        LedgerLocation ledger, LedgerMode mode, TimeProvider time, IEngineLog log, CancellationToken cancellationToken)
    {
        LedgerDatabase database = await OpenDatabaseAsync(ledger, mode, time, log, fill: null, cancellationToken).ConfigureAwait(false);
        bool isMissing = mode == LedgerMode.RunAndCreateOnImport && database.Worker == 0;
        return new DatabaseLedger(database, time, isMissing ? (fill, token) => OpenDatabaseAsync(ledger, LedgerMode.Run, time, log, fill, token) : null);
    }

    private static async Task<LedgerDatabase> OpenDatabaseAsync(
        LedgerLocation ledger, LedgerMode mode, TimeProvider time, IEngineLog log, Action<string>? fill, CancellationToken cancellationToken) =>
        ledger.IsDatabase
            ? await PostgresLedgerDatabase.OpenAsync(PostgresAddress.Parse(ledger.Reveal()), mode, time, log, cancellationToken).ConfigureAwait(false)
            : await SqliteLedgerDatabase.OpenAsync(ledger.Reveal(), mode, time, fill, cancellationToken).ConfigureAwait(false);
}

/// <summary>The purpose for which a ledger is opened.</summary>
internal enum LedgerMode
{
    /// <summary>To process its rows: a missing ledger is created, and the caller is registered as a worker.</summary>
    Run,

    /// <summary>
    /// To process its rows after the import of an input: a missing ledger counts as an empty one, and is created by the import.
    /// </summary>
    RunAndCreateOnImport,

    /// <summary>To plan a run: nothing is written, and a missing ledger counts as an empty one.</summary>
    Plan,

    /// <summary>To read it: nothing is written, and the ledger must exist.</summary>
    Read,
}
