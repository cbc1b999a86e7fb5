using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>Opens a ledger's file, and tells whether it is one.</summary>
internal static class SqliteConnections
{
    /// <summary>What marks a database of SQLite as FaceGen's: "FGen".</summary>
    private const long ApplicationId = 0x4647656E;

    static SqliteConnections() => SqliteNative.Load();

    /// <summary>Opens a connection.</summary>
    /// <param name="path">The file's path; empty for a temporary database that is gone when it is closed.</param>
    /// <param name="mode">What for.</param>
    internal static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        // A pool would hold the file open after the ledger was closed.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            // Large sorts and temporary tables need a file, or memory where no file can be created.
            if (!PrivateFile.IsTemporaryFolderWritable()) Execute(connection, "PRAGMA temp_store = MEMORY");
            return connection;
        }
        catch (SqliteException)
        {
            connection.Dispose();
            throw;
        }
    }

    /// <exception cref="FaceGenException">The database is another program's, or a newer FaceGen's.</exception>
    internal static void ThrowIfNotLedger(SqliteConnection connection, string name)
    {
        if (QueryNumber(connection, "PRAGMA application_id") != ApplicationId)
            throw new FaceGenException(ErrorCode.LedgerInvalid, $"'{name}' is another program's database and no ledger of FaceGen.");

        LedgerSchema.ThrowIfNewer(QueryNumber(connection, "PRAGMA user_version"), name);
    }

    /// <summary>Returns the error for a database that lacks what its last run has committed.</summary>
    /// <param name="name">The path of the ledger.</param>
    /// <param name="isAnother">True if it is another ledger than before.</param>
    internal static FaceGenException CreateMissingCommitsError(string name, bool isAnother) => new(
        ErrorCode.LedgerInvalid,
        (isAnother
            ? $"The ledger '{name}' was replaced by another one while the batch ran. "
            : $"The ledger '{name}' lacks what its last run wrote: '{name}-wal' is missing, or the ledger was replaced by an older copy. ")
        + "Nothing was sent, because rows that are paid for would be paid for again. "
        + (isAnother
            ? "Put the ledger back and run the same command again."
            : $"Put '{name}-wal' back beside it, or restore a newer copy of the ledger. To go on with the ledger as it is, delete '{SqliteLock.PathOf(name)}'."));

    /// <summary>Reads the whole file and looks for damage.</summary>
    /// <exception cref="SqliteException">There is some, or the file cannot be read.</exception>
    internal static void CheckIntegrity(SqliteConnection connection)
    {
        string found = QueryText(connection, "PRAGMA quick_check(1)");
        if (found != "ok") throw new SqliteException(found, SqliteErrors.Corrupt);
    }

    /// <summary>
    /// Returns true if a new connection finds the file damaged too. One that has met a failure of the disk can find a sound file
    /// damaged: SQLite reports some failures to read as damage, and keeps pages that were read in part.
    /// </summary>
    internal static bool IsDamaged(string path)
    {
        try
        {
            using SqliteConnection connection = Open(path, SqliteOpenMode.ReadOnly);
            CheckIntegrity(connection);
            return false;
        }
        catch (SqliteException e)
        {
            return e.SqliteErrorCode is SqliteErrors.Corrupt or SqliteErrors.NoDatabase;
        }
    }

    /// <summary>Prepares a connection that writes: what is committed has reached the disk.</summary>
    internal static void ConfigureForWriting(SqliteConnection connection, string name)
    {
        string journal = QueryText(connection, "PRAGMA journal_mode = WAL");
        if (journal != "wal")
            throw new FaceGenException(
                ErrorCode.LedgerNotWritten, $"The file system of '{name}' cannot hold a ledger. Put it on a local disk with -Ledger.");

        EnableFullSync(connection);
        // The writer makes the checkpoints itself, since its mark has to be in the -wal file.
        Execute(connection, "PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0");
    }

    /// <summary>
    /// Copies the commits of earlier connections from the <c>-wal</c> file to the database and empties that file. A connection whose
    /// flush failed may have left commits there that are in the system's memory alone: no later flush writes them
    /// (https://lwn.net/Articles/752063/), and without them SQLite does not find those that follow.
    /// </summary>
    /// <exception cref="SqliteException">The disk fails, or a reader hinders it for longer than the timeout.</exception>
    internal static void Checkpoint(SqliteConnection connection, TimeSpan timeout)
    {
        Execute(connection, FormattableString.Invariant($"PRAGMA busy_timeout = {(long)timeout.TotalMilliseconds}"));
        // The first number of the result says whether a reader hindered it.
        if (QueryNumber(connection, "PRAGMA wal_checkpoint(TRUNCATE)") != 0)
            throw new SqliteException("A reader keeps the -wal file in use.", SqliteErrors.Busy);

        Execute(connection, "PRAGMA busy_timeout = 0");
    }

    /// <summary>Has each commit of a connection reach the disk.</summary>
    internal static void EnableFullSync(SqliteConnection connection) =>
        Execute(connection, "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");

    /// <summary>Makes the tables, all or none.</summary>
    internal static void CreateTables(SqliteConnection connection, TimeProvider time)
    {
        Execute(connection, $"""
            BEGIN IMMEDIATE;
            {LedgerSchema.CreateTables("INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB")}
            PRAGMA application_id = {ApplicationId};
            PRAGMA user_version = {LedgerSchema.Version}
            """);
        using SqliteCommand sign = connection.CreateCommand();
        sign.CommandText = LedgerSchema.InsertVersion;
        foreach ((string name, object? value) in LedgerSchema.GetVersionValues(time)) sign.Parameters.AddWithValue(name, value);
        sign.ExecuteNonQuery();
        Execute(connection, "COMMIT");
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static long QueryNumber(SqliteConnection connection, string sql) => Convert.ToInt64(QueryScalar(connection, sql), CultureInfo.InvariantCulture);

    private static string QueryText(SqliteConnection connection, string sql) => (string)QueryScalar(connection, sql);

    private static object QueryScalar(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()!;
    }
}
