using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;

namespace FaceGen.LiveCheck.Tests;

public sealed partial class DeviationTests
{
    private const string Arguments = "--yes --max-images 5";

    /// <summary>The faults that no run meets: it never sends two requests within two seconds.</summary>
    private static readonly string[] NeverMet = ["Q45-pace"];

    /// <summary>Gets each fault of the emulator with each kind of call that the check sends.</summary>
    public static TheoryData<string, Emulator.Faults.CallKind> Faults =>
        [.. Fault.All.Where(fault => !NeverMet.Contains(fault.Id)).SelectMany(fault => fault.Kinds.Where(kind => kind != Emulator.Faults.CallKind.Webhook).Select(kind => (fault.Id, kind)))];

    /// <summary>What is found without a fault, if submissions are answered at once or queued.</summary>
    private static readonly Lazy<Task<string[]>> WithoutFault = new(() => FindDeviationsAsync(ServiceTime.None)), WithoutFaultQueued = new(() => FindDeviationsAsync(LiveCheckFixture.QueueTime));

        [Theory]
    [MemberData(nameof(Faults))]
    public async Task Fault_of_the_emulator_is_found(string id, Emulator.Faults.CallKind kind)
    {
        FaultTrigger trigger = FaultOn.Kind(kind).First(1);
        if (kind == Emulator.Faults.CallKind.Submit) trigger = trigger.WithPrompt("portrait");
        // Only a finished submission can show some faults, and only a fetch of a queued one others.
        bool isSubmit = kind == Emulator.Faults.CallKind.Submit;
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync(isSubmit ? ServiceTime.None : LiveCheckFixture.QueueTime, new FaultRule(Fault.ById(id), trigger));

        bool isHanging = id.EndsWith("never-answered", StringComparison.Ordinal);
        LiveCheckResult result = await fixture.RunAsync(Arguments, environment => isHanging ? environment with { Timeout = TimeSpan.FromSeconds(3) } : environment);

        Assert.Contains(fixture.Host.Journal.Entries, entry => entry.Fault == id);
        string row = RowOfFault().Match(id).Value;
        Assert.Contains(GetDeviations(result).Except(await (isSubmit ? WithoutFault : WithoutFaultQueued).Value), deviation =>
            row.Length == 0 || deviation.StartsWith("differs", StringComparison.Ordinal) || Regex.IsMatch(deviation, $@"\b{row}\b"));
        // Whatever happens, no submission is sent twice, except for the one that repeats another on purpose.
        Assert.InRange(fixture.Host.Journal.Accepted, 0, 4);
        Assert.DoesNotContain(LiveCheckFixture.Key, result.Report + result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.OK)]
    [InlineData(HttpStatusCode.BadRequest)]
    public async Task Strict_service_refuses_an_inline_face_image_without_base64(HttpStatusCode status)
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await RunAsync(fixture, request: body =>
            ((string?)body["face_image"])?.StartsWith("data:", StringComparison.Ordinal) == true && (bool?)body["base64"] != true
                ? Refuse(status, new() { ["message"] = "base64 must be true for a base64 face_image." }) : null);

        Assert.Empty(result.Differences);
        Assert.Equal(ExitCode.KnownDeviations, result.ExitCode);
        Assert.StartsWith("Q35", Assert.Single(result.Known, row => row.Key == "inline").Value, StringComparison.Ordinal);
        Assert.Contains("inline-base64", result.Agreements);
        Assert.Equal(4, fixture.Host.Journal.Accepted);
    }

    [Fact]
    public async Task Refused_repetition_is_submitted_once_more_after_30_seconds()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();
        int repetitions = 0;

        LiveCheckResult result = await RunAsync(fixture, request: body => (int?)body["seed"] == LiveRun.Seed && ++repetitions == 2
            ? Refuse(HttpStatusCode.OK, new() { ["message"] = "Duplicate request.", ["tips"] = "Try again in 30 seconds." }) : null);

        Assert.StartsWith("Q40", result.Known["repeat"], StringComparison.Ordinal);
        Assert.Contains("seed", result.Agreements);
        Assert.Equal(3, repetitions);
        Assert.Contains("repeat-later-1.png", result.Images);
        Assert.Equal(5, fixture.Host.Journal.Accepted);
    }

    [Theory]
    [InlineData("request_id", "id", "Q36")]
    [InlineData("uuid", "id", "Q44")]
    [InlineData("nsfw", "fields", "Q37")]
    [InlineData("fewer", "samples", "Q41")]
    [InlineData("seed", "meta", "")]
    [InlineData("future", "future_links", "")]
    public async Task Edited_response_is_found(string edit, string check, string row)
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync(edit == "uuid" ? ServiceTime.None : null);

        LiveCheckResult result = await RunAsync(fixture, response: (path, body, json) =>
        {
            if (path.EndsWith("face_gen", StringComparison.Ordinal) && json["id"] is { } id)
            {
                if (edit == "request_id" && json.Remove("id")) json["request_id"] = id;
                if (edit == "uuid") json["id"] = "5f0f1a8c-0000-4000-8000-00000000abcd";
                if (edit == "nsfw") json["nsfw_content_detected"] = true;
                if (edit == "seed") json["meta"]!["seed"] = 1;
                if (edit == "future") json["future_links"]![0] = "https://example.org/other.png";
            }

            if (edit == "fewer" && json["output"] is JsonArray { Count: 2 } output) output.RemoveAt(1);
        });

        string seen = row.Length > 0 ? result.Known[check] : result.Differences[check];
        Assert.Contains(row, seen, StringComparison.Ordinal);
        Assert.True(result.ExitCode >= ExitCode.KnownDeviations);
    }

    [Fact]
    public async Task Denied_fetch_path_is_found_and_the_images_are_saved_by_fetch_result()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await RunAsync(fixture, response: (path, _, json) =>
        {
            bool isOther = path.Contains("/enterprise/", StringComparison.Ordinal);
            if (json["fetch_result"] is { } link) json["fetch_result"] = ((string)link!).Replace("/api/v6/", "/api/v1/enterprise/", StringComparison.Ordinal);
            if (!path.Contains("/fetch/", StringComparison.Ordinal) || isOther) return;
            json.Clear();
            json["status"] = "error";
            json["message"] = "Request not found";
        });

        Assert.StartsWith("Q42", result.Known["fetch"], StringComparison.Ordinal);
        Assert.StartsWith("Q9", result.Known["fetch_result"], StringComparison.Ordinal);
        Assert.Equal(6, result.Images.Count);
    }

    [Fact]
    public async Task Accepted_invalid_request_ends_the_submissions()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await RunAsync(fixture, request: body => body.ContainsKey("width") && !body.ContainsKey("prompt")
            ? EditingHandler.CreateResponse(HttpStatusCode.OK, new() { ["status"] = "processing", ["id"] = 4711 }) : null);

        Assert.Contains("invalid", result.Differences);
        Assert.Equal(ExitCode.Incomplete, result.ExitCode);
        Assert.Equal(0, fixture.Host.Journal.Accepted);
        Assert.Contains("invalid: not refused, id 4711", result.Submissions, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Value_that_the_service_tolerates_is_found()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();

        LiveCheckResult result = await RunAsync(fixture, response: (_, body, json) =>
        {
            if (body.ContainsKey("width") && !body.ContainsKey("prompt")) json["message"] = new JsonObject { ["width"] = new JsonArray("must be at most 512") };
        });

        Assert.Contains("field num_inference_steps", result.Differences);
        Assert.Contains("field width", result.Agreements);
    }

    private static async Task<string[]> FindDeviationsAsync(ServiceTime serviceTime)
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync(serviceTime);
        return GetDeviations(await fixture.RunAsync(Arguments));
    }

    private static string[] GetDeviations(LiveCheckResult result) =>
        [.. result.Differences.Select(found => $"differs {found.Key}: {found.Value}"), .. result.Known.Select(found => $"known {found.Key}: {found.Value}")];

    private static Task<LiveCheckResult> RunAsync(
        LiveCheckFixture fixture, Func<JsonObject, HttpResponseMessage?>? request = null, Action<string, JsonObject, JsonObject>? response = null) =>
        fixture.RunAsync("--yes", environment => environment with
        {
            WrapHandler = handler => new EditingHandler(handler) { OnRequest = request ?? (_ => null), OnResponse = response ?? ((_, _, _) => { }) },
        });

    private static HttpResponseMessage Refuse(HttpStatusCode status, JsonObject fields)
    {
        fields["status"] = "error";
        return EditingHandler.CreateResponse(status, fields);
    }

    [GeneratedRegex(@"^Q\d+")]
    private static partial Regex RowOfFault();
}
