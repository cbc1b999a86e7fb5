using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>
/// The one connection that writes, on a thread of its own. A commit waits for the disk, so whatever was asked for
/// meanwhile goes into the next one together.
/// </summary>
/// <remarks>
/// No error ends the thread: the jobs of a group fail with it, and after an error of the disk the next group opens another
/// connection.
/// </remarks>
internal sealed class SqliteWriter : IDisposable
{
    private const int MaxGroupSize = 256;

    /// <summary>How many bytes the <c>-wal</c> file grows between two checkpoints: SQLite's own thousand pages.</summary>
    private const long CheckpointBytes = 1000 * 4096;

    /// <summary>How long a reader may hinder a connection that is opened again; the write is tried again afterwards.</summary>
    private static readonly TimeSpan ReopenTimeout = TimeSpan.FromSeconds(2);

    private readonly SqliteLock _lock;
    private readonly string _path;
    private readonly long _worker;
    private readonly TimeProvider _time;
    private readonly BlockingCollection<Job> _jobs = [];
    private readonly Thread _thread;

    /// <summary>Keeps the connection open while another thread asks about its file.</summary>
    private readonly object _gate = new();

    private SqliteConnection? _connection;
    private SqliteCommandCache? _commands;
    private CommitMark? _mark;
    private bool _isMarkDue = true;
    private long _checkpointAt = CheckpointBytes;

    /// <summary>Begins to write.</summary>
    /// <param name="connection">The connection, which belongs to the writer from now on.</param>
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

    internal Task<T> EnqueueAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken)
    {
        var job = new Job<T>(work, cancellationToken);
        _jobs.Add(job, cancellationToken);
        return job.Result;
    }

    /// <summary>Returns the error if the ledger is not at its path any more; null otherwise.</summary>
    internal FaceGenException? FindFileLoss()
    {
        lock (_gate) return _connection is null ? null : SqliteFileIdentity.FindFileLoss(_connection, _path);
    }

    /// <summary>Finishes what was asked for, and closes the connection.</summary>
    public void Dispose()
    {
        _jobs.CompleteAdding();
        _thread.Join();
        Close();
        _jobs.Dispose();
    }

    private void Run()
    {
        var group = new List<Job>();
        foreach (Job first in _jobs.GetConsumingEnumerable())
        {
            group.Add(first);
            while (group.Count < MaxGroupSize && _jobs.TryTake(out Job? next)) group.Add(next);
            Commit(group);
            group.Clear();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Each job of the group gets the exception; on this thread it would end the process.")]
    private void Commit(List<Job> group)
    {
        FaceGenException? loss;
        try
        {
            if (_connection is null) Reopen();
            if (_isMarkDue) WriteMark();
            Execute("BEGIN IMMEDIATE");
            foreach (Job job in group) RunJob(job);
            loss = SqliteFileIdentity.FindFileLoss(_connection!, _path);
            Execute("COMMIT");
        }
        catch (Exception e)
        {
            // What hinders one hinders all: the disk, or the file.
            RollBack();
            if (SqliteErrors.MayLeavePartialPages(e)) Close();
            Exception error = SqliteErrors.Explain(e, _path, isWriting: true) ?? e;
            foreach (Job job in group) job.Fail(error);
            return;
        }

        foreach (Job job in group)
        {
            // A file that was moved still gets the results of the rows; but the caller must not rely on it.
            if (loss is null) job.Complete();
            else job.Fail(loss);
        }

        if (GetLength(_path + "-wal") >= _checkpointAt) Checkpoint();
    }

    /// <summary>Does one of several jobs: if it fails, the others are done all the same.</summary>
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
    /// Copies the commits from the <c>-wal</c> file to the ledger. The mark goes with it, so that the next commits
    /// need another one.
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
            // The commits stay in the -wal file. Where the disk fails, the next commit fails too, and reports it.
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
            // The connection holds a transaction that it can neither commit nor undo. Closing it undoes it; the error that
            // began this is what the jobs get.
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
        internal abstract void Run(SqliteConnection connection, SqliteCommandCache commands);

        /// <summary>Keeps a failure for <see cref="Complete"/>.</summary>
        internal abstract void SetError(Exception error);

        internal abstract void Complete();

        internal abstract void Fail(Exception error);
    }

    private sealed class Job<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) : Job
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task<T>? _outcome;

        internal Task<T> Result => _result.Task;

        // SQLite does everything at once: the task has ended when it is there.
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
