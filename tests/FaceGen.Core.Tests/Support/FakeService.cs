using System.Collections.Concurrent;
using System.Net;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Support;

/// <summary>
/// A connection to a scripted service, with its own address and key. Each list of responses is returned in order; the last
/// response repeats.
/// </summary>
internal sealed class FakeService : IEngineLog, IDisposable
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<ScriptedResponse>> _scripts = new();
    private readonly ScriptedHandler _handler;

    internal FakeService(int queueLimit = Limits.DefaultQueueLimit, Uri? root = null)
    {
        Root = root ?? new Uri($"https://{Guid.NewGuid():N}.example");
        _handler = new ScriptedHandler(Next, Clock);
        Connection = Connect(queueLimit);
    }

    internal static string Key { get; } = "key-of-the-test/+1";

    internal Uri Root { get; }

    internal TestClock Clock { get; } = new();

    internal Connection Connection { get; }

    private EngineServices Services => field ??= new() { Time = Clock, CreateHandler = () => _handler, NextDouble = () => 0, ResolveHostAsync = LookUpAsync };

    internal Account Account => Account.For(Connection);

    internal Generator Generator => field ??= new Generator(Connection, this);

    /// <summary>Gets the verbose messages, except those of <see cref="AcceptedMessages"/>.</summary>
    internal ConcurrentQueue<string> VerboseMessages { get; } = new();

    /// <summary>Gets the verbose messages about accepted generations.</summary>
    internal ConcurrentQueue<string> AcceptedMessages { get; } = new();

    /// <summary>Gets the warnings.</summary>
    internal ConcurrentQueue<string> WarningMessages { get; } = new();

    /// <summary>Gets the addresses of hosts; all others have a public address.</summary>
    internal ConcurrentDictionary<string, string> Hosts { get; } = new() { ["localhost"] = "127.0.0.1" };

    internal IReadOnlyList<Call> Calls => _handler.Calls;

    internal IReadOnlyList<Call> Submissions => [.. Calls.Where(call => call.Address.AbsolutePath.EndsWith("/face_gen", StringComparison.Ordinal))];

    internal IReadOnlyList<Call> Uploads => [.. Calls.Where(call => call.Address.AbsolutePath.EndsWith("/base64_to_url", StringComparison.Ordinal))];

    internal IReadOnlyList<Call> Fetches => [.. Calls.Where(call => call.Address.AbsolutePath.Contains("/fetch/", StringComparison.Ordinal))];

    /// <summary>Gets the ids of the account's pending generations.</summary>
    internal IReadOnlyList<string> Pending => [.. Account.Pending.Select(pending => pending.Latest.Id)];

    internal static Request Request(string prompt = "a pilot") => new()
    {
        Prompt = prompt,
        FaceImage = FaceImage.Parse("https://faces.example/face.png", path => path),
    };

    /// <summary>Creates another connection to the same account.</summary>
    internal Connection Connect(int queueLimit = Limits.DefaultQueueLimit) => new(
        ServiceAddress.Parse(Root), new ApiKey(Key), queueLimit,
        services: Services);

    internal FakeService OnSubmit(params ScriptedResponse[] responses) => On("submit", responses);

    internal FakeService OnUpload(params ScriptedResponse[] responses) => On("upload", responses);

    internal FakeService OnFetch(params ScriptedResponse[] responses) => On("fetch", responses);

    /// <summary>Sets the responses to fetches of one id.</summary>
    internal FakeService OnFetchOf(string id, params ScriptedResponse[] responses) => On($"fetch {id}", responses);

    /// <summary>Sets the responses at a path of the service.</summary>
    internal FakeService OnPath(string path, params ScriptedResponse[] responses) => On(path, responses);

    internal FakeService OnLink(string link, params ScriptedResponse[] responses) => On(new Uri(link).AbsoluteUri, responses);

    internal Task WaitForCallAsync() => _handler.WaitForCallAsync();

    /// <summary>Submits a request as a cmdlet does. The test moves the clock.</summary>
    internal async Task<Generation> GenerateAsync(
        bool wait = true, TimeSpan? timeout = null, Request? request = null, bool retryUncertain = false, bool upload = true,
        CancellationToken cancellationToken = default)
    {
        request ??= Request();
        var options = new GenerateOptions { Wait = wait, Timeout = timeout ?? Timeout.InfiniteTimeSpan, RetryUncertain = retryUncertain, UploadFace = upload };
        FaceImageValue face = await Generator.GetFaceAsync(request, options, cancellationToken);
        return await Generator.GenerateAsync(request, face, await Generator.AcquireSlotAsync(cancellationToken), options, cancellationToken);
    }

    void IEngineLog.LogVerbose(string message) => (message.Contains(": generation ", StringComparison.Ordinal) ? AcceptedMessages : VerboseMessages).Enqueue(message);

    void IEngineLog.LogWarning(string message) => WarningMessages.Enqueue(message);

    public void Dispose()
    {
        Connection.Dispose();
        _handler.Dispose();
    }

    private FakeService On(string what, ScriptedResponse[] responses)
    {
        _scripts[what] = new ConcurrentQueue<ScriptedResponse>(responses);
        return this;
    }

    private Task<IPAddress[]> LookUpAsync(string host) =>
        Task.FromResult<IPAddress[]>([IPAddress.Parse(Hosts.GetValueOrDefault(host, "203.0.113.7"))]);

    private ScriptedResponse Next(Uri address)
    {
        string what = address.Host != Root.Host ? address.AbsoluteUri
            : _scripts.ContainsKey(address.AbsolutePath) ? address.AbsolutePath
            : _scripts.ContainsKey($"fetch {address.Segments[^1]}") ? $"fetch {address.Segments[^1]}"
            : address.AbsolutePath.Contains("/fetch/", StringComparison.Ordinal) ? "fetch"
            : address.AbsolutePath.EndsWith("/base64_to_url", StringComparison.Ordinal) ? "upload"
            : "submit";
        if (!_scripts.TryGetValue(what, out ConcurrentQueue<ScriptedResponse>? script))
            throw new InvalidOperationException($"The test has no script for {address}.");

        return script.Count > 1 && script.TryDequeue(out ScriptedResponse? response) || script.TryPeek(out response)
            ? response
            : throw new InvalidOperationException($"The test has no response for {address}.");
    }
}
