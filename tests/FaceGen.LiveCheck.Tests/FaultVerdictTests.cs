using System.Text.RegularExpressions;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using Kind = FaceGen.Emulator.Faults.CallKind;

namespace FaceGen.LiveCheck.Tests;

/// <summary>Each fault of the emulator, in one run each: the verdict, and the check that finds it.</summary>
public sealed partial class FaultVerdictTests
{
    /// <summary>What each fault that hits each kind of call makes of a check: a known deviation, a difference, or nothing.</summary>
    private static readonly (Verdict Verdict, string Check, Kind Kind, string Faults)[] Expectations =
    [
        (Verdict.KnownDeviation, "repeat", Kind.Submit, "Q40-spam"),
        (Verdict.KnownDeviation, "inline", Kind.Submit, "Q35-inline-face"),
        (Verdict.KnownDeviation, "samples", Kind.Submit, "Q41-fewer-images"),
        (Verdict.KnownDeviation, "samples", Kind.Fetch, "Q41-fewer-images"),
        (Verdict.KnownDeviation, "fetch", Kind.Submit, "Q42-links-only Q42-other-path"),
        (Verdict.KnownDeviation, "fetch", Kind.Fetch, "Q23-other-key"),
        (Verdict.KnownDeviation, "fetch_result", Kind.Submit, "Q8-neither Q8-no-fetch-result Q9-other-host Q9-other-version"),
        (Verdict.KnownDeviation, "track_id", Kind.Submit, "Q11-track-id-text"),
        (Verdict.KnownDeviation, "id", Kind.Submit, "Q11-id-text Q36-request-id Q44-text Q44-uuid Q8-no-id"),
        (Verdict.KnownDeviation, "fetch-id", Kind.Fetch, "Q11-id-text"),
        (Verdict.KnownDeviation, "meta", Kind.Submit, "Q15-meta-texts Q19-nulls"),
        (Verdict.KnownDeviation, "message", Kind.Submit, "Q18-request-processing"),
        (Verdict.KnownDeviation, "queued-output", Kind.Submit, "Q19-output-null Q7-no-output Q7-output-text"),
        (Verdict.KnownDeviation, "fetch-processing", Kind.Fetch, "Q18-request-processing Q19-nulls Q19-output-null Q7-no-output"),
        (Verdict.KnownDeviation, "output", Kind.Submit,
            "Q20-empty-output Q20-no-output Q20-null-output Q21-output-object Q21-output-text Q22-future-links Q22-links Q22-proxy-links Q27-inline "
            + "Q27-inline-data-uri"),
        (Verdict.KnownDeviation, "output", Kind.Fetch,
            "Q20-empty-output Q20-no-output Q20-null-output Q21-output-object Q21-output-text Q22-future-links Q22-links Q22-proxy-links Q27-inline "
            + "Q27-inline-data-uri"),
        (Verdict.KnownDeviation, "download", Kind.Download,
            "Q25-403 Q25-404 Q25-429 Q26-html Q27-base64 Q27-base64-data-uri Q31-cut Q31-until-close-cut download-503 dropped endless-picture "
            + "never-answered png-half png-huge-header redirect redirect-https"),
        (Verdict.KnownDeviation, "range", Kind.Download, "Q32-416 Q32-range-ignored Q32-wrong-range"),
        (Verdict.KnownDeviation, "censored", Kind.Download, "Q16-black Q16-near-black Q16-same-file"),
        (Verdict.KnownDeviation, "size", Kind.Download, "Q17-other-size"),
        (Verdict.KnownDeviation, "length", Kind.Download, "Q31-chunked Q31-until-close"),
        (Verdict.KnownDeviation, "media-type", Kind.Download, "Q28-octet-stream Q28-text-plain"),
        (Verdict.KnownDeviation, "links", Kind.Submit, "Q29-no-extension Q29-query Q29-slashes"),
        (Verdict.KnownDeviation, "links", Kind.Fetch, "Q29-no-extension Q29-query Q29-slashes"),
        (Verdict.KnownDeviation, "host", Kind.Submit, "Q30-other-host"),
        (Verdict.KnownDeviation, "host", Kind.Fetch, "Q30-other-host"),
        (Verdict.KnownDeviation, "fields", Kind.Submit, "Q19-extra-fields Q37-nsfw-flag"),
        (Verdict.KnownDeviation, "fields", Kind.Fetch, "Q19-extra-fields Q37-nsfw-flag"),
        (Verdict.KnownDeviation, "eta", Kind.Submit, "Q10-eta-fraction Q10-eta-text Q10-eta-zero Q10-no-eta"),
        (Verdict.KnownDeviation, "rate-limit", Kind.Submit,
            "Q38-reason-in-tips Q38-wait-in-tip Q38-wait-in-tip-1 Q45-pace Q5-rate-limit Q6-wait-in-minutes Q6-wait-in-seconds "
            + "queue-full-header-date queue-full-header-seconds"),
        (Verdict.KnownDeviation, "status", Kind.Submit, "Q12-failed Q12-pending Q12-queued Q12-ready Q39-failed-try-again"),
        (Verdict.KnownDeviation, "status", Kind.Fetch, "Q12-failed Q12-pending Q12-queued Q12-ready Q39-failed-try-again"),
        (Verdict.KnownDeviation, "accepted", Kind.Submit,
            "Q13-out-of-credits Q14-200-html Q14-502-html Q14-504-html Q14-524-html Q14-cut Q14-empty Q14-half Q43-key-required Q43-monthly-limit "
            + "Q43-premium Q43-wallet accepted-then-500 accepted-then-dropped accepted-then-never-answered deep endless request-dropped "
            + "unavailable-html"),
        (Verdict.KnownDeviation, "http", Kind.Submit, "Q46-400-with-id Q46-429-with-id not-in-plan unavailable"),
        (Verdict.KnownDeviation, "http", Kind.Fetch, "Q24-429 Q24-500 unavailable unavailable-html"),
        (Verdict.KnownDeviation, "http", Kind.Upload, "Q14-502-html Q14-504-html Q14-524-html not-in-plan unavailable unavailable-html"),
        (Verdict.KnownDeviation, "http", Kind.Account, "Q14-502-html Q14-504-html Q14-524-html unavailable unavailable-html"),
        (Verdict.KnownDeviation, "count", Kind.Account, "count-by-get"),
        (Verdict.KnownDeviation, "upload", Kind.Upload, "deep endless"),
        (Verdict.KnownDeviation, "json", Kind.Fetch,
            "Q14-200-html Q14-502-html Q14-504-html Q14-524-html Q14-cut Q14-empty Q14-half deep dropped endless never-answered request-dropped"),
        (Verdict.KnownDeviation, "json", Kind.Upload, "Q14-200-html Q14-cut Q14-empty Q14-half dropped never-answered request-dropped"),
        (Verdict.KnownDeviation, "json", Kind.Account, "Q14-200-html Q14-cut Q14-empty Q14-half deep dropped endless never-answered request-dropped"),
        (Verdict.Agrees, "rate-limit", Kind.Submit, "queue-full-body"),
        (Verdict.Agrees, "rate-limit", Kind.Upload, "rate-limited"),
        (Verdict.Agrees, "rate-limit", Kind.Account, "rate-limited"),
        (Verdict.Differs, "download", Kind.Download, "Q26-html-for-good Q33-404 Q33-410 redirect-file redirect-link-local redirect-loop redirect-private"),
        (Verdict.Differs, "accepted", Kind.Submit, "Q1-error Q2-message-object Q3-code Q4-error Q4-error-message Q4-messege"),
        (Verdict.Differs, "accepted http", Kind.Submit, "control-sequences"),
        (Verdict.Differs, "accepted http key-echo", Kind.Submit, "key-in-refusal"),
        (Verdict.Differs, "key-echo", Kind.Submit, "key-echoed"),
        (Verdict.Differs, "key-echo", Kind.Fetch, "key-echoed key-in-500"),
        (Verdict.Differs, "key-echo", Kind.Upload, "key-in-500"),
        (Verdict.Differs, "key-echo", Kind.Account, "key-in-500"),
    ];

    /// <summary>The faults that one submission cannot meet, and the number of images that the submissions before and at the fault cost.</summary>
    private static readonly Dictionary<string, int> ImagesOfFault = new() { ["Q40-spam"] = 2, ["Q16-same-file"] = 3, ["Q35-inline-face"] = 3, ["Q41-fewer-images"] = 5 };

    public static TheoryData<string, Kind> Faults =>
        [.. Fault.All.SelectMany(fault => fault.Kinds.Where(kind => kind != Kind.Webhook).Select(kind => (fault.Id, kind)))];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Fault_of_the_emulator_has_its_expected_verdict(string id, Kind kind)
    {
        bool isSubmit = kind == Kind.Submit, isHanging = id.EndsWith("never-answered", StringComparison.Ordinal);
        FaultTrigger trigger = FaultOn.Kind(kind).First(1);
        // Not the requests that must be refused.
        if (kind is Kind.Submit or Kind.Fetch or Kind.Download) trigger = trigger.WithPrompt("portrait");
        if (isHanging) trigger = trigger.Times(1);
        // Only a finished submission can show some faults, and only a fetch of a queued one others.
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync(isSubmit ? ServiceTime.None : LiveCheckFixture.QueueTime, new FaultRule(Fault.ById(id), trigger));

        LiveCheckResult result = await fixture.RunAsync($"--yes --max-images {ImagesOfFault.GetValueOrDefault(id, 1)}", environment => environment with
        {
            Timeout = isHanging ? TimeSpan.FromSeconds(2) : environment.Timeout,
            // The run keeps the pace that the fault requires: here its time stands still between two requests.
            DelayAsync = (delay, stop) => id == "Q45-pace" && delay == LiveRun.Interval ? Task.CompletedTask : environment.DelayAsync(delay, stop),
        });

        Assert.Contains(fixture.Host.Journal.Entries, entry => entry.Fault == id);
        (Verdict Verdict, string Check) expected = Expectations.Where(row => row.Kind == kind && row.Faults.Split(' ').Contains(id)).Select(row => (row.Verdict, row.Check)).Single();
        string[] differences = [.. result.Differences.Keys.Order()];
        if (expected.Verdict == Verdict.Differs)
        {
            Assert.Equal(expected.Check.Split(' '), differences);
            Assert.True(result.ExitCode >= ExitCode.Differs);
        }
        else
        {
            Assert.Empty(differences);
            Assert.NotEqual(ExitCode.Differs, result.ExitCode);
            string seen = (expected.Verdict == Verdict.KnownDeviation ? result.Known : result.Agreements)[expected.Check];
            Assert.Contains(RowOfFault().Match(id).Value, seen, StringComparison.Ordinal);
            // The submission is sent again after the wait.
            if (expected.Check == "rate-limit" && isSubmit) Assert.Contains("accepted", result.Agreements);
        }

        // Whatever happens, no submission is sent twice that may have been accepted, except for the one that repeats another on purpose.
        Assert.InRange(fixture.Host.Journal.Accepted, 0, 4);
        Assert.DoesNotContain(LiveCheckFixture.Key, result.Report + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Expectations_name_existing_faults_once() => Assert.Equal(
        Fault.All.SelectMany(fault => fault.Kinds.Where(kind => kind != Kind.Webhook).Select(kind => $"{kind} {fault.Id}")).Order(),
        Expectations.SelectMany(row => row.Faults.Split(' ').Select(id => $"{row.Kind} {id}")).Order());

    [GeneratedRegex(@"^Q\d+")]
    private static partial Regex RowOfFault();
}
