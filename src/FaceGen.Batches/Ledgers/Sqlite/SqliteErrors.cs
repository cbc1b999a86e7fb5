using FaceGen.Contract;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>What SQLite's errors mean for a ledger.</summary>
internal static class SqliteErrors
{
    internal const int Busy = 5;

    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int Constraint = 19;
    private const int NoDatabase = 26;

    /// <summary>The extended code SQLITE_READONLY_ROLLBACK.</summary>
    private const int ReadOnlyRollback = ReadOnly | (3 << 8);

    internal static bool IsConstraint(Exception error) => error is SqliteException { SqliteErrorCode: Constraint };

    /// <summary>
    /// True if a connection may hold pages that the disk gave only in part: such a connection can find a sound file damaged
    /// until it is closed.
    /// </summary>
    internal static bool LeavesDoubt(Exception error) => error is SqliteException { SqliteErrorCode: InputOutput or Corrupt or NoDatabase };

    /// <summary>
    /// True if a connection that only reads meets a transaction that a killed process left half done, which has to be
    /// rolled back first.
    /// </summary>
    internal static bool NeedsRollback(SqliteException error) => error.SqliteExtendedErrorCode == ReadOnlyRollback;

    /// <summary>The error in FaceGen's words; null where it is no expected one.</summary>
    internal static FaceGenException? Explain(Exception error, string name, bool isWriting)
    {
        string? hindrance = error switch
        {
            SqliteException { SqliteErrorCode: Full } => "the disk is full",
            SqliteException { SqliteErrorCode: ReadOnly } => "the file or its folder is read-only",
            SqliteException { SqliteErrorCode: Busy or Locked } => "another program keeps it locked",
            SqliteException { SqliteErrorCode: InputOutput } => $"the disk or its file system fails ({error.Message.TrimEnd('.')})",
            SqliteException { SqliteErrorCode: CannotOpen } => "the file cannot be opened",
            IOException or UnauthorizedAccessException => error.Message.TrimEnd('.'),
            _ => null,
        };
        return error switch
        {
            FaceGenException known => known,
            SqliteException { SqliteErrorCode: Corrupt } => Damaged(name, error.Message, error),
            SqliteException { SqliteErrorCode: NoDatabase } => new(ErrorCode.LedgerInvalid, $"'{name}' is no ledger: {error.Message}", error),
            _ when hindrance is null => null,
            _ when isWriting => new(
                ErrorCode.LedgerNotWritten,
                $"The ledger '{name}' could not be written: {hindrance}. Nothing that it holds was lost; the same command goes on when that is mended.",
                error),
            _ => new(ErrorCode.LedgerInvalid, $"The ledger '{name}' could not be read: {hindrance}.", error),
        };
    }

    internal static FaceGenException Damaged(string name, string finding, Exception? error) => new(
        ErrorCode.LedgerInvalid,
        $"The ledger '{name}' is damaged and was left as it is: {finding.Trim().TrimEnd('.')}. Restore it from a backup, or recover it with the "
        + "command '.recover' of SQLite's shell; a new ledger would pay for every row again.",
        error);
}
