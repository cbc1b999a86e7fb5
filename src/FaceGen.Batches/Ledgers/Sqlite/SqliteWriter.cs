using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>
/// Owns the only connection that writes, on its own thread. Since a commit waits for the disk, the jobs that arrive meanwhile are
/// committed together as the next group.
/// </summary>
/// <remarks>
/// No error ends the thread: the jobs of the group fail with it, and after a disk error the next group opens another connection.
/// </remarks>
internal sealed class SqliteWriter : IDisposable
{
    private const int MaxGroupSize = 256;

    /// <summary>How many bytes the <c>-wal</c> file grows between two checkpoints: SQLite's own thousand pages.</summary>
    private const long CheckpointBytes = 1000 * 4096;

    /// <summary>How long a reader may block a connection that is opened again; afterwards the write is retried.</summary>
    private static readonly TimeSpan ReopenTimeout = TimeSpan.FromSeconds(2);

    private readonly SqliteLock _lock;
    private readonly string _path;
    private readonly long _worker;
    private readonly TimeProvider _time;
    private readonly BlockingCollection<Job> _jobs = [];
    private readonly Thread _thread;

    /// <summary>Keeps the connection open while another thread checks its file.</summary>
    private readonly object _gate = new();

    private SqliteConnection? _connection;
    private SqliteCommandCache? _commands;
    private CommitMark? _mark;
    private bool _isMarkDue = true;
    private long _checkpointAt = CheckpointBytes;

    /// <summary>Starts the thread.</summary>
    /// <param name="connection">The connection, which the writer owns from now on.</param>
    /// <param name="ledgerLock">The lock of the ledger.</param>
    /// <param name="worker">The number of this run.</param>
    /// <param name="time">The clock.</param>
    internal SqliteWriter(SqliteConnection connection, SqliteLock ledgerLock, long worker, TimeProvider time)
    {
        (_lock, _path, _worker, _time) = (ledgerLock, ledgerLock.Path, worker, time);
        SetConnection(connection);
        _thread = new Thread(Run) { IsBackground = true, Name = "FaceGen ledger" };
        _thread.Start();
    }

    /// <summary>Runs work in the transaction of a group.</summary>
    internal Task<T> EnqueueAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        EnqueueAsync(new Job<T>(work, cancellationToken), cancellationToken);

    /// <summary>Runs work between two groups, which writes to the ledger in a transaction of another connection.</summary>
    internal Task<T> EnqueueAloneAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        EnqueueAsync(new Job<T>(work, cancellationToken) { IsAlone = true }, cancellationToken);

    /// <summary>Returns the error if the ledger is no longer at its path; null otherwise.</summary>
    internal FaceGenException? FindFileLoss()
    {
        lock (_gate) return _connection is null ? null : SqliteFileIdentity.FindFileLoss(_connection, _path);
    }

    /// <summary>Completes the queued jobs and closes the connection.</summary>
    public void Dispose()
    {
        _jobs.CompleteAdding();
        _thread.Join();
        Close();
        _jobs.Dispose();
    }

    private Task<T> EnqueueAsync<T>(Job<T> job, CancellationToken cancellationToken)
    {
        _jobs.Add(job, cancellationToken);
        return job.Result;
    }

    private void Run()
    {
        var group = new List<Job>();
        foreach (Job first in _jobs.GetConsumingEnumerable())
        {
            group.Add(first);
            while (group.Count < MaxGroupSize && !group[^1].IsAlone && _jobs.TryTake(out Job? next))
            {
                if (next.IsAlone) CommitAndClear(group);
                group.Add(next);
            }

            CommitAndClear(group);
        }
    }

    private void CommitAndClear(List<Job> group)
    {
        Commit(group);
        group.Clear();
    }

    [SuppressMessage("Design", "CA1031", Justification = "Each job of the group gets the exception; on this thread it would end the process.")]
    private void Commit(List<Job> group)
    {
        FaceGenException? loss;
        try
        {
            if (_connection is null) Reopen();
            if (_isMarkDue) WriteMark();
            if (group[0].IsAlone)
            {
                group[0].Run(_connection!, _commands!);
                loss = SqliteFileIdentity.FindFileLoss(_connection!, _path);
            }
            else
            {
                Execute("BEGIN IMMEDIATE");
                foreach (Job job in group) RunJob(job);
                loss = SqliteFileIdentity.FindFileLoss(_connection!, _path);
                Execute("COMMIT");
            }
        }
        catch (Exception e)
        {
            // An error of the disk or the file concerns the whole group.
            RollBack();
            if (SqliteErrors.MayLeavePartialPages(e)) Close();
            Exception error = SqliteErrors.Explain(e, _path, isWriting: true) ?? e;
            foreach (Job job in group) job.Fail(error);
            return;
        }

        foreach (Job job in group)
        {
            // A moved file still gets the results; but the caller must not rely on it.
            if (loss is null) job.Complete();
            else job.Fail(loss);
        }

        if (GetLength(_path + "-wal") >= _checkpointAt) Checkpoint();
    }

    /// <summary>Runs one job of a group in a savepoint: if it throws, the others still run.</summary>
    private void RunJob(Job job)
    {
        Execute("SAVEPOINT job");
        try
        {
            job.Run(_connection!, _commands!);
        }
        catch (Exception e) when (e is not SqliteException)
        {
            Execute("ROLLBACK TO job");
            job.SetError(e);
        }

        Execute("RELEASE job");
    }

    /// <summary>Commits a mark and writes it to the lock file, before anything else is committed to the <c>-wal</c> file.</summary>
    private void WriteMark()
    {
        _mark = CommitMark.Commit(_connection!, _worker, _time);
        _lock.WriteMark(_mark);
        _isMarkDue = false;
    }

    /// <summary>
    /// Copies the commits from the <c>-wal</c> file to the ledger, the mark included, so that the next commits need another mark.
    /// </summary>
    private void Checkpoint()
    {
        _isMarkDue = true;
        try
        {
            Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException)
        {
            // The commits stay in the -wal file. If the disk fails, the next commit fails too and reports it.
        }

        _checkpointAt = GetLength(_path + "-wal") + CheckpointBytes;
    }

    private void RollBack()
    {
        try
        {
            // SQLite may have ended the transaction itself.
            if (_connection is not null && SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0) Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // The transaction can be neither committed nor rolled back: closing the connection rolls it back. The jobs get the first error.
            Close();
        }
    }

    private void Reopen()
    {
        SqliteConnection connection = SqliteConnections.Open(_path, SqliteOpenMode.ReadWrite);
        try
        {
            SqliteConnections.ConfigureForWriting(connection, _path);
            if (_mark?.FindIn(connection) is { } finding and not CommitMark.Presence.Present)
                throw SqliteConnections.CreateMissingCommitsError(_path, isAnother: finding == CommitMark.Presence.OtherLedger);
            SqliteConnections.Checkpoint(connection, ReopenTimeout);
            SetConnection(connection);
            // Closing the former connection may have removed the -wal file that held the mark.
            _isMarkDue = true;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void SetConnection(SqliteConnection connection)
    {
        lock (_gate) (_connection, _commands) = (connection, new SqliteCommandCache(connection));
    }

    private void Close()
    {
        lock (_gate)
        {
            _commands?.Dispose();
            _connection?.Dispose();
            (_connection, _commands) = (null, null);
        }
    }

    private void Execute(string sql) => _commands!.Get(sql).ExecuteNonQuery();

    private static long GetLength(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private abstract class Job
    {
        /// <summary>True if the job is not part of a group's transaction.</summary>
        internal bool IsAlone { get; init; }

        internal abstract void Run(SqliteConnection connection, SqliteCommandCache commands);

        /// <summary>Stores an exception for <see cref="Complete"/>.</summary>
        internal abstract void SetError(Exception error);

        internal abstract void Complete();

        internal abstract void Fail(Exception error);
    }

    private sealed class Job<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) : Job
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task<T>? _outcome;

        internal Task<T> Result => _result.Task;

        // SQLite works synchronously: the task has completed when it is returned.
        internal override void Run(SqliteConnection connection, SqliteCommandCache commands)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task<T> done = work(new LedgerSession(connection, isRepeat: false, CancellationToken.None, commands.Get));
            done.GetAwaiter().GetResult();
            _outcome = done;
        }

        internal override void SetError(Exception error) => _outcome = Task.FromException<T>(error);

        internal override void Complete()
        {
            if (_outcome!.Exception is { InnerException: OperationCanceledException }) _result.SetCanceled();
            else if (_outcome.Exception is { } failure) _result.SetException(failure.InnerException!);
            else _result.SetResult(_outcome.Result);
        }

        internal override void Fail(Exception error) => _result.SetException(error);
    }
}

/// <summary>Caches the commands of a connection by their SQL, so that a repeated statement is compiled once.</summary>
internal sealed class SqliteCommandCache(SqliteConnection connection) : IDisposable
{
    /// <summary>More than the fixed statements; those with numbers in their text are replaced.</summary>
    private const int Capacity = 64;

    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    /// <summary>Returns a command without parameters, which the cache owns.</summary>
    internal DbCommand Get(string sql)
    {
        if (!_commands.TryGetValue(sql, out SqliteCommand? command))
        {
            if (_commands.Count == Capacity) Dispose();
            command = connection.CreateCommand();
            command.CommandText = sql;
            _commands.Add(sql, command);
        }

        command.Parameters.Clear();
        return command;
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in _commands.Values) command.Dispose();
        _commands.Clear();
    }
}
