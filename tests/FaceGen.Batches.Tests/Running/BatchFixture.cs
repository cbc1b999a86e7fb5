using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Batches.Tests.Running;

/// <summary>
/// A fixture with a folder, a ledger in it, and a scripted service. By default each submission is accepted and finished at once with the
/// ids 1, 2 and so on, and each link returns an image.
/// </summary>
internal sealed class BatchFixture : IBatchObserver, IDisposable
{
    private readonly Uri _root = new($"https://{Guid.NewGuid():N}.example");
    private readonly ScriptedHandler _handler;
    private readonly ConcurrentDictionary<string, int> _calls = new();
    private int _submissions;
    private int _arrived;

    private readonly FileStorage _storage;

    internal BatchFixture(int queueLimit = Limits.DefaultQueueLimit, FileStorage? storage = null)
    {
        _storage = storage ?? FileStorage.System;
        _handler = new ScriptedHandler(Next, Clock);
        Connection = Connect(queueLimit);
    }

    internal TestClock Clock { get; } = new();

    internal TemporaryFolder Folder { get; } = new();

    internal Connection Connection { get; private set; }

    private EngineServices Services => field ??= new()
    {
        Time = Clock, CreateHandler = () => _handler, NextDouble = () => 0, Files = _storage,
        ResolveHostAsync = _ => Task.FromResult<IPAddress[]>([IPAddress.Parse("203.0.113.7")]),
    };

    internal Account Account => Account.For(Connection);

    internal string LedgerPath { get => field ?? Folder.PathOf("batch.db"); set; }

    internal string OutputFolder => Folder.PathOf("out");

    /// <summary>Gets or sets the response to the n-th submission, from 1.</summary>
    internal Func<int, ScriptedResponse> OnSubmit { get; set; } = Finished;

    /// <summary>Gets or sets the response to a fetch, by the id and the number of fetches before.</summary>
    internal Func<string, int, ScriptedResponse> OnFetch { get; set; } = (id, _) => Finished(int.Parse(id, CultureInfo.InvariantCulture));

    /// <summary>Gets or sets the response at <see cref="FetchResult"/>, by the id and the number of requests before.</summary>
    internal Func<string, int, ScriptedResponse> OnFetchResult { get; set; } = (_, _) => ScriptedResponse.Error("Request not found", 404);

    /// <summary>Gets or sets the response of a link, by the id and the number of requests before.</summary>
    internal Func<string, int, ScriptedResponse> OnLink { get; set; } = (id, _) => ScriptedResponse.Image(CreateImage(id));

    /// <summary>Gets or sets the response to an upload, by the number of uploads before.</summary>
    internal Func<int, ScriptedResponse> OnUpload { get; set; } = _ => ScriptedResponse.Uploaded();

    internal Func<int, ScriptedResponse> OnBalance { get; set; } = _ => Balance(100);

    internal Func<int, ScriptedResponse> OnAssets { get; set; } = _ => ScriptedResponse.Json("""{"status":"success","data":[]}""");

    internal ConcurrentQueue<(BatchItem Item, FaceGenException? Error)> EndedItems { get; } = new();

    internal ConcurrentQueue<string> LogLines { get; } = new();

    internal ConcurrentQueue<string> Warnings { get; } = new();

    /// <summary>Gets the number of requests whose response is decided, so that its time has begun.</summary>
    internal int Submissions => Calls.Count(call => call.Address.AbsolutePath.EndsWith("/face_gen", StringComparison.Ordinal));

    internal IReadOnlyList<Call> Calls => _handler.Calls;

    internal IReadOnlyList<string> Files => !Directory.Exists(OutputFolder) ? []
        : [.. Directory.EnumerateFiles(OutputFolder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    // On a busy machine the clock may pass an hour while real work is slow, which must not end a run.
    internal BatchOptions Options => new(Save()) { AcceptanceTimeout = TimeSpan.FromDays(30) };

    internal static ScriptedResponse Finished(int id) => ScriptedResponse.Success(id.ToString(CultureInfo.InvariantCulture), Link(id));

    internal static ScriptedResponse Queued(int id) => ScriptedResponse.Processing(id.ToString(CultureInfo.InvariantCulture), eta: 1);

    internal static ScriptedResponse Balance(double balance) =>
        ScriptedResponse.Json(FormattableString.Invariant($$$"""{"status":"success","data":{"balance":{{{balance}}},"currency":"USD"}}"""));

    /// <summary>Returns the other address at which the service can name a generation.</summary>
    internal Uri FetchResult(int id) => new(_root, FormattableString.Invariant($"/api/v6/images/fetch/{id}"));

    internal static string Link(int id) => FormattableString.Invariant($"https://cdn.example/{id}.png");

    internal static byte[] CreateImage(string id)
    {
        int number = int.Parse(id, CultureInfo.InvariantCulture);
        return TestImages.Png(16, 16, (x, y, channel) => (byte)((x * 31) + (y * 17) + (channel == 0 ? number : number >> 8)));
    }

    internal static Request[] Requests(int count) => [.. Enumerable.Range(1, count).Select(number => Request($"prompt {number}", number))];

    internal static Request Request(string prompt, int row = 1) => FakeService.Request(prompt) with { Source = new RequestSource("people.csv", row + 1, row) };

    internal SaveOptions Save(string name = FileNameTemplate.Default) =>
        new(OutputFolder, new FileNameTemplate(name)) { AcceptIdentical = true, Timeout = TimeSpan.FromMinutes(1) };

    internal Connection Connect(int queueLimit, string key = "key-of-the-test/+1") => Connection = new Connection(
        // The clock may advance while the ledger is written, which must not time a call out.
        ServiceAddress.Parse(_root), new ApiKey(key), queueLimit, timeoutSec: 24 * 60 * 60, services: Services);

    /// <summary>Waits for one more request; the balance before the first submission does not count unless a test asks for it.</summary>
    internal async Task ArrivalAsync(bool orBalance = false)
    {
        do await _handler.WaitForCallAsync();
        while (Calls[_arrived++].Address.AbsolutePath.EndsWith("/wallet_balance", StringComparison.Ordinal) && !orBalance);
    }

    /// <summary>Gets the ledger of the latest run.</summary>
    internal InstrumentedLedger Ledger { get; private set; } = null!;

    /// <summary>Gets or sets what prepares the ledger of each run.</summary>
    internal Action<InstrumentedLedger> OnOpen { get; set; } = _ => { };

    /// <summary>Runs a batch to its end; the clock advances by itself.</summary>
    internal async Task<BatchSummary> RunAsync(IReadOnlyList<Request> requests, BatchOptions? options = null, CancellationToken stop = default)
    {
        await using Batch batch = await OpenAsync(requests);
        return await Clock.RunAsync(batch.RunAsync(options ?? Options, stop)).WithTimeoutAsync();
    }

    /// <summary>Opens the ledger as another worker.</summary>
    internal Task<ILedger> OpenLedgerAsync() => Batches.Ledgers.LedgerFactory.OpenAsync(LedgerLocation.Parse(LedgerPath), LedgerMode.Run, Clock, this, default);

    /// <summary>Opens a batch; the test advances the clock.</summary>
    internal async Task<Batch> OpenAsync(IReadOnlyList<Request> requests)
    {
        Ledger = new InstrumentedLedger(await OpenLedgerAsync(), Clock);
        OnOpen(Ledger);
        var batch = new Batch(Ledger, Connection, this);
        await batch.AddAsync(requests, Save(), default);
        return batch;
    }

    /// <summary>Returns the rows of the ledger, in the order of the input.</summary>
    internal async Task<IReadOnlyList<LedgerRow>> RowsAsync()
    {
        await using ILedger ledger = await Batches.Ledgers.LedgerFactory.OpenAsync(LedgerLocation.Parse(LedgerPath), LedgerMode.Read, Clock, this, default);
        return [.. ledger.Read([])];
    }

    internal async Task<IReadOnlyList<BatchItemStatus>> StatusesAsync() => [.. (await RowsAsync()).Select(row => row.Status)];

    public void OnItemEnded(BatchItem item, FaceGenException? error) => EndedItems.Enqueue((item, error));

    public void OnRetry(RequestSource? row, FaceGenException reason) { }

    public void LogVerbose(string message) => LogLines.Enqueue(message);

    public void LogWarning(string message) => Warnings.Enqueue(message);

    public void Dispose()
    {
        Connection.Dispose();
        _handler.Dispose();
        Folder.Dispose();
    }

    private ScriptedResponse Next(Uri address)
    {
        int Again(string what) => _calls.AddOrUpdate(what, 0, (_, before) => before + 1);
        string path = address.AbsolutePath;
        string name = Path.GetFileNameWithoutExtension(path);
        return address.Host != _root.Host ? OnLink(name, Again(path))
            : path.Contains("/images/fetch/", StringComparison.Ordinal) ? OnFetchResult(name, Again(path))
            : path.Contains("/fetch/", StringComparison.Ordinal) ? OnFetch(name, Again(path))
            : name switch
            {
                "face_gen" => OnSubmit(Interlocked.Increment(ref _submissions)),
                "base64_to_url" => OnUpload(Again(path)),
                "wallet_balance" => OnBalance(Again(path)),
                "assets_generated" => OnAssets(Again(path)),
                _ => throw new InvalidOperationException($"The test does not script {address}."),
            };
    }
}
