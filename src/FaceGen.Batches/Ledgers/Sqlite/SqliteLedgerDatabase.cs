using System.Data.Common;
using FaceGen.Saving;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>The database of a ledger in a SQLite file, for one run at a time and any number of readers.</summary>
internal sealed class SqliteLedgerDatabase : LedgerDatabase
{
    /// <summary>How long a reader, such as a backup, may delay the start of a run.</summary>
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _readGate = new(1);
    private readonly TimeProvider _time;
    private readonly SqliteLock? _lock;
    private readonly SqliteWriter? _writer;
    private readonly bool _isMissing;
    private SqliteConnection? _reader;

    private SqliteLedgerDatabase(
        string name, TimeProvider time, SqliteLock? ledgerLock, SqliteWriter? writer, SqliteConnection? reader, long worker, bool isMissing = false)
    {
        (Name, _time, _lock, _writer, _reader, Worker, _isMissing) = (name, time, ledgerLock, writer, reader, worker, isMissing);
    }

    /// <inheritdoc/>
    internal override string Name { get; }

    /// <inheritdoc/>
    internal override long Worker { get; }

    /// <inheritdoc/>
    internal override bool IsShared => false;

    /// <inheritdoc/>
    internal override string LiveWorkersQuery => FormattableString.Invariant($"SELECT {Worker} AS worker");

    /// <inheritdoc/>
    internal override string IsWorkerRunning =>
        _lock is null && !SqliteLock.IsHeld(Name) ? "FALSE" : "ended_at IS NULL AND worker = (SELECT max(worker) FROM workers)";

    /// <inheritdoc/>
    internal override string RowLockClause => "";

    /// <inheritdoc/>
    internal override string CaseFoldFunction => SqliteConnections.CaseFoldFunction;

    private SqliteWriter Writer => _writer ?? throw new InvalidOperationException("The ledger was not opened to be written.");

    /// <summary>Opens a ledger's file.</summary>
    internal static Task<SqliteLedgerDatabase> OpenAsync(string path, LedgerMode mode, TimeProvider time, CancellationToken cancellationToken) =>
        OpenAsync(path, mode, time, fill: null, cancellationToken);

    /// <summary>Opens a ledger's file.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <param name="mode">The purpose.</param>
    /// <param name="time">The clock.</param>
    /// <param name="fill">Inserts the first rows into the file of a ledger that is created, before it gets its name; null for none.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FaceGenException">The file cannot be used, or another run uses it.</exception>
    internal static async Task<SqliteLedgerDatabase> OpenAsync(
        string path, LedgerMode mode, TimeProvider time, Action<string>? fill, CancellationToken cancellationToken)
    {
        path = ResolveLink(path);
        if (Directory.Exists(path)) throw new FaceGenException(ErrorCode.LedgerInvalid, $"The ledger '{path}' is a folder. Nothing was sent. Name a file with -Ledger.");
        if (mode == LedgerMode.RunAndCreateOnImport) mode = File.Exists(path) ? LedgerMode.Run : LedgerMode.Plan;

        try
        {
            return mode == LedgerMode.Run
                ? await OpenToRunAsync(path, time, fill, cancellationToken).ConfigureAwait(false)
                : await Task.Run(() => OpenToRead(path, mode, time), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (SqliteErrors.Explain(e, path, isWriting: mode == LedgerMode.Run) is { } explained && explained != e)
        {
            throw explained;
        }
    }

    /// <summary>Returns a temporary empty database in place of a missing ledger.</summary>
    internal static SqliteLedgerDatabase CreateEmpty(string name, TimeProvider time)
    {
        SqliteConnection connection = SqliteConnections.OpenTemporary(null);
        SqliteConnections.CreateTables(connection, time);
        return new SqliteLedgerDatabase(name, time, null, null, connection, 0, isMissing: true);
    }

    /// <inheritdoc/>
    internal override Task LockAsync(LedgerSession session, string key) => Task.CompletedTask;

    /// <inheritdoc/>
    internal override async Task VerifyIdentityAsync(LedgerSession session)
    {
        if (SqliteFileIdentity.FindFileOrLockLoss((SqliteConnection)session.Connection, Name) is { } loss) throw loss;

        // A run that started later has found the lock free, so the lock file was deleted.
        if (await session.QueryNumberAsync("SELECT max(worker) FROM workers").ConfigureAwait(false) > Worker)
            throw new FaceGenException(
                ErrorCode.LedgerInUse,
                $"Another run has opened the ledger '{Name}' during this one, so '{SqliteLock.PathOf(Name)}' was deleted. "
                + "This run submits nothing more, and what it has submitted is in the ledger. Wait until the other run has ended.");
    }

    /// <inheritdoc/>
    internal override Task AnalyzeAsync(LedgerSession session, string table) => Task.CompletedTask;

    /// <inheritdoc/>
    internal override bool IsUniqueViolation(DbException error) => SqliteErrors.IsConstraint(error);

    /// <inheritdoc/>
    internal override Task<T> WriteAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        Writer.EnqueueAsync(work, cancellationToken);

    /// <inheritdoc/>
    internal override Task<T> ReadAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) => ReadAsync(() =>
    {
        _reader ??= SqliteConnections.Open(Name, SqliteOpenMode.ReadWrite);
        return SqliteConnections.RunTransaction(_reader, commit: false, work);
    }, cancellationToken);

    /// <inheritdoc/>
    internal override Task<T> WriteWithInputAsync<T>(InputStage input, Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        Writer.EnqueueAloneAsync(async session =>
        {
            await VerifyIdentityAsync(session).ConfigureAwait(false);
            return input.RunWithLedger(Name, commit: true, work);
        }, cancellationToken);

    /// <inheritdoc/>
    internal override Task<T> ReadWithInputAsync<T>(InputStage input, Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        ReadAsync(() => input.RunWithLedger(_isMissing ? null : Name, commit: false, work), cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        // The connection that closes last merges the log into the file, which a reader cannot do: the writer closes last.
        await _readGate.WaitAsync().ConfigureAwait(false);
        _reader?.Dispose();
        if (_writer is not null)
        {
            // If this cannot be written, the released lock shows the same.
            await Task.WhenAny(WriteAsync(
                session => session.ExecuteAsync(
                    "UPDATE workers SET ended_at = @now WHERE worker = @worker",
                    ("now", _time.GetUtcNow().ToUnixTimeMilliseconds()), ("worker", Worker)), CancellationToken.None)).ConfigureAwait(false);
            await Task.Run(_writer.Dispose).ConfigureAwait(false);
            // The last connection to close removes the -wal file; until then the mark stays.
            if (!HasContent(Name + "-wal")) _lock!.ClearMark();
        }

        _lock?.Dispose();
        _readGate.Dispose();
    }

    private static async Task<SqliteLedgerDatabase> OpenToRunAsync(string path, TimeProvider time, Action<string>? fill, CancellationToken cancellationToken)
    {
        FileStorage.System.EnsureFolder(Path.GetDirectoryName(path)!);
        SqliteLock held = await SqliteLock.AcquireAsync(path, time, cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => OpenLocked(path, time, held, fill), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static SqliteLedgerDatabase OpenLocked(string path, TimeProvider time, SqliteLock ledgerLock, Action<string>? fill)
    {
        bool isNew = !File.Exists(path);
        if (isNew)
        {
            ThrowIfLogRemains(path);
            ledgerLock.ClearMark();
            Create(path, time, fill);
        }

        ThrowIfNotLedger(path, ledgerLock.ReadMark());
        foreach (string suffix in (string[])["", "-wal", "-shm"]) PrivateFile.Restrict(path + suffix);
#if !NETSTANDARD
        // Elsewhere SQLite creates the files beside it with the same permissions.
        if (OperatingSystem.IsWindows())
        {
            PrivateFile.EnsureExists(path + "-wal");
            PrivateFile.EnsureExists(path + "-shm");
        }
#endif
        SqliteConnection connection = SqliteConnections.Open(path, SqliteOpenMode.ReadWrite);
        try
        {
            if (!isNew) SqliteConnections.CheckIntegrity(connection);
            SqliteConnections.ConfigureForWriting(connection, path);
            SqliteConnections.Checkpoint(connection, OpenTimeout);
            long worker = Register(connection, time);
            return new SqliteLedgerDatabase(path, time, ledgerLock, new SqliteWriter(connection, ledgerLock, worker, time), null, worker);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static SqliteLedgerDatabase OpenToRead(string path, LedgerMode mode, TimeProvider time)
    {
        if (File.Exists(path))
        {
            ThrowIfNotLedger(path, SqliteLock.PeekMark(path));
            // A read-only connection could not delete the files that SQLite creates beside the ledger.
            return new SqliteLedgerDatabase(path, time, null, null, SqliteConnections.Open(path, SqliteOpenMode.ReadWrite), 0);
        }

        ThrowIfLogRemains(path);
        return mode == LedgerMode.Plan ? CreateEmpty(path, time) : throw new FaceGenException(ErrorCode.LedgerNotFound, $"The ledger '{path}' does not exist. Nothing was read. Check the path.");
    }

    /// <summary>
    /// Creates a ledger under another name and renames it when it is complete, so that the process may be killed at any point: the file
    /// with the final name needs no journal and no log.
    /// </summary>
    internal static void Create(string path, TimeProvider time, Action<string>? fill = null)
    {
        string temporary = path + ".new";
        DeleteTemporary();
        try
        {
            PrivateFile.EnsureExists(temporary);
            using SqliteConnection connection = SqliteConnections.Open(temporary, SqliteOpenMode.ReadWrite);
            SqliteConnections.EnableFullSync(connection);
            SqliteConnections.CreateTables(connection, time);
            fill?.Invoke(temporary);
            SqliteConnections.Execute(connection, LedgerSchema.CreateHashIndex);
            // A change of the journal mode after the rename would need a journal that has to be rolled back.
            SqliteConnections.ConfigureForWriting(connection, path);
        }
        catch
        {
            DeleteTemporary();
            throw;
        }

        FileStorage.System.RetryWhileInUse(() => File.Move(temporary, path));
        FileStorage.System.FlushFolder(Path.GetDirectoryName(path)!);

        void DeleteTemporary()
        {
            foreach (string suffix in (string[])["", "-journal", "-wal", "-shm"]) FileStorage.System.RetryWhileInUse(() => File.Delete(temporary + suffix));
        }
    }

    /// <summary>Throws if a log exists and its ledger is missing: a new ledger would pay for every row again.</summary>
    private static void ThrowIfLogRemains(string path)
    {
        foreach (string log in (string[])[path + "-wal", path + "-journal"])
        {
            if (!HasContent(log)) continue;

            throw new FaceGenException(ErrorCode.LedgerInvalid,
                $"The ledger '{path}' is missing, and '{log}' still exists. Nothing was sent, because a new ledger would pay for every row again. "
                + $"Restore the ledger beside that file, or delete '{log}' to start a new ledger.");
        }
    }

    private static bool HasContent(string path) => new FileInfo(path) is { Exists: true, Length: > 0 };

    /// <summary>
    /// Throws if a file is not a ledger, before it is opened for writing. An empty file is not opened at all: SQLite would delete the log
    /// beside it.
    /// </summary>
    private static void ThrowIfNotLedger(string path, CommitMark? mark)
    {
        if (new FileInfo(path).Length == 0)
        {
            throw new FaceGenException(ErrorCode.LedgerInvalid, $"The ledger '{path}' is damaged: its file is empty. "
                + (HasContent(path + "-wal") ? $"'{path}-wal' contains the last changes, and was not changed. " : "")
                + "Nothing was sent, because a new ledger would pay for every row again. Restore it from a backup, or delete it if it never was a ledger.");
        }

        try
        {
            ThrowIfNotLedger(path, mark, SqliteOpenMode.ReadOnly);
        }
        catch (SqliteException e) when (SqliteErrors.NeedsRollback(e))
        {
            // The process that changed the file was killed: only a writing connection can roll its transaction back.
            ThrowIfNotLedger(path, mark, SqliteOpenMode.ReadWrite);
        }
    }

    private static void ThrowIfNotLedger(string path, CommitMark? mark, SqliteOpenMode mode)
    {
        using SqliteConnection connection = SqliteConnections.Open(path, mode);
        SqliteConnections.ThrowIfNotLedger(connection, path);
        if (mark?.FindIn(connection) == CommitMark.Presence.Missing) throw SqliteConnections.CreateMissingCommitsError(path, isAnother: false);
    }

    /// <summary>Returns the target of a symbolic link, so that the ledger has the same lock by every name.</summary>
    private static string ResolveLink(string path)
    {
#if NETSTANDARD
        return path;
#else
        var file = new FileInfo(path);
        return file.LinkTarget is null ? path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
#endif
    }

    private static long Register(SqliteConnection connection, TimeProvider time)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "INSERT INTO workers (machine, process, started_at, seen_at) VALUES (@machine, @process, @now, @now) RETURNING worker";
        command.Parameters.AddWithValue("machine", WorkerProcess.MachineName);
        command.Parameters.AddWithValue("process", WorkerProcess.Id);
        command.Parameters.AddWithValue("now", time.GetUtcNow().ToUnixTimeMilliseconds());
        return (long)command.ExecuteScalar()!;
    }

    private async Task<T> ReadAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _readGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Read(work), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _readGate.Release();
        }
    }

    private T Read<T>(Func<T> work)
    {
        try
        {
            // A file that was replaced or deleted does not show the state of the run's batch.
            if (_writer?.FindFileLoss() is { } loss) throw loss;

            return work();
        }
        catch (Exception e) when (SqliteErrors.Explain(e, Name, isWriting: false) is { } explained && explained != e)
        {
            if (_writer is not null && SqliteErrors.MayLeavePartialPages(e))
            {
                _reader?.Dispose();
                _reader = null;
            }

            throw explained;
        }
    }
}
