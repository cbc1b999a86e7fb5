using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>Runs work in a transaction and commits it, if it may be committed.</summary>
/// <param name="work">The work.</param>
/// <param name="tryBeginCommit">Returns false if the transaction must be rolled back.</param>
internal delegate Task CommitAsync(Func<NpgsqlConnection, Task> work, Func<bool> tryBeginCommit);

/// <summary>
/// Commits the writes of this worker in groups: since a commit waits for the disk, the writes that arrive meanwhile are the next group.
/// Their statements are sent together, so that a group takes no more round trips than one write.
/// </summary>
/// <remarks>
/// A group is committed completely or not at all. If one of its writes fails, waits for a lock or is canceled, it is rolled back, and
/// each caller does its write in a transaction of its own.
/// </remarks>
/// <param name="commitAsync">Runs a transaction.</param>
internal sealed class PostgresWriter(CommitAsync commitAsync)
{
    /// <summary>The maximum number of writes of a group, which hold the locks of their rows until its commit.</summary>
    private const int MaxGroupSize = 64;

    /// <summary>
    /// Begins a group: a row that another worker has locked, which may be frozen, delays the group by a second. Then each write is done
    /// singly, and only the one of that row waits.
    /// </summary>
    private const string LimitLockTime = "SET LOCAL lock_timeout = 1000";

    private readonly Queue<Write> _waiting = [];
    private bool _isRunning;

    /// <summary>Runs work in the transaction of a group. Its statements must return only numbers of changed rows.</summary>
    /// <exception cref="Exception">The group was not committed, or it is unknown whether it was.</exception>
    internal Task<T> WriteAsync<T>(Func<LedgerSession, Task<T>> work, DriverCall call)
    {
        var write = new Write<T>(work, call);
        lock (_waiting)
        {
            _waiting.Enqueue(write);
            if (_isRunning) return write.Result;

            _isRunning = true;
        }

        _ = Task.Run(RunAsync);
        return write.Result;
    }

    private async Task RunAsync()
    {
        while (TakeGroup() is { Count: > 0 } group) await WriteAsync(group).ConfigureAwait(false);
    }

    private List<Write> TakeGroup()
    {
        List<Write> group = [];
        lock (_waiting)
        {
            while (group.Count < MaxGroupSize && _waiting.Count > 0) group.Add(_waiting.Dequeue());
            _isRunning = group.Count > 0;
        }

        return group;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Each caller of the group gets the exception; nothing else would observe it.")]
    private async Task WriteAsync(List<Write> group)
    {
        // The caller of an abandoned write does not wait for it.
        group.RemoveAll(write => write.Call.IsAbandoned);
        if (group.Count == 0) return;

        try
        {
            await commitAsync(connection => new StatementBatches(connection).RunAsync(group), () => group.TrueForAll(write => write.Call.TryBeginCompletion())).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            foreach (Write write in group) write.Fail(e);
            return;
        }

        foreach (Write write in group) write.Complete();
    }

    /// <summary>Runs several works on one connection, and sends the statements for which they wait as one batch.</summary>
    private sealed class StatementBatches(NpgsqlConnection connection)
    {
        private readonly object _gate = new();
        private List<Statement> _requested = [];
        private bool _hasBegun;
        private TaskCompletionSource<bool> _isRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal async Task RunAsync(List<Write> group)
        {
            // Each work runs on this thread until it waits for a statement, here and when it gets the result.
            Task ended = Task.WhenAll(group.ConvertAll(write => write.RunAsync(connection, RequestAsync)));
            ended.ObserveException();
            while (!ended.IsCompleted)
            {
                await Task.WhenAny(ended, _isRequested.Task).ConfigureAwait(false);
                if (TakeRequested() is { Count: > 0 } statements) await ExecuteAsync(statements).ConfigureAwait(false);
            }

            await ended.ConfigureAwait(false);
        }

        private Task<int> RequestAsync(string sql, (string Name, object? Value)[] values)
        {
            var command = new NpgsqlBatchCommand(sql);
            LedgerSession.AddParameters(command.Parameters, () => new NpgsqlParameter(), values);
            var statement = new Statement(command, new TaskCompletionSource<int>());
            lock (_gate)
            {
                _requested.Add(statement);
                _isRequested.TrySetResult(true);
            }

            return statement.Result.Task;
        }

        private List<Statement> TakeRequested()
        {
            lock (_gate)
            {
                List<Statement> statements = _requested;
                (_requested, _isRequested) = ([], new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
                return statements;
            }
        }

        private async Task ExecuteAsync(List<Statement> statements)
        {
            using NpgsqlBatch batch = connection.CreateBatch();
            if (!_hasBegun) batch.BatchCommands.Add(new NpgsqlBatchCommand(LimitLockTime));
            _hasBegun = true;
            foreach (Statement statement in statements) batch.BatchCommands.Add(statement.Command);
            try
            {
                await batch.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // The transaction is lost for all of them.
                foreach (Statement statement in statements) statement.Result.SetException(e);
                throw;
            }

            foreach (Statement statement in statements) statement.Result.SetResult(statement.Command.RecordsAffected);
        }

        /// <summary>A statement, and what receives the number of rows that it has changed.</summary>
        private sealed record Statement(NpgsqlBatchCommand Command, TaskCompletionSource<int> Result);
    }

    private abstract class Write(DriverCall call)
    {
        internal DriverCall Call => call;

        /// <summary>Runs the work.</summary>
        internal abstract Task RunAsync(NpgsqlConnection connection, Func<string, (string, object?)[], Task<int>> executeAsync);

        /// <summary>Returns the result of the work to the caller.</summary>
        internal abstract void Complete();

        internal abstract void Fail(Exception error);
    }

    private sealed class Write<T>(Func<LedgerSession, Task<T>> work, DriverCall call) : Write(call)
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task<T>? _running;

        internal Task<T> Result => _result.Task;

        internal override Task RunAsync(NpgsqlConnection connection, Func<string, (string, object?)[], Task<int>> executeAsync) =>
            _running = work(new LedgerSession(connection, isRepeat: false, CancellationToken.None, executeAsync: executeAsync));

        internal override void Complete() => _result.SetResult(_running!.Result);

        internal override void Fail(Exception error)
        {
            Call.CancelCompletion();
            _result.SetException(error);
        }
    }
}
