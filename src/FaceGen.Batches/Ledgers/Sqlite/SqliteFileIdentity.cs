using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>Finds out whether the files that a run has open are still the ledger at its path.</summary>
internal static class SqliteFileIdentity
{
    /// <summary>SQLITE_FCNTL_HAS_MOVED.</summary>
    private const int HasMovedControl = 20;

    /// <summary>
    /// Returns the error for a ledger that was moved, deleted or replaced since it was opened, so that what is committed may
    /// not be in the file at its path; null if it is in place.
    /// </summary>
    /// <remarks>Windows refuses to move or delete files that SQLite has open; elsewhere SQLite goes on writing to a file without a name.</remarks>
    internal static FaceGenException? FindFileLoss(SqliteConnection connection, string path) =>
        HasMoved(connection) ? File.Exists(path)
            ? CreateError($"'{path}' was replaced by another file", "Put the former file back")
            : CreateError($"'{path}' was moved or deleted", "Put it back, or name it where it is now with -Ledger,")
        : !File.Exists(path + "-wal")
            ? CreateError($"'{path}-wal' was deleted", "Let this run end by itself, which completes the ledger,")
        : null;

    /// <summary>Returns the same error, or the one for a lock file that was deleted, without which another run can begin; null otherwise.</summary>
    internal static FaceGenException? FindFileOrLockLoss(SqliteConnection connection, string path)
    {
        string lockFile = SqliteLock.PathOf(path);
        return FindFileLoss(connection, path)
            ?? (File.Exists(lockFile) ? null : CreateError($"'{lockFile}' was deleted, so that another run can begin", "Let this run end"));
    }

    private static FaceGenException CreateError(string loss, string remedy) => new(
        ErrorCode.LedgerInvalid,
        $"The ledger was changed while the batch ran: {loss}. Nothing more is submitted, because rows could be paid for twice. "
        + $"{remedy} and run the same command again.");

    /// <summary>Compares the open file with the one at its path (on Unix by inode).</summary>
    private static bool HasMoved(SqliteConnection connection)
    {
        int hasMoved = 0;
        int result = FileControl(connection.Handle!, "main\0"u8.ToArray(), HasMovedControl, ref hasMoved);
        return result == 0 && hasMoved != 0;
    }

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern int FileControl(SafeHandle database, byte[] name, int operation, ref int argument);
}
