using System.Globalization;
using FaceGen.Simulation.Disk;
using FaceGen.Simulation.Scheduling;
using FaceGen.Simulation.Service;

namespace FaceGen.Simulation.Histories;

/// <summary>
/// One history of a batch: processes that run it one after the other, on one simulated service and disk, with the faults that the
/// choices bring, until nothing is left to do.
/// </summary>
internal class History : IAsyncDisposable
{
    /// <summary>The true time at which a history begins.</summary>
    internal static readonly DateTimeOffset Begin = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>How long a run may take, in simulated time.</summary>
    private static readonly TimeSpan MaxRunDuration = TimeSpan.FromHours(48);

    /// <summary>How long a process that was stopped waits for the responses in flight before it ends.</summary>
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(20);

    /// <summary>How long a disk that is full, or read-only, stays so.</summary>
    private static readonly TimeSpan DiskTrouble = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Sleep = TimeSpan.FromHours(25);

    /// <summary>How many steps a run may have: more is a run that comes to no end.</summary>
    private const int MaxSteps = 100_000;

    /// <summary>How many runs without a fault bring a batch to its end.</summary>
    private const int QuietRuns = 2;

    private readonly List<string> _log = [];
    private readonly string _folder;
    private SimulatedDisk _disk;
    private readonly List<(TimeSpan Due, string Id, string TrackId)> _deliveries = [];
    private TimeSpan _elapsed;
    private TimeSpan _maxClockError;
    private TimeSpan _slept;
    private TimeSpan _diskTroubleUntil;
    private DiskError _diskTrouble;
    private bool _isTroubleOfImages;
    private ProcessEnd? _cut;
    private int _disks;

    internal History(Scenario scenario, Choices choices, Func<History, Rules>? rules = null)
    {
        (Scenario, Choices) = (scenario, choices);
        Service = new SimulatedService(this);
        Rules = rules?.Invoke(this) ?? new Rules(this);
        _folder = SimulatedDisk.NewFolder();
        _disk = new SimulatedDisk(PathOf("")) { OnOperation = OnDisk };
    }

    internal Scenario Scenario { get; }

    internal Choices Choices { get; }

    internal SimulatedService Service { get; }

    internal Rules Rules { get; }

    /// <summary>Gets how much time has passed since the beginning.</summary>
    internal TimeSpan Elapsed { get => _elapsed; private protected set => _elapsed = value; }

    /// <summary>Gets how wrong the clock of the machine is.</summary>
    internal TimeSpan ClockError { get; private set; }

    /// <summary>True once no more faults come.</summary>
    internal bool IsQuiet { get; private protected set; }

    /// <summary>Gets the ids that the ledger has held.</summary>
    internal HashSet<string> RecordedIds { get; } = [];

    /// <summary>True once an operation of the disk has failed.</summary>
    internal bool HasDiskFailed { get; private set; }

    /// <summary>Gets what the runs warned of.</summary>
    internal List<string> Warnings { get; } = [];

    /// <summary>Gets or sets a value that is true once a retry of failed rows was refused because a file existed: the user does not retry then.</summary>
    internal bool IsRetryRefused { get; set; }

    /// <summary>Gets how many processes did not end by themselves.</summary>
    internal int Crashes { get; private protected set; }

    /// <summary>Gets what happened, line by line.</summary>
    internal IReadOnlyList<string> Lines => _log;

    /// <summary>True while the disk cannot be written.</summary>
    internal bool IsDiskInTrouble => _diskTrouble != DiskError.None && _elapsed < _diskTroubleUntil;

    private protected SimulatedDisk Disk => _disk;

    private SimulatedProcess Process { get; set; } = null!;

    /// <summary>The path of a file of the batch, which is the same for each process.</summary>
    internal string PathOf(string name) => Path.TrimEndingDirectorySeparator(Path.Combine(_folder, "now", name));

    internal void Log(string line) => _log.Add(string.Create(CultureInfo.InvariantCulture, $"{_elapsed.TotalSeconds,10:0.000}  {line}"));

    /// <summary>True if a warning has given the user the id of a generation.</summary>
    internal bool HasWarnedOf(string id) => Warnings.Exists(warning => warning.Contains($"Generation {id} ", StringComparison.Ordinal));

    /// <summary>Chooses an option; the usual one where no more faults come.</summary>
    internal int Choose(ChoiceKind kind, int count) => IsQuiet ? 0 : Choices.Choose(kind, count);

    /// <summary>Plans what the service delivers for a generation: best effort, possibly twice, and unsigned.</summary>
    internal void PlanDeliveries(SimulatedGeneration generation, string trackId)
    {
        (string Id, double Seconds)[] deliveries = Choose(ChoiceKind.Delivery, 7) switch
        {
            0 => [(generation.Id, 0)],
            1 => [],
            2 => [(generation.Id, 0), (generation.Id, 0.5)],
            3 => [(generation.Id, -generation.Seconds)],
            4 => [("999999", -generation.Seconds), (generation.Id, 0)],
            5 => [(generation.Id, 60)],
            _ => [(generation.Id, 0.01), ("999999", 0.5)],
        };
        foreach ((string id, double seconds) in deliveries) _deliveries.Add((generation.ReadyAt + TimeSpan.FromSeconds(seconds), id, trackId));
    }

    /// <summary>Runs the whole history.</summary>
    /// <exception cref="HistoryException">A rule was broken.</exception>
    internal virtual async Task RunAsync()
    {
        bool isLeft = true;
        for (int run = 1; run <= Scenario.FaultyRuns && isLeft; run++) isLeft = await RunProcessAsync(isFirst: run == 1);

        IsQuiet = true;
        (_diskTrouble, ClockError) = (DiskError.None, TimeSpan.Zero);
        // One quiet run at least: it sees what the last one has left on the disk.
        isLeft = true;
        for (int run = 1; run <= QuietRuns && isLeft; run++) isLeft = await RunProcessAsync(isFirst: false);
        await Rules.OnEndAsync(isOver: false);
        if (!isLeft) return;

        // A row with a wrong date of a wrong clock expires once it has expired by that clock too.
        TimeSpan wait = _maxClockError + Sleep;
        Log($"-- {wait.TotalHours} hours pass");
        _elapsed += wait;
        for (int run = 1; run <= QuietRuns && isLeft; run++) isLeft = await RunProcessAsync(isFirst: false);
        await Rules.OnEndAsync(isOver: true);
    }

    /// <summary>Ends the process of a history that failed, and deletes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        _disk.OnOperation = _ => DiskFault.None;
        try
        {
            await EndAsync();
        }
        finally
        {
            _disk.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Ends the processes.</summary>
    private protected virtual Task EndAsync() => Process.KillAsync();

    /// <summary>Runs the batch in one process.</summary>
    /// <returns>True if rows are left, as far as is known.</returns>
    private async Task<bool> RunProcessAsync(bool isFirst)
    {
        Log(IsQuiet ? "== a process, without faults" : "== a process");
        _cut = null;
        SimulatedProcess process = Process = new SimulatedProcess(this, _disk, isFirst);
        Task<BatchSummary> run = Task.Run(process.RunAsync);
        TimeSpan began = _elapsed - _slept;
        for (int step = 0; ; step++)
        {
            await ThreadPoolQueue.WhenEmptyAsync();
            if (_cut is { } cut) return await CrashAsync(cut, run);

            await Rules.OnStepAsync(process);
            if (run.IsCompleted) break;
            if (step == MaxSteps || _elapsed - _slept - began > MaxRunDuration) throw new HistoryException($"A run did not end within {(step == MaxSteps ? $"{step} steps" : $"{MaxRunDuration.TotalHours} hours")}.");
            if (process.StoppedAt is { } stopped && _elapsed - stopped >= ExitTimeout) return await CrashAsync(ProcessEnd.Kill, run);

            if (Fault(process) is { } end) return await CrashAsync(end, run);
            if (_cut is null) await NextAsync(process, run);
        }

        using (process) return await EndAsync(process, run);
    }

    private async Task<bool> EndAsync(SimulatedProcess process, Task<BatchSummary> run)
    {
        try
        {
            BatchSummary summary = await run;
            Log($"   exit: {summary}. {summary.Message}");
            await Rules.OnSummaryAsync(process, summary);
            return summary.StateValue == BatchState.Unfinished || (Scenario.RetryUncertain && summary.Uncertain > 0) || (Scenario.RetryFailed && summary.Failed + summary.Expired > 0);
        }
        catch (Exception e) when (e is FaceGenException or OperationCanceledException)
        {
            Log($"   exit: {e.Message}");
            Rules.OnFailure(process, e);
            return true;
        }
    }

    /// <summary>Chooses what happens to the process before the next step.</summary>
    /// <returns>How it ends; null if it continues.</returns>
    private ProcessEnd? Fault(SimulatedProcess process)
    {
        switch (Choose(ChoiceKind.Fault, 8))
        {
            case 1:
                return ProcessEnd.Kill;
            case 2:
                return ProcessEnd.PowerLoss;
            case 3 when process.StoppedAt is null:
                Log("-- the user stops the run");
                process.Stop();
                break;
            case 4:
                SetClock(ClockError + TimeSpan.FromHours(25));
                break;
            case 5:
                SetClock(ClockError - TimeSpan.FromHours(25));
                break;
            case 6:
                Log("-- the machine sleeps for a day and an hour");
                _elapsed += Sleep;
                _slept += Sleep;
                process.Time.RunDue();
                break;
            case 7:
                Log("-- all connections break");
                process.BreakConnections();
                break;
        }

        return null;
    }

    /// <summary>A poll reaches the service.</summary>
    internal void OnPoll()
    {
        if (Scenario.ClockJump != TimeSpan.Zero && !IsQuiet && ClockError == TimeSpan.Zero) SetClock(Scenario.ClockJump);
    }

    private void SetClock(TimeSpan error)
    {
        Log($"-- the clock is set; it is {error.TotalHours} hours fast now");
        ClockError = Process.Time.Error = error;
        if (error > _maxClockError) _maxClockError = error;
    }

    /// <summary>Has the next step happen: one that is pending, or the next timer.</summary>
    private async Task NextAsync(SimulatedProcess process, Task run)
    {
        await ThreadPoolQueue.WhenEmptyAsync();
        if (run.IsCompleted) return;

        TimeSpan? due = process.Time.NextDue is { } timer && !_deliveries.Exists(delivery => delivery.Due < timer) ? timer : _deliveries.Select(delivery => (TimeSpan?)delivery.Due).Min();
        int steps = process.Pending.Count;
        // In the usual course time passes only where nothing else can happen.
        int options = steps + (due is null ? 0 : 1);
        if (options == 0) throw new HistoryException("The run waits for nothing that can happen.");

        int chosen = options == 1 ? 0 : Choose(ChoiceKind.Order, options);
        if (chosen < steps)
        {
            Step step = process.Pending[chosen];
            process.Remove(step);
            Log(step.Name);
            await step.RunAsync();
            return;
        }

        if (due > _elapsed) _elapsed = due.Value;
        foreach ((TimeSpan Due, string Id, string TrackId) delivery in _deliveries.Where(delivery => delivery.Due <= _elapsed).ToArray())
        {
            _deliveries.Remove(delivery);
            process.Add(new Step($"delivery of {delivery.Id}", () =>
            {
                process.Deliver(delivery.Id, delivery.TrackId);
                return Task.CompletedTask;
            }));
        }

        process.Time.RunDue();
    }

    private async Task<bool> CrashAsync(ProcessEnd end, Task<BatchSummary> run)
    {
        Log(end == ProcessEnd.Kill ? "-- the process is killed" : "-- the power is lost");
        Crashes++;
        Rules.OnCrash();
        await Process.KillAsync();
        // A run that was opening its ledger ends with the disk; any other waits for steps that never come.
        await ThreadPoolQueue.WhenEmptyAsync();
        _ = run.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
        _disk.Dispose();
        string now = PathOf("");
        Directory.Move(now, Path.Combine(_folder, $"dead{++_disks}"));
        if (end == ProcessEnd.PowerLoss) _disk.CopyTo(now, powerIsLost: true, count => Choices.Choose(ChoiceKind.Remains, count));
        _disk = end == ProcessEnd.PowerLoss ? new SimulatedDisk(now) : _disk.Restart(now);
        _disk.OnOperation = OnDisk;
        Rules.OnRestart();
        return true;
    }

    private DiskFault OnDisk(DiskOperation operation)
    {
        if (operation.Action == DiskAction.Rename) Rules.OnName();
        if (IsQuiet || Rules.IsReading) return DiskFault.None;

        bool isChange = operation.Action is not DiskAction.Read;
        bool isOfImages = operation.File == "out" || operation.File.StartsWith("out/", StringComparison.Ordinal);
        if (IsDiskInTrouble && isChange && (isOfImages || !_isTroubleOfImages) && operation.Action is not (DiskAction.Delete or DiskAction.DeleteFolder)) return Fail(operation, _diskTrouble);

        switch (Choices.Choose(ChoiceKind.Disk, !isChange ? 2 : isOfImages ? 7 : 6))
        {
            case 1:
                return Fail(operation, DiskError.InputOutput);
            case 2:
                return Cut(operation, ProcessEnd.Kill);
            case 3:
                return Cut(operation, ProcessEnd.PowerLoss);
            case 4:
                (_diskTrouble, _diskTroubleUntil, _isTroubleOfImages) = (DiskError.NoSpace, _elapsed + DiskTrouble, false);
                return Fail(operation, DiskError.NoSpace);
            case 5:
                (_diskTrouble, _diskTroubleUntil, _isTroubleOfImages) = (DiskError.ReadOnly, _elapsed + DiskTrouble, false);
                return Fail(operation, DiskError.ReadOnly);
            case 6:
                // The images are on another disk than the ledger.
                (_diskTrouble, _diskTroubleUntil, _isTroubleOfImages) = (DiskError.NoSpace, _elapsed + DiskTrouble, true);
                return Fail(operation, DiskError.NoSpace);
            default:
                return DiskFault.None;
        }
    }

    private DiskFault Fail(DiskOperation operation, DiskError error)
    {
        Log($"    disk: {operation} fails ({error})");
        HasDiskFailed = Process.HasDiskFailed = true;
        if (operation.Action == DiskAction.Read) Process.ReadFailures++;
        Rules.OnDiskFailure(operation);
        return DiskFault.Fail(error);
    }

    private DiskFault Cut(DiskOperation operation, ProcessEnd end)
    {
        _cut = end;
        int bytes = operation.Action == DiskAction.Write && operation.Length > 1 ? Choices.Choose(ChoiceKind.Remains, 3) * operation.Length / 2 : 0;
        Log($"    disk: the process ends at {operation}{(bytes > 0 ? $", of which {bytes} bytes are written" : "")}");
        return DiskFault.Cut(bytes);
    }
}
