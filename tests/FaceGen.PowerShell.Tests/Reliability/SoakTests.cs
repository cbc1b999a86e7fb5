using System.Globalization;
using System.Management.Automation;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Journaling;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>
/// Many rows with faults in 30 % of all requests, against the strict emulator. Some rows meet a certain fault each, so that every row of
/// Q35 to Q46 occurs, except Q43, which ends a run. FACEGEN_SOAK_ROWS sets the number of rows (default and minimum 100);
/// docs/reliability.md has the figures of a longer run.
/// </summary>
public sealed class SoakTests(ITestOutputHelper report)
{
    private const int FaceCount = 10;

    /// <summary>The number of adjacent rows that are equal, for the fault of a repetition.</summary>
    private const int Copies = 5;

    /// <summary>The mark of rows with the largest size and two samples, of which the service returns one (Q41).</summary>
    private const string Largest = "largest";

    private const string Pace = "Q45-pace";

    private static readonly int Rows =
        int.Parse(Environment.GetEnvironmentVariable("FACEGEN_SOAK_ROWS") ?? "100", CultureInfo.InvariantCulture);

    /// <summary>The faults that the rows with their id as the mark meet.</summary>
    private static readonly Fault[] MarkedFaults =
        [.. Fault.All.Where(fault => GetRow(fault.Id) is >= 36 and <= 46 and not 43 && fault.Kinds.Contains(CallKind.Submit))];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Pipeline_30_percent_faults_pays_nothing_twice_and_loses_nothing(int seed)
    {
        FaultRule[] rules =
        [
            .. MarkedFaults.Select(fault => new FaultRule(fault, FaultOn.Any.WithPrompt(Mark(fault.Id)).First(1))),
            // A face image whose upload fails is sent inline, which the strict service accepts with base64 only (Q35).
            FaultRule.Parse("Q14-200-html@upload:nth=2"),
            FaultRule.Parse($"any@any:rate=0.3,wait=1,seed={seed}"),
        ];
        await using FaultFixture fixture = await FaultFixture.StartAsync(rules, speed: 60, strict: true);
        for (int face = 0; face < FaceCount; face++) File.WriteAllBytes(Path.Combine(fixture.Folder, $"{face}.png"), [.. SessionFixture.DrawFace(), (byte)face]);
        (string Prompt, string Line)[] rows = [.. CreateRows()];
        string csv = Path.Combine(fixture.Folder, "people.csv");
        File.WriteAllText(csv, $"prompt,face_image,width,height,samples\n{string.Concat(rows.Select(row => row.Line))}");

        // Only -ErrorVariable has all errors of an id.
        List<object> errors = [];
        ScriptResult first = fixture.Run("""
            param($csv, $out, $errors)
            Import-FaceGenRequest $csv | New-FaceGenImage -ErrorVariable new | Save-FaceGenOutput $out -Sidecar -ErrorVariable save
            $errors.AddRange(@($new)); $errors.AddRange(@($save))
            """, csv, fixture.OutputFolder, errors);
        ScriptResult rest = fixture.Run("""
            param($out, $errors)
            Get-FaceGenImage | Wait-FaceGenImage -ErrorVariable wait | Save-FaceGenOutput $out -SkipExisting -Sidecar -ErrorVariable save
            $errors.AddRange(@($wait)); $errors.AddRange(@($save))
            """, fixture.OutputFolder, errors);

        Journal journal = fixture.Emulator.Journal;
        ILookup<string, object> saved = first.Output.Concat(rest.Output).DistinctBy(image => image.Properties["Id"].Value).ToLookup(image => GetPrompt(image)!, image => image.Properties["Id"].Value);
        ILookup<string, string> failed = errors.OfType<ErrorRecord>()
            .ToLookup(error => GetPrompt(error.TargetObject) ?? "", error => error.FullyQualifiedErrorId.Split(',')[0]);
        ILookup<string, string> requested = rows.ToLookup(row => row.Prompt, row => row.Line);
        string[] unaccounted = [.. requested.Where(row => saved[row.Key].Count() + failed[row.Key].Count() < row.Count()).Select(row => row.Key)];
        string[] paidAgain = [.. journal.AcceptedByPrompt.Where(row => row.Value > requested[row.Key].Count()).Select(row => row.Key)];
        string[] lost = [.. journal.AcceptedByPrompt.Where(row => row.Value > saved[row.Key].Count() + failed[row.Key].Count(id => id is "SubmissionUncertain" or "GenerationFailed")).Select(row => row.Key)];
        string everything = fixture.CollectAllText(first) + fixture.CollectAllText(rest);
        int leaks = FaultFixture.Encodings(FaultFixture.Key).Count(spelling => everything.Contains(spelling, StringComparison.OrdinalIgnoreCase));
        int calls = journal.Entries.Count, faulty = journal.Entries.Count(entry => entry.Fault is not null), uncertain = failed.Sum(row => row.Count(id => id == "SubmissionUncertain"));
        Dictionary<int, int> times = Enumerable.Range(36, 11).Where(row => row != 43).ToDictionary(row => row, row => journal.Entries.Count(entry => GetRow(entry.Fault) == row));
        times[35] = journal.Entries.Count(entry => entry is { GenerationId: not null, Body: { } body } && body.Contains("\"face_image\":\"data:", StringComparison.Ordinal));

        report.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {seed}: {rows.Length} rows, {calls} calls of which {100.0 * faulty / calls:0} % faulty, {saved.Sum(row => row.Count())} saved, {uncertain} uncertain, {failed.Sum(row => row.Count()) - uncertain} refused, {unaccounted.Length} unaccounted for, {paidAgain.Length} accepted more than once, {lost.Length} lost, key found {leaks} times, {journal.MaxInFlight} in flight at most"));
        report.WriteLine($"seed {seed}: {string.Join(", ", times.OrderBy(row => row.Key).Select(row => $"Q{row.Key} {row.Value}"))} times");
        Assert.Empty(unaccounted);
        Assert.Empty(paidAgain);
        Assert.Empty(lost);
        Assert.Equal(first.Output.Count + rest.Output.Count, FaultTests.ListImages(fixture).Count);
        Assert.All(FaultTests.ListImages(fixture), FaultTests.AssertComplete);
        Assert.Equal(0, leaks);
        Assert.InRange(journal.MaxInFlight, 1, 5);
        Assert.All(times, row => Assert.True(row.Value > 0, $"Q{row.Key} did not occur."));
    }

    /// <summary>
    /// Creates the rows: every fourth has a mark, those of a repetition come several times. The last tenth meets the limited rate, because
    /// FaceGen then submits one after the other.
    /// </summary>
    private static IEnumerable<(string Prompt, string Line)> CreateRows()
    {
        string[] marks = [.. MarkedFaults.Select(fault => fault.Id).Where(id => id != Pace), Largest];
        for (int row = 0, marked = 0; row < Rows; row++)
        {
            string mark = row >= Rows - (Rows / 10) ? Pace : row % 4 == 0 ? marks[marked++ % marks.Length] : "";
            string prompt = string.Create(CultureInfo.InvariantCulture, $"person {row:0000}{(mark.Length > 0 ? $" {Mark(mark)}" : "")}");
            (string size, int samples) = mark switch { Largest => ("512,768", 2), "Q41-fewer-images" => ("16,16", 2), _ => ("16,16", 1) };
            for (int copy = 0; copy < (mark == "Q40-spam" ? Copies : 1); copy++) yield return (prompt, $"{prompt},{row % FaceCount}.png,{size},{samples}\n");
        }
    }

    private static string Mark(string text) => $"({text})";

    /// <summary>Returns the number of a fault's row; null if it has none.</summary>
    private static int? GetRow(string? fault) =>
        fault?.StartsWith('Q') == true ? int.Parse(fault[1..].Split('-')[0], CultureInfo.InvariantCulture) : null;

    private static string? GetPrompt(object? target) => target is null ? null : PSObject.AsPSObject(target).Properties["Prompt"]?.Value as string;
}
