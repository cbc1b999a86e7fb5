using System.Net;
using System.Text;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

/// <summary>
/// Tests the outcomes of the documented unusual responses (Q1, Q2, …): submissions, then fetches. Single fields are tested in
/// <c>ServiceResponseTests</c>, downloads in the tests of <c>Saving</c>.
/// </summary>
public sealed class UnusualResponseTests
{
    [Theory]
    [InlineData("Q1", 200, """{"status":"error","message":"Something is wrong."}""", "RequestRefused")]
    [InlineData("Q2", 400, """{"status":"error","message":{"face_image":["The face image field is required."]}}""", "RequestRefused")]
    [InlineData("Q3", 200, """{"status":"error","code":17,"message":"no"}""", "RequestRefused")]
    [InlineData("Q4", 200, """{"status":"error","messege":"no"}""", "RequestRefused")]
    [InlineData("Q4", 200, """{"status":"error","error":{"message":"no"}}""", "RequestRefused")]
    [InlineData("Q5", 200, """{"status":"error","message":"Rate limit exceeded."}""", "Retry")]
    [InlineData("Q6", 200, """{"status":"error","message":"Rate limit exceeded. Try again in 45 seconds."}""", "Retry 45")]
    [InlineData("Q6", 200, """{"status":"error","message":"Too many requests, try again in 30 minutes"}""", "Retry 1800")]
    [InlineData("Q7", 200, """{"status":"processing","id":7,"output":""}""", "Pending")]
    [InlineData("Q8", 200, """{"status":"processing","fetch_result":"https://a.example/fetch/7"}""", "Pending")]
    [InlineData("Q8", 200, """{"status":"processing","future_links":["https://a.example/1.png"]}""", "Success")]
    [InlineData("Q8", 200, """{"status":"processing"}""", "Uncertain")]
    [InlineData("Q9", 200, """{"status":"processing","id":7,"fetch_result":"https://other.example/v3/fetch/7"}""", "Pending")]
    [InlineData("Q10", 200, """{"status":"processing","id":7,"eta":"2.5"}""", "Pending")]
    [InlineData("Q11", 200, """{"status":"processing","id":"7","track_id":"8"}""", "Pending")]
    [InlineData("Q12", 200, """{"status":"failed","id":7}""", "Failed")]
    [InlineData("Q12", 200, """{"status":"queued","id":7}""", "Pending")]
    [InlineData("Q12", 200, """{"status":"ready","id":7,"output":["https://a.example/1.png"]}""", "Success")]
    [InlineData("Q13", 200, """{"status":"error","message":"You are out of credits."}""", "OutOfCredits")]
    [InlineData("Q14", 502, "<html>", "Uncertain")]
    [InlineData("Q14", 200, """{"status":"success","id":7,"outp""", "Uncertain")]
    [InlineData("Q15", 200, """{"status":"success","id":7,"output":["https://a.example/1.png"],"meta":{"width":"512","base64":"yes"}}""", "Success")]
    [InlineData("Q18", 200, """{"status":"processing","id":7,"message":"Request processing"}""", "Pending")]
    [InlineData("Q19", 200, """{"status":"processing","id":7,"output":null,"meta":null,"x":{"y":[1]}}""", "Pending")]
    [InlineData("Q38", 200, """{"status":"error","tips":"Rate limit exceeded. Try again in 45 seconds."}""", "Retry 45")]
    [InlineData("Q38", 400, """{"status":"error","message":null,"tip_1":"Invalid API key"}""", "KeyRejected")]
    [InlineData("Q38", 200, """{"status":"error","message":"null","tip":"Insufficient wallet balance"}""", "OutOfCredits")]
    [InlineData("Q38", 200, """{"status":"error","message":{"width":["too large"]},"tip":"Upgrade your plan"}""", "RequestRefused")]
    [InlineData("Q39", 200, """{"status":"failed","id":"","message":"Failed, Try Again","output":""}""", "GenerationFailed")]
    [InlineData("Q40", 200, """{"status":"error","message":"Spam detected","tips":"Please wait for 30 seconds before you send the same request."}""", "Repeat 30")]
    [InlineData("Q40", 400, """{"status":"error","message":"The same request is not accepted within 30 seconds."}""", "Repeat 30")]
    [InlineData("Q40", 429, """{"status":"error","message":"Duplicate request","retry_after":20}""", "Repeat 20")]
    [InlineData("Q40", 200, """{"status":"error","message":"The prompt looks like spam."}""", "RequestRefused")]
    [InlineData("Q43", 200, """{"status":"error","message":"Your monthly limit exceeded, upgrade subscription to continue"}""", "OutOfCredits")]
    [InlineData("Q43", 200, """{"status":"error","message":"Insufficient wallet balance"}""", "OutOfCredits")]
    [InlineData("Q43", 200, """{"status":"error","message":"This feature requires a premium subscription"}""", "NotInPlan")]
    [InlineData("Q43", 200, """{"status":"error","message":"API key required"}""", "KeyRejected")]
    [InlineData("Q44", 200, """{"status":"processing","id":"3f2b8c1e-90aa-4f6e-8a51-7d2f0e6b9c11"}""", "Pending")]
    [InlineData("Q45", 429, "", "Bare")]
    [InlineData("Q45", 429, """{"status":"error","message":"Too many requests"}""", "Bare")]
    [InlineData("Q45", 429, """{"status":"error","message":"The queue is full"}""", "Retry")]
    [InlineData("Q46", 429, """{"status":"error","message":"Rate limit","id":7}""", "Pending")]
    public void Submission_unusual_response_has_outcome(string row, int status, string body, string outcome) =>
        Assert.Equal($"{row} {outcome}", $"{row} {Name(OutcomeClassifier.ClassifySubmission(CreateResult(status, body)), isSubmission: true)}");

    [Theory]
    [InlineData("Q20", 200, """{"status":"success","id":7,"output":[]}""", "Pending")]
    [InlineData("Q20", 200, """{"status":"success","id":7,"output":null}""", "Pending")]
    [InlineData("Q21", 200, """{"status":"success","id":7,"output":"https://a.example/1.png"}""", "Success")]
    [InlineData("Q21", 200, """{"status":"success","id":7,"output":{"0":"https://a.example/1.png"}}""", "Success")]
    [InlineData("Q22", 200, """{"status":"success","id":7,"output":[],"proxy_links":["https://a.example/1.png"]}""", "Success")]
    [InlineData("Q23", 200, """{"status":"error","message":"Request not found"}""", "GenerationNotFound")]
    [InlineData("Q23", 404, """{"status":"error","message":"Request not found"}""", "GenerationNotFound")]
    [InlineData("Q24", 429, "", "Retry")]
    [InlineData("Q24", 500, "<html>", "Retry")]
    [InlineData("Q12", 200, """{"status":"error","id":7,"message":"no face was found"}""", "Failed")]
    public void Fetch_unusual_response_has_outcome(string row, int status, string body, string outcome) =>
        Assert.Equal($"{row} {outcome}", $"{row} {Name(OutcomeClassifier.ClassifyFetch(CreateResult(status, body)))}");

    private static ApiResult CreateResult(int status, string body) =>
        new() { StatusCode = (HttpStatusCode)status, Response = ServiceResponse.TryParse(Encoding.UTF8.GetBytes(body)) };

    private static string Name(Outcome outcome, bool isSubmission = false) => outcome switch
    {
        Outcome.Finished finished => finished.Status.ToString(),
        Outcome.Failed failed => failed.Error.Code.ToString(),
        Outcome.Retry { IsRepeat: true, Delay: { } wait } => $"Repeat {wait.TotalSeconds:0}",
        Outcome.Retry { IsBareRateLimit: true } when isSubmission => "Bare",
        Outcome.Retry { Delay: { } wait } => $"Retry {wait.TotalSeconds:0}",
        _ => outcome.GetType().Name,
    };
}
