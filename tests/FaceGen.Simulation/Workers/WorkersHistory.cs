using FaceGen.Simulation.Disk;
using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Workers;

/// <summary>
/// One history of a batch that several workers run at the same time, on one simulated service. Each call of the ledger runs to
/// its end before anything else happens; between two steps a worker may be killed, frozen, or declared dead.
/// </summary>
internal sealed class WorkersHistory : History
{
    /// <summary>How many steps a history may have: more is one that comes to no end.</summary>
    private const int MaxSteps = 20_000;

    /// <summary>How long a history may take, in simulated time.</summary>
    private static readonly TimeSpan MaxDuration = TimeSpan.FromHours(48);

    /// <summary>How long a step may take, in real time: a database that does not respond ends the history.</summary>
    private static readonly TimeSpan StepTimeout = TimeSpan.FromMinutes(2);

    /// <summary>How long a worker stays frozen by default: if it is not declared dead, and if it is.</summary>
    private static readonly TimeSpan ShortFreeze = TimeSpan.FromMilliseconds(1100), LongFreeze = TimeSpan.FromSeconds(20);

    private readonly WorkersScenario _scenario;
    private readonly WorkerRules _rules;
    private readonly List<Worker> _workers = [];

    /// <summary>The worker that continues by default.</summary>
    private Worker? _current;

    /// <summary>True if something has changed since the workers could be disturbed.</summary>
    private bool _hasChanged = true;

    internal WorkersHistory(WorkersScenario scenario, Choices choices)
        : base(scenario, choices, history => new WorkerRules((WorkersHistory)history))
    {
        (_scenario, _rules) = (scenario, (WorkerRules)Rules);
        Ledgers = scenario.Ledger == LedgerKind.Sqlite ? new SqliteWorkers(PathOf("batch.db")) : new PostgresWorkers();
        Disk.OnOperation = operation =>
        {
            if (operation.Action == DiskAction.Rename) Rules.OnName();
            return DiskFault.None;
        };
    }

    /// <summary>Gets the workers, in the order in which they began.</summary>
    internal IReadOnlyList<Worker> Workers => _workers;

    internal WorkerLedgers Ledgers { get; }

    internal override async Task RunAsync()
    {
        await Ledgers.BeginAsync();
        for (int begun = 0; begun < (Ledgers.IsShared ? _scenario.Workers : 1); begun++) Start();
        await RunWorkersAsync();

        IsQuiet = true;
        // One quiet run at least, where it sees what the others have left in files.
        bool isLeft = (!Ledgers.IsShared || _rules.IsLeft) && await RunQuietAsync();
        await Rules.OnEndAsync(isOver: false);
        if (!isLeft) return;

        Log("-- three days pass");
        Elapsed += TimeSpan.FromDays(3);
        await RunQuietAsync();
        await Rules.OnEndAsync(isOver: true);
    }

    private protected override async Task EndAsync()
    {
        foreach (Worker worker in _workers) await EndAsync(worker);
        await Ledgers.DisposeAsync();
    }

    /// <summary>Runs workers without faults, until nothing is left or one more run would not change it.</summary>
    /// <returns>True if rows are left.</returns>
    private async Task<bool> RunQuietAsync()
    {
        for (int run = 1; ; run++)
        {
            Start();
            await RunWorkersAsync();
            bool isLeft = _workers[^1].Run is not { IsCompletedSuccessfully: true, Result.StateValue: not BatchState.Unfinished };
            if (!isLeft || run == 2) return isLeft;
        }
    }

    private void Start()
    {
        string name = ((char)('A' + _workers.Count)).ToString();
        Log($"== worker {name}{(IsQuiet ? ", without faults" : "")}");
        var worker = new Worker(this, Disk, Ledgers, _rules, name, isFirst: _workers.Count == 0);
        _workers.Add(worker);
        _current ??= worker;
    }

    /// <summary>Runs the workers until none is left.</summary>
    private async Task RunWorkersAsync()
    {
        TimeSpan began = Elapsed;
        for (int step = 0; ; step++)
        {
            await ThreadPoolQueue.WhenEmptyAsync();
            foreach (Worker worker in _workers.Where(worker => worker.IsAlive && worker.Run.IsCompleted)) await FinishAsync(worker);
            _rules.OnStep();
            if (!_workers.Exists(worker => worker.IsAlive)) return;
            if (step == MaxSteps || Elapsed - began > MaxDuration) throw new HistoryException($"The workers did not end within {(step == MaxSteps ? $"{step} steps" : $"{MaxDuration.TotalHours} hours")}.");

            if (!IsQuiet) await DisturbAsync();
            await ThreadPoolQueue.WhenEmptyAsync();
            await NextAsync();
        }
    }

    private async Task FinishAsync(Worker worker)
    {
        worker.IsEnded = true;
        try
        {
            BatchSummary summary = await worker.Run;
            Log($"   {worker} exits: {summary}. {summary.Message}");
            _rules.OnSummary(summary);
        }
        catch (Exception e) when (e is FaceGenException or OperationCanceledException)
        {
            Log($"   {worker} exits: {e.Message}");
            _rules.OnFailure(worker, e);
        }
    }

    /// <summary>Chooses what happens to the workers before the next step.</summary>
    private async Task DisturbAsync()
    {
        if (_hasChanged || !_scenario.IsDisturbedAfterChanges)
        {
            _hasChanged = false;
            await ChooseAsync(ChoiceKind.Kill, worker => [() => KillAsync(worker)]);
            await ChooseAsync(ChoiceKind.Lapse, worker => MayLapse(worker) ? [() => LapseAsync(worker)] : []);
            await ChooseAsync(ChoiceKind.Freeze, worker => worker.FrozenAt is not null ? [] : MayLapse(worker)
                ? [() => FreezeAsync(worker), () => LapseAndFreezeAsync(worker)]
                : [() => FreezeAsync(worker)]);
            await ChooseAsync(ChoiceKind.Return, worker => worker.FrozenAt is not null ? [() => ThawAsync(worker)]
                : worker.IsLapsed && Ledgers.IsShared ? [() => HeartbeatAsync(worker)] : []);
        }

        foreach (Worker worker in _workers.Where(worker => worker.IsAlive && Elapsed - worker.FrozenAt >= (worker.IsLapsed ? LongFreeze : ShortFreeze)).ToArray()) await ThawAsync(worker);
        while (!_workers.Exists(worker => worker.CanRun) && _workers.Find(worker => worker.IsAlive) is { } frozen) await ThawAsync(frozen);
        // A ledger for one run at a time is opened by the next one as soon as something has happened to the one before it.
        if (!Ledgers.IsShared && _workers.Count < _scenario.Workers && _workers.TrueForAll(worker => !worker.CanRun || worker.HasLapsed)) Start();
    }

    /// <summary>Chooses one of the things that can happen to the workers, or nothing.</summary>
    private async Task ChooseAsync(ChoiceKind kind, Func<Worker, Func<Task>[]> what)
    {
        Func<Task>[] options = [.. _workers.Where(worker => worker.IsAlive).OrderBy(worker => worker != _current).SelectMany(what)];
        if (options.Length == 0 || Choose(kind, options.Length + 1) is not (> 0 and int chosen)) return;

        _hasChanged = true;
        await options[chosen - 1]();
    }

    private static bool MayLapse(Worker worker) => !worker.IsLapsed && worker.Number > 0;

    private async Task KillAsync(Worker worker)
    {
        Log($"-- {worker} is killed");
        Crashes++;
        worker.Kill();
        await Ledgers.OnKilledAsync(worker);
    }

    /// <summary>Freezes the process, as on a paused machine; its connections stay open.</summary>
    private async Task FreezeAsync(Worker worker)
    {
        Log($"-- {worker} is frozen");
        worker.FrozenAt = Elapsed;
        if (!worker.IsLapsed) await Ledgers.OnSilentAsync(worker);
    }

    private async Task LapseAsync(Worker worker)
    {
        Log($"-- {worker} is declared dead");
        Crashes++;
        worker.IsLapsed = worker.HasLapsed = true;
        await Ledgers.OnLapsedAsync(worker);
    }

    private async Task LapseAndFreezeAsync(Worker worker)
    {
        await LapseAsync(worker);
        await FreezeAsync(worker);
    }

    private async Task ThawAsync(Worker worker)
    {
        Log($"-- {worker} continues");
        worker.FrozenAt = null;
        worker.Time.RunDue();
        // The heartbeat and the calls of the ledger have separate connections: either may come first.
        if (!worker.IsLapsed || (Ledgers.IsShared && Choose(ChoiceKind.Return, 2) == 0)) await HeartbeatAsync(worker);
    }

    private async Task HeartbeatAsync(Worker worker)
    {
        if (worker.IsLapsed) Log($"-- {worker} sends a heartbeat");
        worker.IsLapsed = false;
        await Ledgers.OnHeartbeatAsync(worker);
    }

    /// <summary>Has the next step of a worker happen, or its next timer.</summary>
    private async Task NextAsync()
    {
        Worker[] running = [.. _workers.Where(worker => worker.CanRun && !worker.Run.IsCompleted).OrderBy(worker => worker != _current)];
        if (running.Length == 0) return;

        (Worker Worker, Step Step)[] steps = [.. running.SelectMany(worker => worker.Pending.Select(step => (worker, step)))];
        (Worker Worker, TimeSpan Due)[] timers = [.. running.Where(worker => worker.Time.NextDue is not null).Select(worker => (worker, worker.Time.NextDue!.Value)).OrderBy(timer => timer.Value)];
        int options = steps.Length + timers.Length;
        if (options == 0) throw new HistoryException($"{string.Join(" and ", (object[])running)} wait for nothing that can happen.");

        // By default a worker continues until it waits, then another one does, and time passes only if all wait.
        int chosen = options == 1 ? 0 : Choose(ChoiceKind.Order, options);
        if (chosen >= steps.Length)
        {
            (_current, TimeSpan due) = timers[chosen - steps.Length];
            if (due > Elapsed) Elapsed = due;
            _current.Time.RunDue();
            return;
        }

        (_current, Step next) = steps[chosen];
        _current.Remove(next);
        Log($"{_current}: {next.Name}");
        int changes = _rules.Changes;
        await next.RunAsync().WaitAsync(StepTimeout);
        _hasChanged |= !next.Name.StartsWith("ledger: ", StringComparison.Ordinal) || next.Name is "ledger: open" or "ledger: close" || _rules.Changes > changes;
    }

    private static async Task EndAsync(Worker worker)
    {
        worker.Kill();
        if (!worker.IsClosed && worker.Ledger is { } ledger) await ledger.AbandonAsync();
        worker.Dispose();
        _ = worker.Run.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
    }
}
