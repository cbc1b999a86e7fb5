using FaceGen.Emulator;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;

namespace FaceGen.LiveCheck.Tests;

/// <summary>An emulator, and runs of the check against it whose waits advance the emulator's clock.</summary>
internal sealed class LiveCheckFixture : IAsyncDisposable
{
    /// <summary>A key that is not a part of any other text.</summary>
    internal const string Key = "Live_Check-Key/7f3a+91c2";

    /// <summary>Longer than the wait before the first fetch, so that a fetch of a queued generation is seen too.</summary>
    internal static readonly ServiceTime QueueTime = ServiceTime.Fixed(TimeSpan.FromSeconds(40));

    internal string Folder { get; } = Directory.CreateTempSubdirectory("facegen-live-check-").FullName;

    private LiveCheckFixture(EmulatorHost host) => Host = host;

    internal EmulatorHost Host { get; }

    internal static Task<LiveCheckFixture> StartAsync(ServiceTime? serviceTime = null, params FaultRule[] faults) =>
        StartAsync(new EmulatorOptions { ApiKey = Key, ServiceTime = serviceTime ?? QueueTime, Faults = faults });

    /// <summary>Starts an emulator that refuses what deviates from the contract.</summary>
    internal static Task<LiveCheckFixture> StartStrictAsync() => StartAsync(new EmulatorOptions { ApiKey = Key, ServiceTime = QueueTime, Strict = true });

    private static async Task<LiveCheckFixture> StartAsync(EmulatorOptions options) => new(await EmulatorHost.StartAsync(options, CancellationToken.None));

    /// <summary>Runs the check.</summary>
    /// <param name="arguments">The arguments beside the output folder.</param>
    /// <param name="change">Changes the program's environment.</param>
    /// <param name="cancellationToken">Is canceled by Ctrl+C.</param>
    internal async Task<LiveCheckResult> RunAsync(string arguments = "--yes", Func<ProgramEnvironment, ProgramEnvironment>? change = null, CancellationToken cancellationToken = default)
    {
        var output = new StringWriter();
        var environment = new ProgramEnvironment
        {
            GetVariable = name => name switch { "MODELSLAB_API_KEY" => Key, "MODELSLAB_BASE_URL" => Host.BaseUri.AbsoluteUri, _ => null },
            Input = TextReader.Null,
            Output = output,
            IsInteractive = false,
            Timeout = TimeSpan.FromSeconds(60),
            DelayAsync = (delay, stop) =>
            {
                stop.ThrowIfCancellationRequested();
                Host.Clock.Advance(delay);
                return Task.CompletedTask;
            },
        };
        int exitCode = await LiveCheckProgram.RunAsync(
            [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--output", Folder], change?.Invoke(environment) ?? environment, cancellationToken);
        return new LiveCheckResult((ExitCode)exitCode, output.ToString(), Directory.EnumerateDirectories(Folder).Order().LastOrDefault());
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>What a run left behind.</summary>
internal sealed record LiveCheckResult(ExitCode ExitCode, string Output, string? Folder)
{
    internal string Report { get; } = Folder is not null && Path.Combine(Folder, "report.md") is var path && File.Exists(path) ? File.ReadAllText(path) : "";

    internal string Submissions => File.ReadAllText(Path.Combine(Folder!, "submissions.txt"));

    internal IReadOnlyList<string> Images => [.. Directory.EnumerateFiles(Folder!, "*.png").Select(path => Path.GetFileName(path)).Order()];

    /// <summary>Gets what was seen by the id of the check, for the known deviations.</summary>
    internal IReadOnlyDictionary<string, string> Known => ReadTable("## Known deviations");

    /// <summary>Gets what was seen by the id of the check, for what FaceGen does not expect.</summary>
    internal IReadOnlyDictionary<string, string> Differences => ReadTable("## Differs");

    internal IReadOnlyDictionary<string, string> Agreements => ReadTable("## Agrees");

    internal IReadOnlyDictionary<string, string> NotObserved => ReadTable("## Not observed");

    private Dictionary<string, string> ReadTable(string heading) => Report.Split('\n')
        .SkipWhile(line => !line.StartsWith(heading, StringComparison.Ordinal)).Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2).Select(line => line.Split(" | "))
        .ToDictionary(cells => cells[0][2..], cells => cells[3]);
}
