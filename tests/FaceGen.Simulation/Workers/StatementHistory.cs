using System.Data.Common;
using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;
using Npgsql;

namespace FaceGen.Simulation.Workers;

/// <summary>A call of a ledger that is made while another worker makes one.</summary>
/// <param name="Name">The name in a history.</param>
/// <param name="MakeAsync">Makes the call, and returns a text of its result; empty if it has found nothing to do.</param>
internal sealed record LedgerCall(string Name, Func<ILedger, Task<string>> MakeAsync)
{
    /// <summary>True if the call skips locked rows, so that a worker that is idle in a transaction does not block it.</summary>
    internal bool NeverWaits { get; init; }
}

/// <summary>Two calls of a ledger in PostgreSQL by two workers, whose statements alternate as it is chosen.</summary>
/// <param name="rows">Inserts the rows that are there; <c>{0}</c> and <c>{1}</c> stand for the numbers of the workers.</param>
/// <param name="calls">The calls.</param>
/// <param name="choices">Choose whose statement is next; by default a call continues until it has ended or waits for a lock.</param>
internal sealed class StatementHistory(string rows, LedgerCall[] calls, Choices choices)
{
    /// <summary>How long the server may take for a statement that does not wait for a lock.</summary>
    private static readonly TimeSpan StatementTimeout = TimeSpan.FromMinutes(1);

    private readonly List<string> _lines = [];

    /// <summary>Gets what happened, line by line.</summary>
    internal IReadOnlyList<string> Lines => _lines;

    /// <summary>Makes the calls.</summary>
    /// <returns>Their results, and the rows as they are then.</returns>
    internal async Task<string> RunAsync()
    {
        await using var ledgers = new PostgresWorkers();
        await ledgers.BeginAsync();
        LedgerDatabase[] stores = await ledgers.OpenDatabasesAsync(2);
        await PostgresWorkers.ExecuteAsync(string.Format(CultureInfo.InvariantCulture, rows, stores[0].Worker, stores[1].Worker));
        Running[] running = [.. calls.Select((call, index) => new Running(call, stores[index]))];
        int current = 0;
        while (true)
        {
            // The call that has just made a step may have released a lock for which the other one waits.
            Running[] ordered = [.. running.OrderBy(call => call != running[current])];
            foreach (Running call in ordered) await WaitUntilBlockedAsync(call);
            Running[] ready = [.. ordered.Where(call => call.Gate is not null)];
            if (ready.Length == 0) break;

            Running next = ready[ready.Length == 1 ? 0 : choices.Choose(ChoiceKind.Order, ready.Length)];
            current = Array.IndexOf(running, next);
            _lines.Add($"{(char)('A' + current)}: {next.Statement.Trim().Split('\n')[0]}");
            next.Continue();
        }

        if (running.FirstOrDefault(call => !call.Made.IsCompleted) is { } waiting) throw new HistoryException($"'{waiting.Call.Name}' waits for a lock forever.");

        string[] results = [.. await Task.WhenAll(running.Select(call => call.Made))];
        string after = string.Join(", ", (await ledgers.ReadRowsAsync()).Select(row =>
            $"{row.Item} {row.Status} {row.Attempts} {(row.Worker is null ? "-" : (char)('A' + Array.FindIndex(stores, store => store.Worker == row.Worker)))} {row.GenerationId}"));
        return $"{string.Join("; ", results.Select((result, index) => $"{calls[index].Name}: {result}"))}; then {after}";
    }

    /// <summary>Waits until a call is before its next statement, has ended, or waits for a lock.</summary>
    private static async Task WaitUntilBlockedAsync(Running call)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (call.Gate is null && !call.Made.IsCompleted)
        {
            // The call continues by itself when the other one has released the lock.
            if (call.Process is { } process && await PostgresWorkers.IsBlockedAsync(process))
            {
                if (call.Call.NeverWaits) throw new HistoryException($"'{call.Call.Name}' waits for a lock.");
                return;
            }

            if (TimeProvider.System.GetElapsedTime(began) > StatementTimeout) throw new HistoryException($"'{call.Statement}' does not end.");

            await Task.WhenAny(call.Made, call.AtGate, Task.Delay(1));
        }
    }

    /// <summary>A call that is being made.</summary>
    private sealed class Running
    {
        private TaskCompletionSource _atGate = New();

        internal Running(LedgerCall call, LedgerDatabase database)
        {
            Call = call;
            var ledger = new DatabaseLedger(new ReusableDatabase(database, () => Task.CompletedTask, WaitAsync), TimeProvider.System);
            Made = Task.Run(async () =>
            {
                await using (ledger) return await call.MakeAsync(ledger);
            });
        }

        internal LedgerCall Call { get; }

        internal Task<string> Made { get; }

        /// <summary>Gets the statement that is next, or runs.</summary>
        internal string Statement { get; private set; } = "";

        /// <summary>Gets the server's process of the transaction; null before its first statement.</summary>
        internal int? Process { get; private set; }

        /// <summary>Gets what lets the next statement begin; null while one runs.</summary>
        internal TaskCompletionSource? Gate { get; private set; }

        internal Task AtGate => _atGate.Task;

        internal void Continue()
        {
            TaskCompletionSource gate = Gate!;
            (Gate, _atGate) = (null, New());
            gate.SetResult();
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        private Task WaitAsync(DbConnection connection, string statement)
        {
            (Statement, Process, Gate) = (statement, ((NpgsqlConnection)connection).ProcessID, New());
            _atGate.SetResult();
            return Gate.Task;
        }
    }
}
