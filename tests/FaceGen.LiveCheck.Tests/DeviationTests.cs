using System.Net;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;

namespace FaceGen.LiveCheck.Tests;

public sealed class DeviationTests
{
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
    public async Task Refused_repetition_is_submitted_once_more_after_the_stated_wait()
    {
        await using LiveCheckFixture fixture = await LiveCheckFixture.StartAsync();
        int repetitions = 0;

        LiveCheckResult result = await RunAsync(fixture, request: body => (int?)body["seed"] == LiveRun.Seed && ++repetitions == 2
            ? Refuse(HttpStatusCode.OK, new() { ["message"] = "Duplicate request.", ["tips"] = "Try again in 30 seconds." }) : null);

        Assert.StartsWith("Q40", result.Known["repeat"], StringComparison.Ordinal);
        Assert.Contains("seed", result.Agreements);
        Assert.Equal(3, repetitions);
        Assert.Contains("repeat-1.png", result.Images);
        Assert.Equal(5, fixture.Host.Journal.Accepted);
    }

    [Theory]
    [InlineData("request_id", "id", "Q36")]
    [InlineData("uuid", "id", "Q44")]
    [InlineData("nsfw", "fields", "Q37")]
    [InlineData("fewer", "samples", "Q41")]
    [InlineData("seed", "meta", "")]
    [InlineData("future", "future_links", "other links")]
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

        Assert.Contains("Q42", result.Known["fetch"], StringComparison.Ordinal);
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
}
