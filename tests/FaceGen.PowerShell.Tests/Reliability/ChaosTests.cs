using System.Globalization;
using System.Management.Automation;
using System.Security.Cryptography;
using FaceGen.Emulator;
using FaceGen.Emulator.Generating;
using FaceGen.PowerShell.Tests.Hosting;
using FaceGen.Tests.Shared;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>
/// A batch process that is killed at random moments of a seed and started again until it completes. FACEGEN_CHAOS_ROWS and
/// FACEGEN_CHAOS_KILLS set the numbers; docs/reliability.md has the figures of 300 rows and 100 kills.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper report)
{
    private static readonly int Rows = ReadSetting("FACEGEN_CHAOS_ROWS", 30);
    private static readonly int Kills = ReadSetting("FACEGEN_CHAOS_KILLS", 3);

    /// <summary>The maximum duration of the faults in seconds.</summary>
    private const int MaxSeconds = 1200;

    [Theory]
    [InlineData(1)]
    public async Task Batch_killed_repeatedly_submits_each_row_once(int seed)
    {
        await using ChaosFixture fixture = await ChaosFixture.StartAsync(Rows);
        var random = new Random(seed);
        for (int kills = 0; kills < Kills; kills++)
        {
            using BatchProcess batch = fixture.StartBatch();
            // A row takes at least three requests, so that the batch cannot complete before the last kill.
            long calls = fixture.Emulator.Journal.Calls + random.Next(1, 3 * Rows / Kills);
            long timeout = Environment.TickCount64 + (1000 * MaxSeconds);
            while (!batch.HasEnded && fixture.Emulator.Journal.Calls < calls && Environment.TickCount64 < timeout) await Task.Delay(1);
            // Between two requests come writes to the ledger and to files.
            long until = Environment.TickCount64 + random.Next(0, 30);
            while (Environment.TickCount64 < until) await Task.Yield();
            Assert.False(batch.HasEnded);
            await batch.KillAsync();
        }

        string last;
        using (BatchProcess batch = fixture.StartBatch()) last = await batch.WaitForExitAsync();

        fixture.AssertConsistent(report, $"seed {seed}: {Kills} kills", last);
    }

    /// <summary>A process that gets a signal, and is not killed, leaves no uncertain row.</summary>
    [Theory]
    [InlineData(1)]
    public async Task Batch_signaled_repeatedly_submits_each_row_once_and_leaves_none_uncertain(int seed)
    {
        if (PwshProcess.SkipReason is { } reason) Assert.Skip(reason);
        await using ChaosFixture fixture = await ChaosFixture.StartAsync(Rows);
        var random = new Random(seed);
        for (int signals = 0; signals < Kills; signals++)
        {
            TerminationSignal signal = (TerminationSignal)(signals % Enum.GetValues<TerminationSignal>().Length);
            using PwshProcess batch = fixture.StartPwsh(signal);
            long calls = fixture.Emulator.Journal.Calls + random.Next(1, 3 * Rows / Kills);
            await batch.WaitUntilAsync(() => batch.HasEnded || fixture.Emulator.Journal.Calls >= calls, $"{calls} calls");
            long until = Environment.TickCount64 + random.Next(0, 30);
            while (Environment.TickCount64 < until) await Task.Yield();
            Assert.False(batch.HasEnded, batch.Output);
            await batch.SignalAsync();
            await batch.WaitForExitAsync();
        }

        string last;
        using (PwshProcess batch = fixture.StartPwsh(TerminationSignal.Terminate)) last = await batch.WaitForExitAsync();

        fixture.AssertConsistent(report, $"seed {seed}: {Kills} signals", last.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], allowUncertain: false);
    }

    /// <summary>
    /// Every second a fault hits one of three workers or their database: a worker is killed, or frozen (in long runs for longer
    /// than its lease), or the database is paused or restarted.
    /// </summary>
    [Theory]
    [InlineData(1)]
    public async Task Workers_killed_and_frozen_with_failing_database_submit_each_row_once(int seed)
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        // A database of its own, because it fails.
        using var database = new PostgresServer();
        await using ChaosFixture fixture = await ChaosFixture.StartAsync(Rows, database.GetConnectionString($"chaos{seed}"));
        var random = new Random(seed);
        int longestFreeze = Kills > 10 ? 60 : 2;
        BatchProcess[] workers = [fixture.StartBatch(), fixture.StartBatch(), fixture.StartBatch()];
        int[] frozenUntil = new int[workers.Length];
        int[] happened = new int[4];
        int events = 0;
        using (var everySecond = new PeriodicTimer(TimeSpan.FromSeconds(1)))
        {
            for (int second = 0; second < MaxSeconds && (frozenUntil.Max() > 0 || (events < Kills && !workers.All(worker => worker.HasEnded))); second++)
            {
                await everySecond.WaitForNextTickAsync();
                for (int i = 0; i < workers.Length; i++)
                {
                    if (frozenUntil[i] == 0 || frozenUntil[i] > second) continue;

                    workers[i].Continue();
                    frozenUntil[i] = 0;
                }

                int unlucky = random.Next(workers.Length), what = random.Next(happened.Length);
                if (events >= Kills || workers[unlucky].HasEnded || frozenUntil[unlucky] > 0) continue;

                switch (what)
                {
                    case 0:
                        await workers[unlucky].KillAsync();
                        workers[unlucky].Dispose();
                        workers[unlucky] = fixture.StartBatch();
                        break;
                    case 1:
                        workers[unlucky].Freeze();
                        frozenUntil[unlucky] = second + random.Next(1, longestFreeze + 1);
                        break;
                    case 2:
                        database.Pause();
                        await everySecond.WaitForNextTickAsync();
                        database.Continue();
                        break;
                    default:
                        database.Stop();
                        database.Start();
                        break;
                }

                happened[what]++;
                events++;
            }
        }

        await Task.WhenAll(workers.Select(worker => worker.WaitForExitAsync()));
        foreach (BatchProcess worker in workers) worker.Dispose();
        // A worker may have ended early, because its database was down for too long.
        string last;
        using (BatchProcess worker = fixture.StartBatch()) last = await worker.WaitForExitAsync();

        fixture.AssertConsistent(report, $"three workers, seed {seed}: {happened[0]} kills, {happened[1]} freezes, {happened[2]} pauses and {happened[3]} restarts of the database", last);
    }

    /// <summary>The documented example with two workers, without faults.</summary>
    [Fact]
    public async Task Worker_example_two_workers_complete_a_batch()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        const int Few = 12;
        await using ChaosFixture fixture = await ChaosFixture.StartAsync(Few, PostgresServer.Instance.GetConnectionString("example"));

        using BatchProcess one = fixture.StartBatch();
        using BatchProcess other = fixture.StartBatch();
        string[] outputs = await Task.WhenAll(one.WaitForExitAsync(), other.WaitForExitAsync());

        Assert.All(outputs, output => Assert.Matches($@"(?m)^This worker processed \d+ rows\. The batch: Complete: {Few} of {Few} saved", output));
        Assert.Equal([0, 0], [one.ExitCode, other.ExitCode]);
        fixture.AssertConsistent(report, "the example", string.Join(" | ", outputs.Select(output => output.Trim())));
    }

    private static int ReadSetting(string name, int defaultValue) =>
        Environment.GetEnvironmentVariable(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : defaultValue;

    /// <summary>An emulator for several processes, and the files of the batch.</summary>
    private sealed class ChaosFixture : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("facegen-chaos-").FullName;
        private readonly int _rows;
        private readonly string _ledger;

        private ChaosFixture(EmulatorHost emulator, int rows, string? ledger)
        {
            Emulator = emulator;
            _rows = rows;
            _ledger = ledger ?? Path.Combine(_folder, "facegen.ledger");
            File.WriteAllBytes(Path.Combine(_folder, "face.png"), SessionFixture.DrawFace());
            File.WriteAllText(Path.Combine(_folder, "people.csv"), "prompt,face_image,width,height\n" + string.Concat(Prompts.Select(prompt => $"{prompt},face.png,64,64\n")));
        }

        internal EmulatorHost Emulator { get; }

        private string OutputFolder => Path.Combine(_folder, "out");

        private IEnumerable<string> Prompts => Enumerable.Range(1, _rows).Select(row => $"person {row:0000}");

        internal static async Task<ChaosFixture> StartAsync(int rows, string? ledger = null) => new(await EmulatorHost.StartAsync(new EmulatorOptions
        {
            ServiceTime = ServiceTime.Uniform(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(400)),
            Balance = 1_000_000,
        }), rows, ledger);

        internal BatchProcess StartBatch() => BatchProcess.Start(
            Emulator, Path.Combine(_folder, "people.csv"), OutputFolder, _ledger);

        /// <summary>Starts the batch in pwsh, which can get a signal.</summary>
        internal PwshProcess StartPwsh(TerminationSignal signal) => PwshProcess.Start(Emulator.BaseUri, _folder,
            $"\"$(Invoke-FaceGenBatch people.csv -Destination out -Ledger '{_ledger}' -SummaryOnly)\"", signal);

        /// <summary>Asserts that nothing was paid for twice or lost, and that every file matches the ledger.</summary>
        internal void AssertConsistent(ITestOutputHelper report, string description, string summary, bool allowUncertain = true)
        {
            using var session = new Session();
            PSObject[] items = [.. session.Run("param($ledger) Get-FaceGenBatchItem -Ledger $ledger", _ledger).WithoutErrors().Output];
            ILookup<string, string> prompts = items.ToLookup(item => GetText(item, "Status"), item => GetText(item, "Prompt"));
            IReadOnlyDictionary<string, int> accepted = Emulator.Journal.AcceptedByPrompt;
            int twice = accepted.Values.Count(times => times > 1);
            string[] lost = [.. accepted.Keys.Except(prompts["Saved"]).Except(prompts["Uncertain"])];
            PSObject[] files = [.. items.SelectMany(item => LanguagePrimitives.GetEnumerable(item.Properties["Files"].Value)!.Cast<object>().Select(PSObject.AsPSObject))];
            int wrong = files.Count(file => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(GetText(file, "FullName")))) != GetText(file, "Sha256"));
            report.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{description}: {items.Length} rows, {accepted.Values.Sum()} accepted, {prompts["Saved"].Count()} saved, {prompts["Uncertain"].Count()} uncertain, {twice} accepted more than once, {lost.Length} lost, {wrong} files unlike their hash, {Emulator.Journal.MaxInFlight} in flight at most; {summary.Trim()}"));

            Assert.Equal(Prompts, items.Select(item => GetText(item, "Prompt")).Order(StringComparer.Ordinal));
            Assert.Equal(0, twice);
            if (!allowUncertain) Assert.Empty(prompts["Uncertain"]);
            Assert.Empty(lost);
            Assert.Equal(_rows, prompts["Saved"].Count() + prompts["Uncertain"].Count());
            Assert.Equal(prompts["Saved"].Count(), files.Length);
            Assert.Equal(0, wrong);
            Assert.All(files, file => FaultTests.AssertComplete(GetText(file, "FullName")));
            Assert.Equal(files.Length, Directory.GetFiles(OutputFolder, "*.png").Length);
            Assert.InRange(Emulator.Journal.MaxInFlight, 1, 5);
        }

        public async ValueTask DisposeAsync()
        {
            await Emulator.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        private static string GetText(PSObject item, string property) => item.Properties[property].Value?.ToString() ?? "";
    }
}
