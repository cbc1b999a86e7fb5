using System.Data;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>Opens connections to a ledger's file, checks that it is a ledger, and configures them.</summary>
internal static class SqliteConnections
{
    /// <summary>The application id of FaceGen in the header of a SQLite database: "FGen".</summary>
    private const long ApplicationId = 0x4647656E;

    /// <summary>The SQL function that every connection has in addition: SQLite's own <c>lower</c> knows only ASCII.</summary>
    internal const string CaseFoldFunction = "facegen_fold";

    /// <summary>Opens a connection.</summary>
    /// <param name="path">The path of the file; empty for a temporary database, which is deleted when it is closed.</param>
    /// <param name="mode">The access.</param>
    /// <exception cref="FaceGenException">SQLite's native library does not load.</exception>
    internal static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        // A pool would hold the file open after the ledger was closed.
        SqliteConnection connection = OpenWithFunctions(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        try
        {
            // Large sorts and temporary tables need a file, or memory where no file can be created.
            if (PrivateFile.FindCreationError(Path.GetTempPath()) is not null) Execute(connection, "PRAGMA temp_store = MEMORY");
            return connection;
        }
        catch (SqliteException)
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens a temporary database, which is in files that the system deletes when they are closed.</summary>
    /// <param name="folder">The folder of all temporary files of SQLite in this process from now on; null for the system's.</param>
    internal static SqliteConnection OpenTemporary(string? folder)
    {
        SqliteConnection connection = OpenWithFunctions("Data Source=;Mode=ReadWrite;Pooling=False");
        if (folder is not null) Execute(connection, $"PRAGMA temp_store_directory = '{folder.Replace("'", "''")}'");
        return connection;
    }

    private static SqliteConnection OpenWithFunctions(string connectionString)
    {
        // The first connection loads the native library.
        SqliteNative.Load();
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            connection.CreateFunction<string?, string?>(CaseFoldFunction, text => text?.ToUpperInvariant(), isDeterministic: true);
            return connection;
        }
        catch (SqliteException)
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Adds the tables of a ledger's file to a temporary database.</summary>
    internal static void Attach(SqliteConnection connection, string path)
    {
        using SqliteCommand attach = connection.CreateCommand();
        // As for SqliteWriter's connection.
        attach.CommandText = "ATTACH @path AS ledger_file; PRAGMA wal_autocheckpoint = 0; PRAGMA ledger_file.synchronous = FULL; PRAGMA fullfsync = ON";
        attach.Parameters.AddWithValue("path", path);
        attach.ExecuteNonQuery();
    }

    /// <summary>Removes the tables of a ledger's file.</summary>
    internal static void Detach(SqliteConnection connection) => Execute(connection, "DETACH ledger_file");

    /// <summary>Runs work in one transaction.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="commit">True to commit the transaction, false to roll it back.</param>
    /// <param name="work">The work.</param>
    internal static T RunTransaction<T>(SqliteConnection connection, bool commit, Func<LedgerSession, Task<T>> work)
    {
        Execute(connection, commit ? "BEGIN IMMEDIATE" : "BEGIN");
        try
        {
            // SQLite works synchronously: the task has completed when it is returned.
            T result = work(new LedgerSession(connection, isRepeat: false, CancellationToken.None)).GetAwaiter().GetResult();
            if (commit) Execute(connection, "COMMIT");
            return result;
        }
        finally
        {
            if (connection.State == ConnectionState.Open && SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0) Execute(connection, "ROLLBACK");
        }
    }

    /// <summary>Throws if a database is not a ledger of this version.</summary>
    /// <exception cref="FaceGenException">The database belongs to another program, or to a newer FaceGen.</exception>
    internal static void ThrowIfNotLedger(SqliteConnection connection, string name)
    {
        if (QueryNumber(connection, "PRAGMA application_id") != ApplicationId)
            throw new FaceGenException(ErrorCode.LedgerInvalid, $"'{name}' is a database of another program, not a ledger of FaceGen. Nothing was sent. Name another file with -Ledger.");

        LedgerSchema.ThrowIfNewer(QueryNumber(connection, "PRAGMA user_version"), name);
    }

    /// <summary>Returns the error for a database that lacks commits of its last run.</summary>
    /// <param name="name">The path of the ledger.</param>
    /// <param name="isAnother">True if the file is another ledger than before.</param>
    internal static FaceGenException CreateMissingCommitsError(string name, bool isAnother) => new(
        ErrorCode.LedgerInvalid,
        (isAnother
            ? $"The ledger '{name}' was replaced by another one during the run. "
            : $"The ledger '{name}' lacks the last changes of its last run: '{name}-wal' is missing, or the ledger was replaced by an older copy. ")
        + "Nothing was sent, because paid rows would be paid for again. "
        + (isAnother
            ? "Restore the ledger and run the same command again."
            : $"Restore '{name}-wal' beside it, or a newer copy of the ledger. To continue with the ledger as it is, delete '{SqliteLock.PathOf(name)}'."));

    /// <summary>Reads the whole file and checks its integrity.</summary>
    /// <exception cref="SqliteException">The file is damaged or cannot be read.</exception>
    internal static void CheckIntegrity(SqliteConnection connection)
    {
        string found = QueryText(connection, "PRAGMA quick_check(1)");
        if (found != "ok") throw new SqliteException(found, SqliteErrors.Corrupt);
    }

    /// <summary>
    /// Returns true if a new connection finds the file damaged too. After a disk error, a connection can report an intact file as
    /// damaged: SQLite reports some read errors as damage, and keeps pages that were read in part.
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

    /// <summary>Configures a connection that writes: commits are on disk when they return.</summary>
    internal static void ConfigureForWriting(SqliteConnection connection, string name)
    {
        string journal = QueryText(connection, "PRAGMA journal_mode = WAL");
        if (journal != "wal")
            throw new FaceGenException(
                ErrorCode.LedgerNotWritten, $"The file system of '{name}' does not support a ledger. Nothing was sent. Name a file on a local disk with -Ledger.");

        EnableFullSync(connection);
        // SqliteWriter makes the checkpoints, since its commit mark has to be in the -wal file.
        Execute(connection, "PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0");
    }

    /// <summary>
    /// Copies the commits of earlier connections from the <c>-wal</c> file to the database and empties that file. A connection whose
    /// flush failed may have left commits there that exist only in the system's memory: no later flush writes them
    /// (https://lwn.net/Articles/752063/), and without them SQLite does not find the commits that follow.
    /// </summary>
    /// <exception cref="SqliteException">The disk fails, or a reader blocks the checkpoint for longer than the timeout.</exception>
    internal static void Checkpoint(SqliteConnection connection, TimeSpan timeout)
    {
        Execute(connection, FormattableString.Invariant($"PRAGMA busy_timeout = {(long)timeout.TotalMilliseconds}"));
        // The first number of the result is not 0 if a reader blocked the checkpoint.
        if (QueryNumber(connection, "PRAGMA wal_checkpoint(TRUNCATE)") != 0)
            throw new SqliteException("A reader keeps the -wal file in use.", SqliteErrors.Busy);

        Execute(connection, "PRAGMA busy_timeout = 0");
    }

    /// <summary>Makes each commit of a connection wait for the disk.</summary>
    internal static void EnableFullSync(SqliteConnection connection) =>
        Execute(connection, "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");

    /// <summary>The SQL that creates the tables of a ledger, without <see cref="LedgerSchema.CreateHashIndex"/>.</summary>
    internal static readonly string CreateTablesSql = LedgerSchema.CreateTables("INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB");

    /// <summary>Creates all tables in one transaction, without <see cref="LedgerSchema.CreateHashIndex"/>.</summary>
    internal static void CreateTables(SqliteConnection connection, TimeProvider time)
    {
        Execute(connection, $"""
            BEGIN IMMEDIATE;
            {CreateTablesSql}
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
