using System.Net;
using System.Text;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

/// <summary>The decision on a submission as one table: HTTP status by kind of body.</summary>
public sealed class SubmissionOutcomeTests
{
    private static readonly int[] Statuses = [.. Enumerable.Range(200, 400)];

    private static readonly string[] Words =
    [
        "Something is wrong.", "Rate limit exceeded", "Too many requests. Try again in 5 seconds.", "Timed out, try again in 2 seconds", "Gateway timeout",
        "Your request is still processing, try again in 10 seconds", "Invalid API key", "Your monthly limit exceeded, upgrade subscription now",
        "Server busy, try again in 3 seconds", "The prompt is not allowed.",
    ];

    public static TheoryData<string> Ids => ["\"id\":77", "\"id\":\"77\"", "\"request_id\":\"77\"", "\"id\":\"\",\"request_id\":77", "\"id\":null,\"fetch_result\":\"https://a.example/api/v6/images/fetch/77\""];

    [Theory]
    [MemberData(nameof(Ids))]
    public void An_id_means_accepted_whatever_the_status_and_the_words(string id)
    {
        foreach (int status in Statuses)
        {
            foreach (string word in (string[])["error", "failed", "processing", "success", ""])
            {
                foreach (string message in Words)
                {
                    Outcome outcome = Judge(status, $$"""{"status":"{{word}}",{{id}},"message":"{{message}}","retry_after":1}""");

                    string? accepted = outcome switch
                    {
                        Outcome.UnderWay underWay => underWay.Answer.AcceptedId,
                        Outcome.Ended ended => ended.Answer.AcceptedId,
                        _ => null,
                    };
                    Assert.True(accepted == "77", $"HTTP {status}, {word}, {message} gives {outcome}");
                }
            }
        }
    }

    [Theory]
    [InlineData("error", "Rate limit exceeded", "UnderWay")]
    [InlineData("error", "Timed out, try again in 2 seconds", "UnderWay")]
    [InlineData("failed", "Gateway timeout", "UnderWay")]
    [InlineData("failed", "no face was found", "Failed")]
    [InlineData("error", "no face was found", "Failed")]
    public void An_accepted_request_has_failed_only_where_the_service_is_sure(string word, string message, string expected) =>
        Assert.Equal(expected, Show(Judge(200, $$"""{"status":"{{word}}","id":7,"message":"{{message}}"}""")));

    [Theory]
    [InlineData("0")]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("\"null\"")]
    [InlineData("\"undefined\"")]
    [InlineData("-1")]
    [InlineData("{}")]
    [InlineData("false")]
    public void What_stands_for_no_id_is_not_an_id(string id) =>
        Assert.Equal("RequestRefused", Show(Judge(400, $$"""{"status":"error","id":{{id}},"request_id":{{id}},"message":"no"}""")));

    [Theory]
    [InlineData("""{"status":"error","message":"track_id 4711 is used already","id":4711}""")]
    [InlineData("""{"status":"error","message":"track_id 4711 is used already","request_id":"4711"}""")]
    [InlineData("""{"status":"error","message":"track_id 4711 is used already","track_id":4711}""")]
    [InlineData("""{"status":"error","message":"track_id 4711 is used already","error":{"id":12},"data":{"id":13}}""")]
    public void An_echo_of_the_track_id_is_not_an_id(string body)
    {
        RequestEcho echo = RequestEcho.Of(FakeService.Request() with { TrackId = 4711 });

        Assert.Equal("RequestRefused", Show(Classifier.OfSubmission(Result(422, body), echo)));
    }

    [Fact]
    public void Every_redirect_after_the_body_was_sent_is_uncertain_and_ends_the_run()
    {
        foreach (int status in Enumerable.Range(300, 100))
        {
            foreach (string body in (string[])["", "<html>Moved</html>", "{}", """{"status":"error","message":"Rate limit exceeded. Try again in 5 seconds"}""", """{"status":"error","message":"Invalid API key"}"""])
            {
                var uncertain = Assert.IsType<Outcome.Uncertain>(Judge(status, body));

                Assert.Equal(ErrorCode.ServiceMoved, uncertain.Fault?.Code);
            }
        }
    }

    [Fact]
    public void A_redirect_before_the_body_was_sent_is_a_refusal() =>
        Assert.Equal("ServiceMoved", Show(Classifier.OfSubmission(Result(307, "") with { WasSent = false })));

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
    public void Words_that_leave_it_open_are_no_refusal(string message)
    {
        foreach (int status in (int[])[200, 201, 500, 502, 503, 504, 520, 524])
        {
            foreach (string wait in (string[])["", ",\"retry_after\":2"])
                Assert.Equal($"{status} Uncertain", $"{status} {Show(Judge(status, $$"""{"status":"error","message":"{{message}}"{{wait}}}"""))}");
        }

        // Their status itself is the refusal; and yet nothing is sent again by itself.
        Assert.Equal("RequestRefused", Show(Judge(400, $$"""{"status":"error","message":"{{message}}","retry_after":2}""")));
        Assert.Equal("Retry 2", Show(Judge(429, $$"""{"status":"error","message":"{{message}}","retry_after":2}""")));
    }

    [Fact]
    public void Nothing_is_sent_again_that_may_have_been_accepted()
    {
        string[] bodies =
        [
            "", "<html>", "{}", "[]", "{\"status\"", "null",
            .. from word in (string[])["success", "processing", "queued", "error", "failed", "other", ""]
               from output in (string[])["", "\"output\":[],", "\"output\":[\"https://a.example/1.png\"],"]
               from message in Words
               select $$"""{"status":"{{word}}",{{output}}"message":"{{message}}"}""",
        ];

        foreach (int status in Statuses)
        {
            foreach (string body in bodies)
            {
                ApiResult result = Result(status, body);
                Outcome outcome = Classifier.OfSubmission(result);
                bool isRefusal = result.Answer is { IsFailure: true, Output.Count: 0 };
                bool isInProgress = result.Answer is { IsUnderWay: true } or { IsDone: true } or { Output.Count: > 0 };
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

    private static Outcome Judge(int status, string body) => Classifier.OfSubmission(Result(status, body));

    private static ApiResult Result(int status, string body) => new()
    {
        StatusCode = (HttpStatusCode)status,
        Answer = ServiceAnswer.TryRead(Encoding.UTF8.GetBytes(body)),
    };

    private static string Show(Outcome outcome) => outcome switch
    {
        Outcome.Ended ended => ended.Status.ToString(),
        Outcome.Failed failed => failed.Error.Code.ToString(),
        Outcome.Retry { After: { } wait } => FormattableString.Invariant($"Retry {wait.TotalSeconds}"),
        _ => outcome.GetType().Name,
    };
}
