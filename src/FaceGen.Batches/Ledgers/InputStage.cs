using System.Text;
using FaceGen.Batches.Ledgers.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FaceGen.Batches.Ledgers;

/// <summary>
/// Holds the rows of an input in a temporary SQLite database until they are imported, so that memory stays flat, and the rows can be
/// read more than once. The database is in SQLite's temporary folder, and the system deletes it when the process ends for any reason.
/// </summary>
/// <param name="temporaryFolder">The folder to try first; null for the system's temporary folder.</param>
internal sealed class InputStage(string? temporaryFolder = null) : IDisposable
{
    /// <summary>The maximum number of face hashes in memory; beyond it a face may be written twice.</summary>
    private const int MaxKnownFaces = 4096;

    private readonly HashSet<string> _writtenFaces = new(StringComparer.Ordinal);
    private SqliteConnection? _connection;
    private string _folder = "";
    private bool _isNumbered;

    /// <summary>True if a row contains the bytes of a face.</summary>
    internal bool HasFaces => _writtenFaces.Count > 0;

    /// <summary>True if a row has a path for its first image.</summary>
    internal bool HasPaths { get; private set; }

    /// <summary>True if the file of a row already exists.</summary>
    internal bool HasExistingFiles { get; private set; }

    /// <summary>True if the face image of a row is not a link.</summary>
    internal bool HasLocalFaces { get; private set; }

    /// <summary>True if an earlier version of FaceGen may have stored one of the rows under another hash.</summary>
    internal bool MayHaveLegacyHash { get; private set; }

    /// <summary>Gets how many of the numbered rows repeat the request of a row before them.</summary>
    internal long Duplicates { get; private set; }

    /// <summary>Adds rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="fallbackFolder">The folder to use if the temporary folder is not writable; it need not exist yet.</param>
    /// <exception cref="FaceGenException">The temporary database cannot be written.</exception>
    internal void Add(IReadOnlyList<InputRow> rows, string? fallbackFolder) => Write(fallbackFolder, connection =>
    {
        if (_isNumbered) SqliteConnections.Execute(connection, "DROP INDEX input_hash");
        _isNumbered = false;
        using var insert = new RawStatement(connection, "INSERT INTO input VALUES (NULL, ?1, 1, NULL, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
        foreach (InputRow row in rows)
        {
            HasPaths |= row.Path is not null;
            HasExistingFiles |= row.ExistingFileWrittenAt is not null;
            HasLocalFaces |= row.Face is not null;
            MayHaveLegacyHash |= row.MayHaveLegacyHash;
            insert.Bind(1, row.Hash);
            insert.Bind(2, row.Request);
            insert.Bind(3, row.Images);
            insert.Bind(4, row.Face);
            insert.Bind(5, row.FaceLength);
            insert.Bind(6, row.Source?.File);
            insert.Bind(7, row.Source?.Line);
            insert.Bind(8, row.Source?.Row);
            insert.Bind(9, row.Path is null ? null : LedgerSession.ToStorable(row.Path));
            insert.Bind(10, row.ExistingFileWrittenAt?.ToUnixTimeMilliseconds());
            insert.Bind(11, row.MayReturnFewerImages ? 1 : 0);
            insert.Execute();
            if (row.FaceBytes is not null && IsNew(row.Face!)) AddFace(connection, row.Face!, row.FaceBytes);
        }
    });

    /// <summary>
    /// Returns a connection to the table <see cref="LedgerSchema.CreateInput"/>, in which rows with the same request are numbered.
    /// </summary>
    /// <exception cref="FaceGenException">The temporary database cannot be written.</exception>
    internal SqliteConnection GetNumbered()
    {
        if (_isNumbered) return _connection!;

        // Without rows it needs no file.
        _connection ??= CreateTables(SqliteConnections.OpenTemporary(null));
        Write(null, connection =>
        {
            SqliteConnections.Execute(connection, "CREATE INDEX input_hash ON input (hash, occurrence)");
            using SqliteCommand number = connection.CreateCommand();
            number.CommandText =
                """
                UPDATE input SET occurrence = r.occurrence, repeats = r.first
                FROM (
                    SELECT position, row_number() OVER (PARTITION BY hash ORDER BY position) AS occurrence, min(position) OVER (PARTITION BY hash) AS first
                    FROM input WHERE hash IN (SELECT hash FROM input GROUP BY hash HAVING count(*) > 1)) AS r
                WHERE r.position = input.position AND r.occurrence > 1
                """;
            Duplicates = number.ExecuteNonQuery();
        });
        _isNumbered = true;
        return _connection!;
    }

    /// <summary>Runs work in one transaction of the staged rows and of a ledger's file.</summary>
    /// <param name="path">The file; null for a ledger that does not exist.</param>
    /// <param name="commit">True to commit the transaction, false to roll it back.</param>
    /// <param name="work">The work.</param>
    internal T RunWithLedger<T>(string? path, bool commit, Func<LedgerSession, Task<T>> work)
    {
        SqliteConnection connection = GetNumbered();
        if (path is null)
        {
            return SqliteConnections.RunTransaction(connection, commit, async session =>
            {
                await session.ExecuteAsync(SqliteConnections.CreateTablesSql).ConfigureAwait(false);
                return await work(session).ConfigureAwait(false);
            });
        }

        SqliteConnections.Attach(connection, path);
        try
        {
            return SqliteConnections.RunTransaction(connection, commit, work);
        }
        finally
        {
            SqliteConnections.Detach(connection);
        }
    }

    /// <summary>Reads the bytes of the faces.</summary>
    internal IEnumerable<(string Hash, byte[] Bytes)> ReadFaces()
    {
        if (!HasFaces) yield break;

        using SqliteCommand select = _connection!.CreateCommand();
        select.CommandText = "SELECT hash, bytes FROM input_faces";
        using SqliteDataReader face = select.ExecuteReader();
        while (face.Read()) yield return (face.GetString(0), face.GetFieldValue<byte[]>(1));
    }

    /// <summary>Removes the rows.</summary>
    internal void Clear()
    {
        _connection?.Dispose();
        _connection = null;
        _writtenFaces.Clear();
        (HasPaths, HasExistingFiles, HasLocalFaces, MayHaveLegacyHash, _isNumbered, Duplicates) = (false, false, false, false, false, 0);
    }

    public void Dispose() => _connection?.Dispose();

    private void Write(string? fallbackFolder, Action<SqliteConnection> work)
    {
        try
        {
            _connection ??= Open(fallbackFolder);
            using SqliteTransaction transaction = _connection.BeginTransaction();
            work(_connection);
            transaction.Commit();
        }
        catch (SqliteException e)
        {
            throw CreateNotWrittenError($"'{_folder}'", e);
        }
    }

    /// <summary>Creates the database in the temporary folder, or in the fallback folder.</summary>
    private SqliteConnection Open(string? fallbackFolder)
    {
        _folder = temporaryFolder ?? Path.GetTempPath();
        if (PrivateFile.FindCreationError(_folder) is { } error)
        {
            while (fallbackFolder is not null && !Directory.Exists(fallbackFolder)) fallbackFolder = Path.GetDirectoryName(fallbackFolder);
            if (fallbackFolder is null) throw CreateNotWrittenError($"the temporary folder '{_folder}'", error);
            if (PrivateFile.FindCreationError(fallbackFolder) is { } second)
                throw CreateNotWrittenError($"the temporary folder '{_folder}' or in '{fallbackFolder}'", second);

            _folder = fallbackFolder;
            return CreateTables(SqliteConnections.OpenTemporary(fallbackFolder));
        }

        return CreateTables(SqliteConnections.OpenTemporary(null));
    }

    private static SqliteConnection CreateTables(SqliteConnection connection)
    {
        SqliteConnections.Execute(connection, LedgerSchema.CreateInput("TABLE", "INTEGER") + "; CREATE TABLE input_faces (hash TEXT, bytes BLOB)");
        return connection;
    }

    private static FaceGenException CreateNotWrittenError(string where, Exception error) => new(
        ErrorCode.FileNotWritten,
        $"The input of the batch could not be written to a temporary file in {where}: {error.Message.TrimEnd('.')}. Nothing was sent. "
        + "Free disk space there, or set the environment variable TMPDIR (on Windows, TEMP) to a writable folder.",
        error);

    private bool IsNew(string face)
    {
        if (_writtenFaces.Count == MaxKnownFaces && !_writtenFaces.Contains(face)) _writtenFaces.Clear();
        return _writtenFaces.Add(face);
    }

    private static void AddFace(SqliteConnection connection, string hash, byte[] bytes)
    {
        using SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO input_faces VALUES (@hash, @bytes)";
        insert.Parameters.AddWithValue("hash", hash);
        insert.Parameters.AddWithValue("bytes", bytes);
        insert.ExecuteNonQuery();
    }

    /// <summary>A prepared statement whose parameters are bound by number: a <see cref="SqliteCommand"/> finds them by name each time.</summary>
    private sealed class RawStatement : IDisposable
    {
        private readonly sqlite3 _connection;
        private readonly sqlite3_stmt _statement;
        private byte[] _buffer = new byte[4096];

        internal RawStatement(SqliteConnection connection, string sql)
        {
            _connection = connection.Handle!;
            SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(_connection, sql, out _statement), _connection);
        }

        internal void Bind(int index, long? value) =>
            Check(value is { } number ? raw.sqlite3_bind_int64(_statement, index, number) : raw.sqlite3_bind_null(_statement, index));

        internal void Bind(int index, string? value)
        {
            // The address of an empty span is null, which binds NULL.
            if (value is null or "")
            {
                Check(value is null ? raw.sqlite3_bind_null(_statement, index) : raw.sqlite3_bind_text(_statement, index, value));
                return;
            }

            int limit = Encoding.UTF8.GetMaxByteCount(value.Length);
            if (limit > _buffer.Length) _buffer = new byte[limit];
            int length = Encoding.UTF8.GetBytes(value, 0, value.Length, _buffer, 0);
            Check(raw.sqlite3_bind_text(_statement, index, _buffer.AsSpan(0, length)));
        }

        internal void Execute()
        {
            int result = raw.sqlite3_step(_statement);
            raw.sqlite3_reset(_statement);
            if (result != raw.SQLITE_DONE) Check(result);
        }

        public void Dispose() => _statement.Dispose();

        private void Check(int result) => SqliteException.ThrowExceptionForRC(result, _connection);
    }
}
