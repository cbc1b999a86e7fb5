using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>Checks that the files that a run has open are still the ledger at its path.</summary>
internal static class SqliteFileIdentity
{
    /// <summary>SQLITE_FCNTL_HAS_MOVED.</summary>
    private const int HasMovedControl = 20;

    /// <summary>
    /// Returns the error for a ledger that was moved, deleted or replaced since it was opened, so that commits may not reach the file at
    /// its path; null if it is in place.
    /// </summary>
    /// <remarks>Windows refuses to move or delete files that SQLite has open; elsewhere SQLite continues to write to the unlinked file.</remarks>
    internal static FaceGenException? FindFileLoss(SqliteConnection connection, string path) =>
        HasMoved(connection) ? File.Exists(path)
            ? CreateError($"'{path}' was replaced by another file", "Restore the former file")
            : CreateError($"'{path}' was moved or deleted", "Restore it, or name its new path with -Ledger,")
        : !File.Exists(path + "-wal")
            ? CreateError($"'{path}-wal' was deleted", "Wait until this run has ended, which completes the ledger,")
        : null;

    /// <summary>Returns the same error, or the error for a deleted lock file, which lets another run start; null otherwise.</summary>
    internal static FaceGenException? FindFileOrLockLoss(SqliteConnection connection, string path)
    {
        string lockFile = SqliteLock.PathOf(path);
        return FindFileLoss(connection, path)
            ?? (File.Exists(lockFile) ? null : CreateError($"'{lockFile}' was deleted, so that another run can start", "Wait until this run has ended"));
    }

    private static FaceGenException CreateError(string loss, string remedy) => new(
        ErrorCode.LedgerInvalid,
        $"The ledger was changed during the run: {loss}. Nothing more is submitted, because rows could be paid for twice. "
        + $"{remedy} and run the same command again.");

    /// <summary>True if the open file is not the one at its path (on Unix compared by inode).</summary>
    private static bool HasMoved(SqliteConnection connection)
    {
        int hasMoved = 0;
        int result = FileControl(connection.Handle!, "main\0"u8.ToArray(), HasMovedControl, ref hasMoved);
        return result == 0 && hasMoved != 0;
    }

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern int FileControl(SafeHandle database, byte[] name, int operation, ref int argument);
}
