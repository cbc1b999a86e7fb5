using System.Net;
using System.Text;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

public sealed class OutcomeClassifierTests
{
    private const string Html = "<html>Bad gateway</html>";
    private const string QueueFull = """{"status":"error","message":"Rate limit exceeded. Maximum 5 queued requests allowed.","retry_after":30}""";

    [Theory]
    // Accepted.
    [InlineData(200, """{"status":"success","id":1,"output":["https://a/1.png"]}""", "Success")]
    [InlineData(200, """{"status":"success","output":["https://a/1.png"]}""", "Success")]
    [InlineData(200, """{"status":"processing","future_links":["https://a/1.png"]}""", "Success")]
    [InlineData(201, """{"status":"ready","id":1,"output":"https://a/1.png"}""", "Success")]
    [InlineData(200, """{"status":"success","id":1,"output":[]}""", "Pending")]
    [InlineData(200, """{"status":"processing","id":1,"output":""}""", "Pending")]
    [InlineData(200, """{"status":"processing","id":1,"message":"Request processing"}""", "Pending")]
    [InlineData(200, """{"status":"queued","id":"1"}""", "Pending")]
    [InlineData(200, """{"status":"processing","fetch_result":"https://other/fetch/9"}""", "Pending")]
    [InlineData(200, """{"status":"failed","id":1,"message":"no face found"}""", "Failed")]
    [InlineData(200, """{"id":1}""", "Pending")]
    // Certainly not accepted.
    [InlineData(200, """{"status":"error","message":"The prompt is not allowed."}""", "RequestRefused")]
    [InlineData(400, """{"status":"failed","messege":"no"}""", "RequestRefused")]
    [InlineData(400, """{"status":"error","message":{"width":["too large"]}}""", "RequestRefused")]
    [InlineData(400, Html, "RequestRefused")]
    [InlineData(404, Html, "RequestRefused")]
    [InlineData(408, "", "RequestRefused")]
    [InlineData(409, "{}", "RequestRefused")]
    [InlineData(422, """{"detail":"bad"}""", "RequestRefused")]
    [InlineData(401, """{"status":"error","message":"no"}""", "KeyRejected")]
    [InlineData(401, "{}", "KeyRejected")]
    [InlineData(401, "", "ConnectionInvalid")]
    [InlineData(401, Html, "ConnectionInvalid")]
    [InlineData(402, Html, "ConnectionInvalid")]
    [InlineData(402, "{}", "OutOfCredits")]
    [InlineData(403, "{}", "NotInPlan")]
    [InlineData(403, Html, "RequestRefused")]
    [InlineData(200, """{"status":"error","message":"Invalid API Key"}""", "KeyRejected")]
    [InlineData(400, """{"status":"error","message":"Your key is invalid"}""", "KeyRejected")]
    [InlineData(200, """{"status":"error","message":"You are out of credits. Please top up."}""", "OutOfCredits")]
    [InlineData(200, """{"status":"error","messege":"Insufficient funds in your wallet"}""", "OutOfCredits")]
    [InlineData(200, """{"status":"error","message":"No credits left"}""", "OutOfCredits")]
    [InlineData(200, """{"status":"error","message":"You have no credits. Please recharge."}""", "OutOfCredits")]
    [InlineData(200, """{"status":"error","message":"You don't have enough credits"}""", "OutOfCredits")]
    [InlineData(200, """{"status":"error","message":"Unauthorized"}""", "KeyRejected")]
    [InlineData(200, """{"status":"error","message":"Invalid API key 'abcd'"}""", "KeyRejected")]
    [InlineData(200, """{"status":"error","message":"Not included in your plan"}""", "NotInPlan")]
    // Messages about the request are not about the account.
    [InlineData(200, """{"status":"error","message":"Missing key 'prompt'"}""", "RequestRefused")]
    [InlineData(200, """{"status":"error","message":"Invalid keypoints in the face image"}""", "RequestRefused")]
    [InlineData(200, """{"status":"error","message":"The prompt 'invalid api key' is not allowed"}""", "RequestRefused")]
    [InlineData(200, """{"status":"error","message":"No creditable face was found"}""", "RequestRefused")]
    // Not accepted and can be sent again: the rate limit in all forms, and the API's 503.
    [InlineData(429, QueueFull, "Retry 30")]
    [InlineData(429, Html, "Retry")]
    [InlineData(429, "", "Retry")]
    [InlineData(200, QueueFull, "Retry 30")]
    [InlineData(200, """{"status":"error","message":"Too many requests. Try again in 45 seconds"}""", "Retry 45")]
    [InlineData(400, """{"status":"error","messege":"Rate limit! Try again in 30 minutes."}""", "Retry 1800")]
    [InlineData(200, """{"status":"error","error":{"message":"Queue is full, come back in 1 hour"}}""", "Retry 3600")]
    [InlineData(200, """{"status":"error","message":"Too many requests, your wallet is fine"}""", "Retry")]
    [InlineData(429, """{"status":"error","message":"Your plan allows 5 requests: upgrade your plan. Out of credits?"}""", "Retry")]
    [InlineData(200, """{"status":"error","message":"Concurrent request limit reached"}""", "Retry")]
    [InlineData(503, """{"status":"error","message":"Server busy, retry after 2.5 sec"}""", "Retry 2.5")]
    // Not accepted, with a retry hint.
    [InlineData(200, """{"status":"error","message":"Model is loading, please try again in 20 seconds"}""", "Retry 20")]
    [InlineData(400, """{"status":"error","message":"Server overloaded","retry_after":15}""", "Retry 15")]
    [InlineData(200, """{"status":"error","message":"The link 'try again in 5 seconds' does not work"}""", "RequestRefused")]
    [InlineData(200, """{"status":"error","message":"The link expires in 20 seconds"}""", "RequestRefused")]
    [InlineData(200, """{"status":"error","message":"No credit card photos, please"}""", "RequestRefused")]
    // Failed, and possibly charged.
    [InlineData(200, """{"status":"failed","messege":"no"}""", "GenerationFailed")]
    [InlineData(200, """{"status":"failed","message":"Generation failed, try again in 30 seconds"}""", "GenerationFailed")]
    // Possibly accepted.
    [InlineData(200, Html, "Uncertain")]
    [InlineData(200, "", "Uncertain")]
    [InlineData(200, """{"status":"processing","id":1,"outp""", "Uncertain")]
    [InlineData(200, """{"status":"processing","message":"Request processing"}""", "Uncertain")]
    [InlineData(200, "{}", "Uncertain")]
    [InlineData(200, "[]", "Uncertain")]
    [InlineData(500, """{"status":"error","message":"Server error"}""", "Uncertain")]
    [InlineData(500, """{"status":"error","message":"Rate limit store is down"}""", "Uncertain")]
    [InlineData(500, """{"status":"error","message":"Insufficient wallet balance after charging"}""", "Uncertain")]
    [InlineData(301, Html, "Uncertain")]
    [InlineData(302, "", "Uncertain")]
    [InlineData(303, "", "Uncertain")]
    [InlineData(308, "{}", "Uncertain")]
    [InlineData(502, Html, "Uncertain")]
    [InlineData(503, Html, "Uncertain")]
    [InlineData(503, "", "Uncertain")]
    [InlineData(503, """{"message":"upstream connect error"}""", "Uncertain")]
    [InlineData(503, """{"status":"processing","id":1}""", "Pending")]
    [InlineData(504, Html, "Uncertain")]
    [InlineData(524, Html, "Uncertain")]
    public void Submission_response_has_outcome(int status, string body, string expected) =>
        Assert.Equal(expected, Format(OutcomeClassifier.ClassifySubmission(CreateResult(status, body))));

    [Fact]
    public void Submission_not_sent_is_retried() => Assert.Equal("Retry",
        Format(OutcomeClassifier.ClassifySubmission(new ApiResult { Failure = "Connection refused", IsSent = false })));

    [Fact]
    public void Submission_sent_without_response_is_uncertain() => Assert.Equal("Uncertain",
        Format(OutcomeClassifier.ClassifySubmission(new ApiResult { Failure = "The connection broke", IsSent = true })));

    [Theory]
    [InlineData(200, "Uncertain")]
    [InlineData(500, "Uncertain")]
    [InlineData(503, "Uncertain")]
    [InlineData(429, "Retry")]
    [InlineData(401, "KeyRejected")]
    [InlineData(400, "RequestRefused")]
    public void Submission_lost_body_is_classified_by_status(int status, string expected) => Assert.Equal(expected,
        Format(OutcomeClassifier.ClassifySubmission(new ApiResult { StatusCode = (HttpStatusCode)status, Failure = "cut", IsSent = true })));

    [Fact]
    public void Submission_retried_only_if_not_accepted()
    {
        string[] words = ["", "Rate limit exceeded", "Too many requests", "Server error", "wallet", "Invalid key"];
        string[] bodies =
        [
            "", Html, "{}", "[]", "{\"status\"",
            .. from status in (string[])["success", "processing", "error", "failed", "other", ""]
               from id in (string[])["", "\"id\":1,", "\"id\":\"0\","]
               from output in (string[])["[]", "\"\"", "[\"https://a/1.png\"]"]
               from word in words
               select $$"""{"status":"{{status}}",{{id}}"output":{{output}},"message":"{{word}}","retry_after":5}""",
        ];

        foreach (int status in Enumerable.Range(200, 400))
        {
            foreach (string body in bodies)
            {
                ApiResult result = CreateResult(status, body);
                if (OutcomeClassifier.ClassifySubmission(result) is not Outcome.Retry) continue;

                bool isRefusal = status < 500 && result.Response is { IsFailure: true, Id: null };
                Assert.True(status == 429 || isRefusal || (status == 503 && result.Response is { IsFailure: true }), $"{status} {body}");
            }
        }
    }

    [Theory]
    [InlineData("""{"status":"error","message":"Rate limit","retry_after":7}""", 90, 7.0)]
    [InlineData("""{"status":"error","message":"Rate limit","retry_after":-7}""", 90, 90.0)]
    [InlineData("""{"status":"error","message":"Rate limit","retry_after":1e300}""", 90, 90.0)]
    [InlineData("""{"status":"error","message":"Rate limit, try again in 12 seconds"}""", 90, 90.0)]
    [InlineData("""{"status":"error","message":"Rate limit, try again in 12 seconds"}""", null, 12.0)]
    [InlineData("""{"status":"error","message":"Rate limit, try again in 2 min"}""", null, 120.0)]
    [InlineData("""{"status":"error","message":"Rate limit, try again soon"}""", null, null)]
    public void RetryDelay_is_read_from_body_then_header_then_message(string body, int? header, double? expected)
    {
        ApiResult result = CreateResult(429, body) with { RetryAfter = header is { } seconds ? TimeSpan.FromSeconds(seconds) : null };

        var retry = Assert.IsType<Outcome.Retry>(OutcomeClassifier.ClassifySubmission(result));

        Assert.Equal(expected, retry.Delay?.TotalSeconds);
    }

    [Theory]
    [InlineData(200, """{"status":"success","id":1,"output":["https://a/1.png"]}""", "Success")]
    [InlineData(200, """{"status":"success","output":{"0":"https://a/1.png"}}""", "Success")]
    [InlineData(200, """{"status":"success","output":"","proxy_links":["https://a/1.png"]}""", "Success")]
    [InlineData(200, """{"status":"success","future_links":["https://a/1.png"]}""", "Success")]
    [InlineData(200, """{"output":["https://a/1.png"]}""", "Success")]
    [InlineData(200, """{"status":"success","id":1,"output":[]}""", "Pending")]
    [InlineData(200, """{"status":"processing","message":"wait","output":""}""", "Pending")]
    [InlineData(200, """{"status":"processing","future_links":["https://a/1.png"]}""", "Pending")]
    [InlineData(200, """{"status":"processing","output":["https://a/1.png"]}""", "Pending")]
    [InlineData(200, """{"status":"failed","message":"no face"}""", "Failed")]
    [InlineData(200, """{"status":"error","message":"Invalid id"}""", "GenerationNotFound")]
    [InlineData(404, Html, "GenerationNotFound")]
    [InlineData(410, "", "GenerationNotFound")]
    [InlineData(401, "{}", "KeyRejected")]
    [InlineData(402, "{}", "OutOfCredits")]
    [InlineData(401, "", "ConnectionInvalid")]
    [InlineData(402, Html, "ConnectionInvalid")]
    [InlineData(403, "", "Retry")]
    [InlineData(302, "", "ServiceMoved")]
    [InlineData(429, QueueFull, "Retry 30")]
    [InlineData(200, QueueFull, "Retry 30")]
    [InlineData(200, Html, "Retry")]
    [InlineData(200, "", "Retry")]
    [InlineData(400, "{}", "Retry")]
    [InlineData(500, """{"status":"error","message":"Server error"}""", "Retry")]
    [InlineData(500, """{"status":"error","message":"Unauthorized database user"}""", "Retry")]
    [InlineData(502, Html, "Retry")]
    [InlineData(503, """{"status":"error","message":"busy"}""", "Retry")]
    [InlineData(200, """{"status":"error","message":"Try again in 10 seconds"}""", "Retry 10")]
    public void Fetch_response_has_outcome(int status, string body, string expected) =>
        Assert.Equal(expected, Format(OutcomeClassifier.ClassifyFetch(CreateResult(status, body))));

    /// <summary>An error whose request_id is another one names the call, not the generation.</summary>
    [Theory]
    [InlineData("""{"status":"error","message":"no face","request_id":77}""", "Failed")]
    [InlineData("""{"status":"error","message":"no face","id":"","request_id":"77"}""", "Failed")]
    [InlineData("""{"status":"error","message":"no face","request_id":"trace-1"}""", "GenerationNotFound")]
    [InlineData("""{"status":"failed","message":"Request not found"}""", "GenerationNotFound")]
    [InlineData("""{"status":"failed","message":"Request not found","request_id":77}""", "GenerationNotFound")]
    [InlineData("""{"status":"error","message":"Request not found","request_id":77}""", "GenerationNotFound")]
    [InlineData("""{"status":"error","message":"Request not found","id":77}""", "GenerationNotFound")]
    [InlineData("""{"status":"failed","message":"Request with id 77 was not found","id":77}""", "GenerationNotFound")]
    [InlineData("""{"status":"error","message":"Request '77' does not exist","id":"77"}""", "GenerationNotFound")]
    [InlineData("""{"status":"error","message":"No such request","id":77}""", "GenerationNotFound")]
    [InlineData("""{"status":"error","message":"Invalid id","id":77}""", "GenerationNotFound")]
    [InlineData("""{"status":"error","message":"Unknown request_id","id":77}""", "GenerationNotFound")]
    [InlineData("""{"status":"error","message":"The id was not found","id":77}""", "GenerationNotFound")]
    [InlineData("""{"status":"failed","message":"The face was not found","id":77}""", "Failed")]
    [InlineData("""{"status":"failed","message":"The request's image 1 was not found","id":77}""", "Failed")]
    [InlineData("""{"status":"failed","message":"Invalid model id","id":77}""", "Failed")]
    [InlineData("""{"status":"failed","id":"","message":"Failed, Try Again","output":""}""", "Failed")]
    [InlineData("""{"status":"failed","message":"The face was not found"}""", "Failed")]
    public void Fetch_error_with_request_id_is_about_that_id(string body, string expected) =>
        Assert.Equal(expected, Format(OutcomeClassifier.ClassifyFetch(CreateResult(200, body), id: "77")));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Fetch_without_response_is_retried(bool wasSent) =>
        Assert.Equal("Retry", Format(OutcomeClassifier.ClassifyFetch(new ApiResult { Failure = "broke", IsSent = wasSent })));

    [Theory]
    [InlineData(ErrorCode.KeyRejected, true)]
    [InlineData(ErrorCode.OutOfCredits, true)]
    [InlineData(ErrorCode.NotInPlan, true)]
    [InlineData(ErrorCode.ServiceMoved, true)]
    [InlineData(ErrorCode.RequestRefused, false)]
    [InlineData(ErrorCode.SubmissionUncertain, false)]
    [InlineData(ErrorCode.GenerationNotFound, false)]
    public void EndsRun_only_for_errors_of_every_request(ErrorCode code, bool endsRun) =>
        Assert.Equal(endsRun, new FaceGenException(code, "x").EndsRun);

    /// <summary>A request that may have been charged is not sent again with the face image in another form.</summary>
    [Theory]
    [InlineData(200, "error", true)]
    [InlineData(400, "error", true)]
    [InlineData(400, "failed", true)]
    [InlineData(413, "failed", true)]
    [InlineData(200, "failed", false)]
    [InlineData(201, "failure", false)]
    public void Face_image_is_changed_only_after_a_certain_refusal(int status, string word, bool isChanged)
    {
        Outcome outcome = OutcomeClassifier.ClassifySubmission(
            CreateResult(status, $$"""{"status":"{{word}}","id":"","message":"Failed to download the image, Try Again","output":""}"""), canChangeFace: true);

        Assert.Equal(isChanged ? "Retry 0" : "GenerationFailed", Format(outcome));
    }

    [Fact]
    public void Failure_without_id_says_that_it_may_be_charged()
    {
        var failed = Assert.IsType<Outcome.Failed>(OutcomeClassifier.ClassifySubmission(
            CreateResult(200, """{"status":"failed","id":"","message":"Failed, Try Again","output":""}""")));

        Assert.Equal("The service could not create the image: Failed, Try Again. It named no id. You may have been charged. FaceGen did not send the request again. Check the account's generations (Get-FaceGenImage -All) before you run it again.", failed.Error.Message);
    }

    /// <summary>An error with a <c>request_id</c> can be one with the number of the call.</summary>
    [Theory]
    [InlineData(402, """{"status":"error","message":"Insufficient credits","request_id":"req-7"}""", "OutOfCredits")]
    [InlineData(401, """{"status":"error","message":"no","request_id":"req-7"}""", "KeyRejected")]
    [InlineData(401, """{"message":"Unauthorized","request_id":"req-7"}""", "KeyRejected")]
    [InlineData(403, """{"status":"error","message":"no","request_id":"req-7"}""", "NotInPlan")]
    [InlineData(200, """{"status":"error","message":"Insufficient wallet balance","request_id":"req-7"}""", "OutOfCredits")]
    [InlineData(400, """{"status":"error","message":"Invalid API key","request_id":"req-7"}""", "KeyRejected")]
    [InlineData(429, """{"status":"error","message":"Your monthly limit exceeded, upgrade subscription","request_id":"req-7"}""", "OutOfCredits")]
    // An id, a status that is not a refusal, or a message that is not about the account.
    [InlineData(402, """{"status":"error","message":"Insufficient credits","id":"req-7"}""", "Pending")]
    [InlineData(402, """{"status":"processing","message":"Insufficient credits","request_id":"req-7"}""", "Pending")]
    [InlineData(402, """{"status":"failed","message":"Insufficient credits","request_id":"req-7","output":["https://a/1.png"]}""", "Pending")]
    [InlineData(500, """{"status":"error","message":"Insufficient credits","request_id":"req-7"}""", "Pending")]
    [InlineData(200, """{"status":"failed","message":"Insufficient credits","request_id":"req-7"}""", "Failed")]
    [InlineData(200, """{"status":"error","message":"Insufficient credits, still processing","request_id":"req-7"}""", "Pending")]
    [InlineData(429, """{"status":"error","message":"Rate limit exceeded","request_id":"req-7"}""", "Pending")]
    [InlineData(400, """{"status":"error","message":"The prompt is not allowed","request_id":"req-7"}""", "Pending")]
    public void Account_error_with_request_id_ends_the_run(int status, string body, string expected) =>
        Assert.Equal(expected, Format(OutcomeClassifier.ClassifySubmission(CreateResult(status, body))));

    [Fact]
    public void Refusal_message_contains_service_message()
    {
        var failed = Assert.IsType<Outcome.Failed>(OutcomeClassifier.ClassifySubmission(
            CreateResult(400, """{"status":"error","message":{"width":["The width is too large."]}}""")));

        Assert.Equal("The service refused the request: HTTP 400: width: The width is too large. It was not accepted and costs nothing. Correct the request.", failed.Error.Message);
    }

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
