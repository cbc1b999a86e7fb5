using System.Globalization;
using System.Management.Automation;
using FaceGen.Emulator;
using FaceGen.Emulator.Generating;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>
/// New batch processes that are killed within a second after they begin to create their ledger, and started again.
/// FACEGEN_CHAOS_KILLS sets the number; docs/reliability.md has the figures of 100.
/// </summary>
public sealed class NewBatchKillTests(ITestOutputHelper report)
{
    private const int Rows = 3;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);

    private static readonly int Kills =
        Environment.GetEnvironmentVariable("FACEGEN_CHAOS_KILLS") is { } kills ? int.Parse(kills, CultureInfo.InvariantCulture) : 2;

    [Theory]
    [InlineData(1)]
    public async Task New_batch_killed_in_first_second_submits_each_row_once(int seed)
    {
        await using EmulatorHost emulator = await EmulatorHost.StartAsync(new EmulatorOptions
        {
            ServiceTime = ServiceTime.Uniform(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(200)),
            Balance = 1_000_000,
        });
        string folder = Directory.CreateTempSubdirectory("facegen-first-second-").FullName;
        var random = new Random(seed);
        var statuses = new Dictionary<string, string>(StringComparer.Ordinal);
        int unfinished = 0;
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "face.png"), SessionFixture.DrawFace());
            using var session = new Session();
            for (int kill = 1; kill <= Kills; kill++)
            {
                string csv = Path.Combine(folder, $"{kill}.csv"), destination = Path.Combine(folder, $"{kill}"), ledger = Path.Combine(destination, "facegen.ledger");
                string[] prompts = [.. Enumerable.Range(1, Rows).Select(row => $"batch {kill} person {row}")];
                await File.WriteAllTextAsync(csv, "prompt,face_image,width,height\n" + string.Concat(prompts.Select(prompt => $"{prompt},face.png,64,64\n")));
                using (BatchProcess batch = BatchProcess.Start(emulator, csv, destination, ledger))
                {
                    await WaitForFileAsync(batch, ledger + ".lock");
                    // Every second kill comes while the ledger is created, which takes some milliseconds.
                    int milliseconds = random.Next(0, kill % 2 == 0 ? 1000 : 15);
                    long until = Environment.TickCount64 + milliseconds;
                    while (Environment.TickCount64 < until) await Task.Yield();
                    await batch.KillAsync();
                }

                if (!File.Exists(ledger)) unfinished++;
                string last;
                using (BatchProcess batch = BatchProcess.Start(emulator, csv, destination, ledger)) last = await batch.WaitForExitAsync();

                PSObject[] items = [.. session.Run("param($ledger) Get-FaceGenBatchItem -Ledger $ledger", ledger).WithoutErrors().Output];
                Assert.True(items.Length == Rows, $"After kill {kill}: {last}");
                foreach (PSObject item in items) statuses.Add($"{item.Properties["Prompt"].Value}", $"{item.Properties["Status"].Value}");
            }

            IReadOnlyDictionary<string, int> accepted = emulator.Journal.AcceptedByPrompt;
            string[] lost = [.. accepted.Keys.Where(prompt => statuses[prompt] is not ("Saved" or "Uncertain"))];
            int twice = accepted.Values.Count(times => times > 1);
            report.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"seed {seed}: {Kills} kills, {unfinished} of them before the ledger had its name; {accepted.Values.Sum()} accepted, {statuses.Values.Count(status => status == "Saved")} saved, {statuses.Values.Count(status => status == "Uncertain")} uncertain, {twice} accepted more than once, {lost.Length} lost"));
            Assert.Equal(0, twice);
            Assert.Empty(lost);
            Assert.All(statuses.Values, status => Assert.True(status is "Saved" or "Uncertain", status));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WaitForFileAsync(BatchProcess batch, string file)
    {
        using var timeout = new CancellationTokenSource(StartTimeout);
        while (!File.Exists(file))
        {
            Assert.False(batch.HasEnded, "The batch ended before it created its ledger.");
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
