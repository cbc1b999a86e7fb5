using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>
/// The one connection that writes, on a thread of its own. A commit waits for the disk, so whatever was asked for
/// meanwhile goes into the next one together.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int LargestGroup = 256;

    private readonly SqliteConnection _connection;
    private readonly string _name;
    private readonly BlockingCollection<Job> _jobs = [];
    private readonly SqliteCommands _commands;
    private readonly Thread _thread;

    internal SqliteWriter(SqliteConnection connection, string name)
    {
        _connection = connection;
        _name = name;
        _commands = new SqliteCommands(connection);
        _thread = new Thread(Work) { IsBackground = true, Name = "FaceGen ledger" };
        _thread.Start();
    }

    internal Task<T> DoAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancel)
    {
        var job = new Job<T>(work, cancel);
        _jobs.Add(job, cancel);
        return job.Result;
    }

    /// <summary>Finishes what was asked for, and closes the connection.</summary>
    public void Dispose()
    {
        _jobs.CompleteAdding();
        _thread.Join();
        _commands.Dispose();
        _connection.Dispose();
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

    private void Commit(List<Job> group)
    {
        try
        {
            Execute("BEGIN IMMEDIATE");
            foreach (Job job in group) DoOne(job);
            Execute("COMMIT");
        }
        catch (SqliteException e)
        {
            // What hinders one hinders all: the disk, or the file. SQLite may have ended the transaction itself.
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0) Execute("ROLLBACK");
            Exception error = SqliteErrors.Explain(e, _name, isWriting: true) ?? (Exception)e;
            foreach (Job job in group) job.Fail(error);
            return;
        }

        foreach (Job job in group) job.Complete();
    }

    /// <summary>Does one of several jobs: if it fails, the others are done all the same.</summary>
    private void DoOne(Job job)
    {
        Execute("SAVEPOINT job");
        try
        {
            job.Do(_connection, _commands);
        }
        catch (Exception e) when (e is not SqliteException)
        {
            Execute("ROLLBACK TO job");
            job.FailAtEnd(e);
        }

        Execute("RELEASE job");
    }

    private void Execute(string sql) => _commands.Get(sql).ExecuteNonQuery();

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
