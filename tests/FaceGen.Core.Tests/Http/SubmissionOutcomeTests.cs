using System.Net;
using System.Text;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests the outcome of a submission for each HTTP status and kind of body.</summary>
public sealed class SubmissionOutcomeTests
{
    private static readonly int[] Statuses = [.. Enumerable.Range(200, 400)];

    private static readonly string[] Messages =
    [
        "Something is wrong.", "Rate limit exceeded", "Too many requests. Try again in 5 seconds.", "Timed out, try again in 2 seconds", "Gateway timeout",
        "Your request is still processing, try again in 10 seconds", "Invalid API key", "Your monthly limit exceeded, upgrade subscription now",
        "Server busy, try again in 3 seconds", "The prompt is not allowed.",
    ];

    public static TheoryData<string> Ids => ["\"id\":77", "\"id\":\"77\"", "\"request_id\":\"77\"", "\"id\":\"\",\"request_id\":77", "\"id\":null,\"fetch_result\":\"https://a.example/api/v6/images/fetch/77\""];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Submission_with_id_is_accepted(string id)
    {
        foreach (int status in Statuses)
        {
            foreach (string word in (string[])["error", "failed", "processing", "success", ""])
            {
                foreach (string message in Messages)
                {
                    Outcome outcome = Classify(status, $$"""{"status":"{{word}}",{{id}},"message":"{{message}}","retry_after":1}""");

                    string? accepted = outcome switch
                    {
                        Outcome.Pending pending => pending.Response.AcceptedId,
                        Outcome.Finished finished => finished.Response.AcceptedId,
                        _ => null,
                    };
                    // Without "id", the id of an error about the account can be the number of the call.
                    if (outcome is Outcome.Failed { Error.EndsRun: true } && id.Contains("request_id", StringComparison.Ordinal) && word is not ("processing" or "success")) continue;

                    Assert.True(accepted == "77", $"HTTP {status}, {word}, {message} gives {outcome}");
                }
            }
        }
    }

    [Theory]
    [InlineData("error", "Rate limit exceeded", "Pending")]
    [InlineData("error", "Timed out, try again in 2 seconds", "Pending")]
    [InlineData("failed", "Gateway timeout", "Pending")]
    [InlineData("failed", "no face was found", "Failed")]
    [InlineData("error", "no face was found", "Failed")]
    public void Submission_accepted_fails_only_with_clear_message(string word, string message, string expected) =>
        Assert.Equal(expected, Format(Classify(200, $$"""{"status":"{{word}}","id":7,"message":"{{message}}"}""")));

    [Theory]
    [InlineData("0")]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("\"null\"")]
    [InlineData("\"undefined\"")]
    [InlineData("-1")]
    [InlineData("{}")]
    [InlineData("false")]
    public void Id_empty_value_is_ignored(string id) =>
        Assert.Equal("RequestRefused", Format(Classify(400, $$"""{"status":"error","id":{{id}},"request_id":{{id}},"message":"no"}""")));

    [Theory]
    [InlineData("""{"status":"error","message":"track_id 4711 is used already","id":4711}""")]
    [InlineData("""{"status":"error","message":"track_id 4711 is used already","request_id":"4711"}""")]
    [InlineData("""{"status":"error","message":"track_id 4711 is used already","track_id":4711}""")]
    [InlineData("""{"status":"error","message":"track_id 4711 is used already","error":{"id":12},"data":{"id":13}}""")]
    public void Id_equal_to_track_id_is_ignored(string body)
    {
        RequestEcho echo = RequestEcho.Create(FakeService.Request() with { TrackId = "4711" });

        Assert.Equal("RequestRefused", Format(OutcomeClassifier.ClassifySubmission(CreateResult(422, body), echo)));
    }

    [Fact]
    public void Redirect_after_sending_is_uncertain_and_ends_run()
    {
        foreach (int status in Enumerable.Range(300, 100))
        {
            foreach (string body in (string[])["", "<html>Moved</html>", "{}", """{"status":"error","message":"Rate limit exceeded. Try again in 5 seconds"}""", """{"status":"error","message":"Invalid API key"}"""])
            {
                var uncertain = Assert.IsType<Outcome.Uncertain>(Classify(status, body));

                Assert.Equal(ErrorCode.ServiceMoved, uncertain.FatalError?.Code);
            }
        }
    }

    [Fact]
    public void Redirect_before_sending_fails() =>
        Assert.Equal("ServiceMoved", Format(OutcomeClassifier.ClassifySubmission(CreateResult(307, "") with { IsSent = false })));

    [Theory]
    [InlineData("Timed out, try again in 2 seconds")]
    [InlineData("Request timeout. Please retry after 10 sec")]
    [InlineData("The request timed-out")]
    [InlineData("Gateway Timeout")]
    [InlineData("504 Gateway Time-out")]
    [InlineData("Still processing, try again in 5 seconds")]
    [InlineData("Your image is being processed, come back in 30 seconds")]
    [InlineData("Generation took too long, try again in 1 minute")]
    [InlineData("It is taking longer than usual, wait 20 seconds")]
    [InlineData("Connection lost, try again in 2 seconds")]
    [InlineData("Internal server error, retry in 2 seconds")]
    [InlineData("deadline_exceeded, try again in 2 seconds")]
    public void Submission_ambiguous_message_is_uncertain(string message)
    {
        foreach (int status in (int[])[200, 201, 500, 502, 503, 504, 520, 524])
        {
            foreach (string wait in (string[])["", ",\"retry_after\":2"])
                Assert.Equal($"{status} Uncertain", $"{status} {Format(Classify(status, $$"""{"status":"error","message":"{{message}}"{{wait}}}"""))}");
        }

        // The status is a refusal, but the request is not sent again automatically.
        Assert.Equal("RequestRefused", Format(Classify(400, $$"""{"status":"error","message":"{{message}}","retry_after":2}""")));
        Assert.Equal("Retry 2", Format(Classify(429, $$"""{"status":"error","message":"{{message}}","retry_after":2}""")));
    }

    [Fact]
    public void Submission_possibly_accepted_is_not_retried()
    {
        string[] bodies =
        [
            "", "<html>", "{}", "[]", "{\"status\"", "null",
            .. from word in (string[])["success", "processing", "queued", "error", "failed", "other", ""]
               from output in (string[])["", "\"output\":[],", "\"output\":[\"https://a.example/1.png\"],"]
               from message in Messages
               select $$"""{"status":"{{word}}",{{output}}"message":"{{message}}"}""",
        ];

        foreach (int status in Statuses)
        {
            foreach (string body in bodies)
            {
                ApiResult result = CreateResult(status, body);
                Outcome outcome = OutcomeClassifier.ClassifySubmission(result);
                bool isRefusal = result.Response is { IsFailure: true, Output.Count: 0 };
                bool isInProgress = result.Response is { IsPending: true } or { IsSuccess: true } or { Output.Count: > 0 };
                string which = $"HTTP {status} {body} gives {outcome}";
                if (isInProgress) Assert.False(outcome is Outcome.Retry || (outcome is Outcome.Failed && status is < 400 or >= 500), which);
                if (status is >= 300 and < 400) Assert.IsType<Outcome.Uncertain>(outcome);
                if (status >= 500) Assert.False(outcome is Outcome.Failed, which);
                if (outcome is not Outcome.Retry) continue;

                Assert.True(status == 429 || (isRefusal && (status is >= 200 and < 300 or >= 400 and < 500 or 503)), which);
                if (status != 429) Assert.DoesNotContain("imed out", body, StringComparison.Ordinal);
            }
        }
    }

    private static Outcome Classify(int status, string body) => OutcomeClassifier.ClassifySubmission(CreateResult(status, body));

    private static ApiResult CreateResult(int status, string body) => new()
    {
        StatusCode = (HttpStatusCode)status,
        Response = ServiceResponse.TryParse(Encoding.UTF8.GetBytes(body)),
    };

    private static string Format(Outcome outcome) => outcome switch
    {
        Outcome.Finished finished => finished.Status.ToString(),
        Outcome.Failed failed => failed.Error.Code.ToString(),
        Outcome.Retry { Delay: { } wait } => FormattableString.Invariant($"Retry {wait.TotalSeconds}"),
        _ => outcome.GetType().Name,
    };
}
