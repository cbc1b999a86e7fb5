using FaceGen.Emulator.Faults;
using FaceGen.PowerShell.Tests.Hosting;
using SkiaSharp;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>
/// Every fault of the emulator, end to end: one request through a typical pipeline, with the fault in the first call of its
/// kind.
/// </summary>
public sealed class FaultTests
{
    private const string Saved = "saved";
    private const double Speed = 20;

    /// <summary>The expected errors. All other faults end in a saved image.</summary>
    private static readonly Dictionary<string, string> ExpectedErrors = new()
    {
        // Refused: nothing was accepted.
        ["Submit Q1-error"] = "RequestRefused",
        ["Submit Q2-message-object"] = "RequestRefused",
        ["Submit Q3-code"] = "RequestRefused",
        ["Submit Q4-messege"] = "RequestRefused",
        ["Submit Q4-error"] = "RequestRefused",
        ["Submit Q4-error-message"] = "RequestRefused",
        ["Submit key-in-refusal"] = "RequestRefused",
        ["Submit control-sequences"] = "RequestRefused",
        ["Submit Q13-out-of-credits"] = "OutOfCredits",
        ["Submit not-in-plan"] = "NotInPlan",
        ["Submit Q39-failed-try-again"] = "GenerationFailed",
        ["Submit Q43-monthly-limit"] = "OutOfCredits",
        ["Submit Q43-wallet"] = "OutOfCredits",
        ["Submit Q43-premium"] = "NotInPlan",
        ["Submit Q43-key-required"] = "KeyRejected",

        // The response was lost: the outcome is unknown.
        ["Submit request-dropped"] = "SubmissionUncertain",
        ["Submit unavailable-html"] = "SubmissionUncertain",
        ["Submit accepted-then-dropped"] = "SubmissionUncertain",
        ["Submit accepted-then-500"] = "SubmissionUncertain",
        ["Submit accepted-then-never-answered"] = "SubmissionUncertain",
        ["Submit Q14-502-html"] = "SubmissionUncertain",
        ["Submit Q14-504-html"] = "SubmissionUncertain",
        ["Submit Q14-524-html"] = "SubmissionUncertain",
        ["Submit Q14-200-html"] = "SubmissionUncertain",
        ["Submit Q14-empty"] = "SubmissionUncertain",
        ["Submit Q14-cut"] = "SubmissionUncertain",
        ["Submit Q14-half"] = "SubmissionUncertain",
        ["Submit deep"] = "SubmissionUncertain",
        ["Submit endless"] = "SubmissionUncertain",
        ["Submit Q8-neither"] = "SubmissionUncertain",

        // Accepted, then failed.
        ["Submit Q12-failed"] = "GenerationFailed",
        ["Fetch Q12-failed"] = "GenerationFailed",
        ["Fetch Q39-failed-try-again"] = "GenerationFailed",

        // The image cannot be downloaded.
        ["Download Q26-html-for-good"] = "ImageInvalid",
        ["Download Q33-404"] = "DownloadFailed",
        ["Download Q33-410"] = "LinkExpired",
        ["Download redirect-file"] = "DownloadFailed",
        ["Download redirect-loop"] = "DownloadFailed",
        ["Download redirect-private"] = "DownloadFailed",
        ["Download redirect-link-local"] = "DownloadFailed",
    };

    /// <summary>The prefixes of faults in a response that contains the images.</summary>
    private static readonly string[] ReadyFaultPrefixes = ["Q12-ready", "Q20", "Q21", "Q22", "Q27", "Q29", "Q30", "Q37", "Q41"];

    /// <summary>The faults that one request does not meet: of a submission that follows another one, and of an inline image without base64.</summary>
    private static readonly string[] OtherFaults = ["Q40-spam", "Q45-pace", "Q35-inline-face"];

    public static IEnumerable<object[]> Cases => Fault.All.Where(fault => !OtherFaults.Contains(fault.Id)).SelectMany(fault => fault.Kinds
        .Where(kind => kind is CallKind.Submit or CallKind.Fetch or CallKind.Download)
        .Select(kind => new object[] { fault.Id, kind.ToString() }));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Fault_has_its_expected_outcome(string fault, string kind)
    {
        var rule = new FaultRule(Fault.ById(fault), FaultOn.Kind(Enum.Parse<CallKind>(kind)).Times(1)) { Wait = TimeSpan.FromSeconds(2) };
        // Only an interrupted download requests a range.
        FaultRule[] rules = fault.StartsWith("Q32", StringComparison.Ordinal)
            ? [new FaultRule(Fault.ById("Q31-cut"), FaultOn.Download.Times(1)), rule]
            : [rule];
        await using FaultFixture fixture = await FaultFixture.StartAsync(rules, Speed, ServiceSeconds(fault, kind), omitEta: kind == "Fetch");
        using IDisposable ending = fixture.EndGenerationsAfterFault(fault);

        ScriptResult result = fixture.Run("""
            param($face, $out, $samples)
            New-FaceGenImage 'the one' -FaceImage $face -Width 64 -Height 72 -TrackId 7 -Samples $samples | Save-FaceGenOutput $out -Sidecar
            """, fixture.Face, fixture.OutputFolder, fault == "Q41-fewer-images" ? 2 : 1);

        string end = result.Errors.Count == 0 ? Saved : result.Error.FullyQualifiedErrorId.Split(',')[0];
        Assert.Equal(ExpectedErrors.GetValueOrDefault($"{kind} {fault}", Saved), end);
        Assert.Equal(end == Saved ? 1 : 0, result.Output.Count);
        // A single placeholder looks like any image; repeated placeholders have a test of their own.
        Assert.Equal(fault is "Q16-black" or "Q16-near-black" or "Q37-nsfw-flag", result.Output.Any(saved => true.Equals(saved.Properties["Filtered"].Value)));
        Assert.InRange(fixture.Emulator.Journal.Accepted, 0, 1);
        Assert.Contains(fixture.Emulator.Journal.Entries, entry => entry.Fault == fault);
        Assert.All(ListImages(fixture), AssertComplete);
        Assert.Equal(end == Saved ? 1 : 0, ListImages(fixture).Count);
        fixture.AssertNoLeak(result);
    }

    [Theory]
    [InlineData("Q40-spam", "the same")]
    [InlineData("Q45-pace", "another")]
    public async Task Refusal_of_a_repetition_is_waited_for(string fault, string second)
    {
        await using FaultFixture fixture = await FaultFixture.StartAsync([new FaultRule(Fault.ById(fault), FaultOn.Submit)], Speed);

        ScriptResult result = fixture.Run("""
            param($face, $out, $prompts)
            $prompts | New-FaceGenImage -FaceImage $face -Width 64 | Save-FaceGenOutput $out
            """, fixture.Face, fixture.OutputFolder, new[] { "the same", second }).WithoutErrors();

        Assert.Equal(2, result.Output.Count);
        Assert.Equal(2, fixture.Emulator.Journal.Accepted);
        Assert.Contains(fixture.Emulator.Journal.Entries, entry => entry.Fault == fault);
    }

    [Theory]
    [InlineData("unavailable", "Submit", "did not accept a request")]
    [InlineData("Q24-500", "Fetch", "did not report the status of generation")]
    [InlineData("Q25-404", "Download", "could not be downloaded yet")]
    public async Task Verbose_names_the_retry_and_its_reason(string fault, string kind, string line)
    {
        var rule = new FaultRule(Fault.ById(fault), FaultOn.Kind(Enum.Parse<CallKind>(kind)).Times(1));
        // At a higher speed, a busy machine polls before the command subscribes to the log.
        await using FaultFixture fixture = await FaultFixture.StartAsync([rule], speed: 5);

        ScriptResult result = fixture.Run("param($face, $out) New-FaceGenImage 'p' -FaceImage $face -Width 32 | Save-FaceGenOutput $out", fixture.Face, fixture.OutputFolder).WithoutErrors();

        Assert.Contains(result.Verbose, message => message.Contains(line, StringComparison.Ordinal) && message.Contains("Retrying in", StringComparison.Ordinal));
    }

    [Fact]
    public void Expected_errors_name_existing_faults() =>
        Assert.Empty(ExpectedErrors.Keys.Except(Cases.Select(row => $"{row[1]} {row[0]}")));

    /// <summary>
    /// Returns the service time: 0 for a fault in the images, and a long one for a fault of a poll, which must come before the
    /// generation is ready.
    /// </summary>
    private static double ServiceSeconds(string fault, string kind) => (kind, ReadyFaultPrefixes.Any(start => fault.StartsWith(start, StringComparison.Ordinal))) switch
    {
        ("Submit", true) => 0,
        ("Fetch", false) => FaultFixture.LongServiceTime.TotalSeconds,
        _ => 1,
    };

    internal static IReadOnlyList<string> ListImages(FaultFixture fixture) => !Directory.Exists(fixture.OutputFolder) ? []
        : [.. Directory.GetFiles(fixture.OutputFolder, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".json", StringComparison.Ordinal))];

    internal static void AssertComplete(string file)
    {
        using SKBitmap? image = SKBitmap.Decode(file);
        Assert.True(image is { Width: > 0 }, $"{file} is not an image.");
    }
}
