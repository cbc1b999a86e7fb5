using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>Classifies SQLite's errors.</summary>
internal static class SqliteErrors
{
    internal const int Busy = 5;
    internal const int Corrupt = 11;

    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int Constraint = 19;
    internal const int NoDatabase = 26;

    /// <summary>The extended code SQLITE_READONLY_ROLLBACK.</summary>
    private const int ReadOnlyRollback = ReadOnly | (3 << 8);

    internal static bool IsConstraint(Exception error) => error is SqliteException { SqliteErrorCode: Constraint };

    /// <summary>
    /// Returns true if a connection may hold pages that were read in part: until it is closed, it can report an intact file as damaged.
    /// </summary>
    internal static bool MayLeavePartialPages(Exception error) => error is SqliteException { SqliteErrorCode: InputOutput or Corrupt or NoDatabase };

    /// <summary>
    /// Returns true if a read-only connection finds an unfinished transaction of a killed process, which a writing one must roll back.
    /// </summary>
    internal static bool NeedsRollback(SqliteException error) => error.SqliteExtendedErrorCode == ReadOnlyRollback;

    /// <summary>Returns FaceGen's error for an expected exception; null for another one.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="path">The full path of the ledger.</param>
    /// <param name="isWriting">True if the ledger was being written.</param>
    internal static FaceGenException? Explain(Exception error, string path, bool isWriting)
    {
        if (error is FaceGenException known) return known;

        if (error is SqliteException { SqliteErrorCode: Corrupt or NoDatabase } e && SqliteConnections.IsDamaged(path))
        {
            string damage = e.SqliteErrorCode == NoDatabase
                ? $"'{path}' is not a ledger: {e.Message.Trim().TrimEnd('.')}. Nothing was sent. Name another file with -Ledger."
                : $"The ledger '{path}' is damaged and was not changed: {e.Message.Trim().TrimEnd('.')}. Restore it from a backup, or recover it with the "
                    + "command '.recover' of SQLite's shell. A new ledger would pay for every row again.";
            return new FaceGenException(ErrorCode.LedgerInvalid, damage, e);
        }

        string? cause = error switch
        {
            SqliteException { SqliteErrorCode: Full } => "the disk is full",
            SqliteException { SqliteErrorCode: ReadOnly } => "the file or its folder is read-only",
            SqliteException { SqliteErrorCode: Busy or Locked } => "another program locks it",
            SqliteException { SqliteErrorCode: InputOutput or Corrupt or NoDatabase } => $"the disk or its file system fails ({error.Message.Trim().TrimEnd('.')})",
            SqliteException { SqliteErrorCode: CannotOpen } => "the file cannot be opened",
            IOException or UnauthorizedAccessException => error.Message.TrimEnd('.'),
            _ => null,
        };
        if (cause is null) return null;

        string failure = $"The ledger '{path}' could not be {(isWriting ? "written" : "read")}: {cause}";
        return new(isWriting ? ErrorCode.LedgerNotWritten : ErrorCode.LedgerInvalid, $"{failure}. Nothing in it was lost. Remove the cause and run the same command again.", error) { Cause = failure };
    }
}
