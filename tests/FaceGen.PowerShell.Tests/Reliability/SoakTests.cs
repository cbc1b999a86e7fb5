using System.Globalization;
using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>
/// Many rows with faults in 30 % of all requests. FACEGEN_SOAK_ROWS sets the number of rows (default 100); docs/reliability.md has
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
    public async Task Pipeline_30_percent_faults_pays_nothing_twice_and_loses_nothing(int seed)
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([FaultRule.Parse($"any@any:rate=0.3,wait=1,seed={seed}")], speed: 60);
        string csv = Path.Combine(fixture.Folder, "people.csv");
        File.WriteAllText(csv, BatchFixtureExtensions.Csv(AllPrompts()));

        ScriptResult first = fixture.Run("""
            param($csv, $out)
            Import-FaceGenRequest $csv | New-FaceGenImage | Save-FaceGenOutput $out -Sidecar
            """, csv, fixture.OutputFolder);
        ScriptResult rest = fixture.Run("param($out) Get-FaceGenImage | Wait-FaceGenImage | Save-FaceGenOutput $out -SkipExisting -Sidecar", fixture.OutputFolder);

        HashSet<string> saved = [.. GetPrompts(first.Output).Concat(GetPrompts(rest.Output))];
        ILookup<string, string> failed = first.Errors.Concat(rest.Errors)
            .ToLookup(error => GetPrompt(error.TargetObject) ?? "", error => error.FullyQualifiedErrorId.Split(',')[0]);
        IReadOnlyDictionary<string, int> accepted = fixture.Emulator.Journal.AcceptedByPrompt;
        string[] unaccounted = [.. AllPrompts().Where(name => !saved.Contains(name) && !failed.Contains(name))];
        string[] lost = [.. accepted.Keys.Where(name => !saved.Contains(name) && !failed[name].Contains("SubmissionUncertain"))];
        string everything = fixture.CollectAllText(first) + fixture.CollectAllText(rest);
        int leaks = FaultFixture.Encodings(FaultFixture.Key).Count(spelling => everything.Contains(spelling, StringComparison.OrdinalIgnoreCase));
        int calls = fixture.Emulator.Journal.Entries.Count, faulty = fixture.Emulator.Journal.Entries.Count(entry => entry.Fault is not null);

        report.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {seed}: {Rows} rows, {calls} calls of which {100.0 * faulty / calls:0} % faulty, {saved.Count} saved, {failed.Count(row => row.Contains("SubmissionUncertain"))} uncertain, {failed.Count(row => !row.Contains("SubmissionUncertain"))} refused, {unaccounted.Length} unaccounted for, {accepted.Values.Count(times => times > 1)} accepted more than once, {lost.Length} lost, key found {leaks} times, {fixture.Emulator.Journal.MaxInFlight} in flight at most"));
        Assert.Empty(unaccounted);
        Assert.DoesNotContain(accepted, row => row.Value > 1);
        Assert.Empty(lost);
        Assert.Equal(saved.Count, FaultTests.ListImages(fixture).Count);
        Assert.All(FaultTests.ListImages(fixture), FaultTests.AssertComplete);
        Assert.Equal(0, leaks);
        Assert.InRange(fixture.Emulator.Journal.MaxInFlight, 1, 5);
    }

    private static IEnumerable<string> AllPrompts() => Enumerable.Range(1, Rows).Select(row => $"person {row:0000}");

    private static IEnumerable<string> GetPrompts(IEnumerable<System.Management.Automation.PSObject> saved) =>
        saved.Select(image => GetPrompt(image)!);

    private static string? GetPrompt(object? target) => target is null ? null
        : System.Management.Automation.PSObject.AsPSObject(target).Properties["Prompt"]?.Value as string;
}
