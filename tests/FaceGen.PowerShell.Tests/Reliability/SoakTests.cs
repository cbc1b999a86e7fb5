using System.Globalization;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>
/// Many rows with 30 % of all calls faulty. FACEGEN_SOAK_ROWS sets how many rows (100 unless set); docs/reliability.md has
/// the figures of 2,000.
/// </summary>
public sealed class SoakTests(ITestOutputHelper report)
{
    private static readonly int Rows =
        int.Parse(Environment.GetEnvironmentVariable("FACEGEN_SOAK_ROWS") ?? "100", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task With_three_calls_in_ten_faulty_nothing_is_paid_twice_or_lost(int seed)
    {
        await using FaultyBed bed = await FaultyBed.StartAsync([FaultRule.Parse($"any@any:rate=0.3,wait=1,seed={seed}")], speed: 60);
        string csv = Path.Combine(bed.Folder, "people.csv");
        File.WriteAllText(csv, BatchRuns.Csv(Names()));

        Ran first = bed.Run("""
            param($csv, $out)
            Import-FaceGenRequest $csv | New-FaceGenImage | Save-FaceGenOutput $out -Sidecar
            """, csv, bed.Out);
        Ran rest = bed.Run("param($out) Get-FaceGenImage | Wait-FaceGenImage | Save-FaceGenOutput $out -SkipExisting -Sidecar", bed.Out);

        HashSet<string> saved = [.. Prompts(first.Output).Concat(Prompts(rest.Output))];
        ILookup<string, string> failed = first.Errors.Concat(rest.Errors)
            .ToLookup(error => Prompt(error.TargetObject) ?? "", error => error.FullyQualifiedErrorId.Split(',')[0]);
        IReadOnlyDictionary<string, int> accepted = bed.Emulator.Journal.AcceptedByPrompt;
        string[] unaccounted = [.. Names().Where(name => !saved.Contains(name) && !failed.Contains(name))];
        string[] lost = [.. accepted.Keys.Where(name => !saved.Contains(name) && !failed[name].Contains("SubmissionUncertain"))];
        string everything = bed.Everything(first) + bed.Everything(rest);
        int leaks = FaultyBed.Spellings(FaultyBed.Key).Count(spelling => everything.Contains(spelling, StringComparison.OrdinalIgnoreCase));
        int calls = bed.Emulator.Journal.Entries.Count, faulty = bed.Emulator.Journal.Entries.Count(entry => entry.Fault is not null);

        report.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {seed}: {Rows} rows, {calls} calls of which {100.0 * faulty / calls:0} % faulty, {saved.Count} saved, {failed.Count(row => row.Contains("SubmissionUncertain"))} uncertain, {failed.Count(row => !row.Contains("SubmissionUncertain"))} refused, {unaccounted.Length} unaccounted for, {accepted.Values.Count(times => times > 1)} accepted more than once, {lost.Length} lost, key found {leaks} times, {bed.Emulator.Journal.MaxInFlight} in flight at most"));
        Assert.Empty(unaccounted);
        Assert.DoesNotContain(accepted, row => row.Value > 1);
        Assert.Empty(lost);
        Assert.Equal(saved.Count, FaultTests.Files(bed).Count);
        Assert.All(FaultTests.Files(bed), FaultTests.AssertComplete);
        Assert.Equal(0, leaks);
        Assert.InRange(bed.Emulator.Journal.MaxInFlight, 1, 5);
    }

    private static IEnumerable<string> Names() => Enumerable.Range(1, Rows).Select(row => $"person {row:0000}");

    private static IEnumerable<string> Prompts(IEnumerable<System.Management.Automation.PSObject> saved) =>
        saved.Select(image => Prompt(image.Properties["Generation"].Value)!);

    private static string? Prompt(object? target) => target is null ? null
        : System.Management.Automation.PSObject.AsPSObject(target).Properties["Prompt"]?.Value as string;
}
