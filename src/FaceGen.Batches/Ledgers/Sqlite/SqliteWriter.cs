using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using FaceGen.Contract;
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
    private const int LargestGroup = 256;

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
    private SqliteCommands? _commands;
    private SqliteMark? _mark;
    private bool _isMarkDue = true;
    private long _checkpointAt = CheckpointBytes;

    /// <summary>Begins to write.</summary>
    /// <param name="connection">The connection, which belongs to the writer from now on.</param>
    /// <param name="held">The lock of the ledger.</param>
    /// <param name="worker">The number of this run.</param>
    /// <param name="time">The clock.</param>
    internal SqliteWriter(SqliteConnection connection, SqliteLock held, long worker, TimeProvider time)
    {
        (_lock, _path, _worker, _time) = (held, held.Path, worker, time);
        Use(connection);
        _thread = new Thread(Work) { IsBackground = true, Name = "FaceGen ledger" };
        _thread.Start();
    }

    internal Task<T> DoAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancel)
    {
        var job = new Job<T>(work, cancel);
        _jobs.Add(job, cancel);
        return job.Result;
    }

    /// <summary>Returns the error if the ledger is not at its path any more; null otherwise.</summary>
    internal FaceGenException? FindLoss()
    {
        lock (_gate) return _connection is null ? null : SqliteFile.FindLoss(_connection, _path);
    }

    /// <summary>Finishes what was asked for, and closes the connection.</summary>
    public void Dispose()
    {
        _jobs.CompleteAdding();
        _thread.Join();
        Close();
        _jobs.Dispose();
    }

    private void Work()
    {
        var group = new List<Job>();
        foreach (Job first in _jobs.GetConsumingEnumerable())
        {
            group.Add(first);
            while (group.Count < LargestGroup && _jobs.TryTake(out Job? next)) group.Add(next);
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
            foreach (Job job in group) DoOne(job);
            loss = SqliteFile.FindLoss(_connection!, _path);
            Execute("COMMIT");
        }
        catch (Exception e)
        {
            // What hinders one hinders all: the disk, or the file.
            RollBack();
            if (SqliteErrors.LeavesDoubt(e)) Close();
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

        if (Length(_path + "-wal") >= _checkpointAt) Checkpoint();
    }

    /// <summary>Does one of several jobs: if it fails, the others are done all the same.</summary>
    private void DoOne(Job job)
    {
        Execute("SAVEPOINT job");
        try
        {
            job.Do(_connection!, _commands!);
        }
        catch (Exception e) when (e is not SqliteException)
        {
            Execute("ROLLBACK TO job");
            job.FailAtEnd(e);
        }

        Execute("RELEASE job");
    }

    /// <summary>Commits a mark and writes it to the lock file, before anything else is committed to the <c>-wal</c> file.</summary>
    private void WriteMark()
    {
        _mark = SqliteMark.Commit(_connection!, _worker, _time);
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

        _checkpointAt = Length(_path + "-wal") + CheckpointBytes;
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
        SqliteConnection connection = SqliteDatabase.Open(_path, SqliteOpenMode.ReadWrite);
        try
        {
            SqliteDatabase.Prepare(connection, _path);
            if (_mark?.In(connection) is { } finding and not SqliteMark.Finding.Holds)
                throw SqliteDatabase.Incomplete(_path, isAnother: finding == SqliteMark.Finding.IsAnother);
            SqliteDatabase.Checkpoint(connection, ReopenTimeout);
            Use(connection);
            // Closing the former connection may have removed the -wal file that held the mark.
            _isMarkDue = true;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Use(SqliteConnection connection)
    {
        lock (_gate) (_connection, _commands) = (connection, new SqliteCommands(connection));
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

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private abstract class Job
    {
        internal abstract void Do(SqliteConnection connection, SqliteCommands commands);

        /// <summary>Keeps a failure for <see cref="Complete"/>.</summary>
        internal abstract void FailAtEnd(Exception error);

        internal abstract void Complete();

        internal abstract void Fail(Exception error);
    }

    private sealed class Job<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancel) : Job
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task<T>? _done;

        internal Task<T> Result => _result.Task;

        // SQLite does everything at once: the task has ended when it is there.
        internal override void Do(SqliteConnection connection, SqliteCommands commands)
        {
            cancel.ThrowIfCancellationRequested();
            Task<T> done = work(new LedgerSession(connection, isRepeat: false, CancellationToken.None, commands.Get));
            done.GetAwaiter().GetResult();
            _done = done;
        }

        internal override void FailAtEnd(Exception error) => _done = Task.FromException<T>(error);

        internal override void Complete()
        {
            if (_done!.Exception is { InnerException: OperationCanceledException }) _result.SetCanceled();
            else if (_done.Exception is { } failure) _result.SetException(failure.InnerException!);
            else _result.SetResult(_done.Result);
        }

        internal override void Fail(Exception error) => _result.SetException(error);
    }
}
