using System.Net;
using System.Net.Sockets;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.BatchModel;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.Saving;
using FaceGen.Simulation.Disk;
using FaceGen.Simulation.Scheduling;
using FaceGen.Simulation.Service;

namespace FaceGen.Simulation.Histories;

/// <summary>One process that runs the batch: the real engine on a simulated clock, network and disk.</summary>
internal class SimulatedProcess : IBatchObserver, IDisposable
{
    private readonly List<Step> _pending = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly ExitGuard _exit;
    private readonly Connection _connection;
    private readonly BatchOptions _options;
    private bool _isDead;

    internal SimulatedProcess(History history, SimulatedDisk disk, bool isFirst)
    {
        (History, Disk) = (history, disk);
        Time = new SimulatedTime(() => history.Elapsed, History.Begin) { Error = history.ClockError };
        _exit = new ExitGuard(() => [], () => TextWriter.Null, Time, () => null);
        var services = new EngineServices
        {
            Time = Time,
            CreateHandler = () => new SimulatedNetwork(this),
            ResolveHostAsync = _ => Task.FromResult<IPAddress[]>([IPAddress.Parse("203.0.113.7")]),
            NextDouble = () => 0.5,
            ExitGuard = _exit,
            Files = new SimulatedFiles(disk, Time),
        };
        _connection = new Connection(ServiceAddress.Parse(SimulatedService.Root), new ApiKey(SimulatedService.Key), history.Scenario.QueueLimit, services: services);
        _options = new BatchOptions(new SaveOptions(history.PathOf("out"), new FileNameTemplate(history.Scenario.HasKnownNames ? "{row}-{index}" : "{id}-{index}"))
        {
            AcceptIdentical = true,
            Timeout = TimeSpan.FromMinutes(5),
        })
        {
            RetryUncertain = !isFirst && history.Scenario.RetryUncertain,
            RetryFailed = !isFirst && history.Scenario.RetryFailed && !history.IsRetryRefused,
            MaxImages = history.IsQuiet ? null : history.Scenario.MaxImages,
            StorageClock = Time,
        };
        if (history.Scenario.HasWebhook) Account.Deliveries.Add(Webhook());
    }

    internal History History { get; }

    internal SimulatedDisk Disk { get; }

    internal SimulatedTime Time { get; }

    internal SimulatedLedger? Ledger { get; private set; }

    internal BatchOptions Options => _options;

    /// <summary>Gets or sets how many submissions are in flight.</summary>
    internal int SubmissionsInFlight { get; set; }

    /// <summary>Gets the steps that can happen next, in the order in which they came up.</summary>
    internal IReadOnlyList<Step> Pending => _pending;

    /// <summary>Gets the ids that deliveries have named.</summary>
    internal HashSet<string> DeliveredIds { get; } = [];

    /// <summary>Gets or sets how many images were accepted since the process began.</summary>
    internal int PaidImages { get; set; }

    /// <summary>Gets the ids that responses have named.</summary>
    internal HashSet<string> ReceivedIds { get; } = [];

    /// <summary>Gets the calls that have no response yet.</summary>
    internal List<SimulatedCall> Calls { get; } = [];

    /// <summary>Gets or sets when a user stopped the run, in elapsed time; null if no user did.</summary>
    internal TimeSpan? StoppedAt { get; private set; }

    /// <summary>Gets or sets a value that is true once an operation of the disk has failed.</summary>
    internal bool HasDiskFailed { get; set; }

    /// <summary>Gets or sets how many times the disk did not give what was to be read.</summary>
    internal int ReadFailures { get; set; }

    internal void Add(Step step)
    {
        if (!_isDead) _pending.Add(step);
    }

    internal void Remove(Step step) => _pending.Remove(step);

    /// <summary>Breaks every connection: what was sent may have reached the service.</summary>
    internal void BreakConnections()
    {
        foreach (SimulatedCall call in Calls.ToArray()) call.Break();
    }

    /// <summary>Receives a delivery to the webhook.</summary>
    internal void Deliver(string id, string? trackId)
    {
        DeliveredIds.Add(id);
        Account.Deliveries.Receive(id, trackId);
    }

    internal void Stop()
    {
        StoppedAt = History.Elapsed;
        _stop.CancelAsync();
    }

    /// <summary>Runs the batch as the cmdlet does.</summary>
    internal async Task<BatchSummary> RunAsync()
    {
        Ledger = new SimulatedLedger(await OpenLedgerAsync(_stop.Token), this);
        await using var batch = new Batch(Ledger, _connection, this);
        Request[] requests = [.. Enumerable.Range(1, History.Scenario.Rows).Select(Request)];
        await batch.AddAsync(requests, _options.Save, _stop.Token);
        // The cmdlet refuses, before anything is sent, a name that is another image's already.
        if (History.Scenario.HasKnownNames && await batch.PlanAsync(new PlanOptions(RetryFailed: _options.RetryFailed, RetryUncertain: _options.RetryUncertain), _stop.Token) is { ExistingFile: (_, { } path, _) })
            throw new FaceGenException(ErrorCode.FileExists, $"The file '{path}' exists already.");

        return await batch.RunAsync(_options, _stop.Token);
    }

    /// <summary>Ends the process at once: nothing that it does from now on has an effect.</summary>
    internal async Task KillAsync()
    {
        Halt();
        Disk.Kill();
        // Its threads and files end, without an effect on the disk.
        if (Ledger is not null) await Ledger.AbandonAsync();
    }

    /// <summary>Has no step of the process happen any more.</summary>
    private protected void Halt()
    {
        _isDead = true;
        _pending.Clear();
        CloseWebhooks();
    }

    private protected virtual Task<ILedger> OpenLedgerAsync(CancellationToken cancellationToken) =>
        LedgerFactory.OpenAsync(LedgerLocation.Parse(History.PathOf("batch.db")), LedgerMode.RunAndCreateOnImport, Time, this, cancellationToken);

    /// <summary>Ends what still works in the background of a process that has exited.</summary>
    public void Dispose()
    {
        _isDead = true;
        CloseWebhooks();
        _connection.Dispose();
        _stop.Dispose();
        _exit.Dispose();
    }

    public void LogVerbose(string message) => History.Log($"      {message}");

    public void LogWarning(string message)
    {
        History.Warnings.Add(message);
        History.Log($"      warning: {message}");
    }

    public void OnItemEnded(BatchItem item, FaceGenException? error) => History.Log($"      ended: {item}{(error is null ? "" : $" ({error.Message})")}");

    public void OnRetry(RequestSource? row, FaceGenException reason) => History.Log($"      retry: {row} ({reason.Message})");

    private void CloseWebhooks()
    {
        foreach (Webhook webhook in Account.Deliveries.Webhooks) webhook.Dispose();
    }

    private Account Account => Account.For(_connection);

    /// <summary>Opens a webhook that accepts no connection: deliveries are steps of the scheduler.</summary>
    private Webhook Webhook() => new(
        IPAddress.Loopback, 0, new Uri("https://webhook.example"), (_, _) => { }, Time, acceptAsync: _ => new TaskCompletionSource<TcpClient>().Task);

    private Request Request(int row) => new()
    {
        Prompt = $"person {row}",
        FaceImage = FaceImage.Parse("https://faces.example/face.png", path => path),
        Samples = History.Scenario.Images == 1 ? null : History.Scenario.Images,
        Source = new RequestSource("people.csv", row + 1, row),
    };
}
