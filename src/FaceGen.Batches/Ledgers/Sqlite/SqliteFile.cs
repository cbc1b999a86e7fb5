using System.Runtime.InteropServices;
using FaceGen.Contract;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>Finds out whether the files that a run has open are still the ledger at its path.</summary>
internal static class SqliteFile
{
    /// <summary>SQLITE_FCNTL_HAS_MOVED.</summary>
    private const int HasMovedControl = 20;

    /// <summary>
    /// Returns the error for a ledger that was moved, deleted or replaced, in whole or in part, since it was opened; null if
    /// all of it is in place.
    /// </summary>
    /// <remarks>Windows lets nobody move or delete files that SQLite has open; elsewhere what is written goes to a file without a name.</remarks>
    internal static FaceGenException? FindLoss(SqliteConnection connection, string path)
    {
        string? loss = HasMoved(connection) ? File.Exists(path) ? $"'{path}' was replaced by another file" : $"'{path}' was moved or deleted"
            : !File.Exists(path + "-wal") ? $"'{path}-wal' was deleted"
            : !File.Exists(SqliteLock.FileOf(path)) ? $"'{SqliteLock.FileOf(path)}' was deleted"
            : null;
        return loss is null ? null : new FaceGenException(
            ErrorCode.LedgerInvalid,
            $"The ledger was changed while the batch ran: {loss}. Nothing more is submitted, because the next run could not know what was paid for. "
            + "Put the ledger's files back, or name the ledger where it is now with -Ledger, and run the same command again.");
    }

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
