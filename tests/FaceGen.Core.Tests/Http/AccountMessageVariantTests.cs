using System.Net;
using System.Text;
using FaceGen.Contract;
using FaceGen.Http;
using JsonObject = System.Text.Json.Nodes.JsonObject;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests other wordings of account errors, and similar texts that are not account errors.</summary>
public sealed class AccountMessageVariantTests
{
    [Theory]
    [InlineData("Your credits have run out", ErrorCode.OutOfCredits)]
    [InlineData("You've run out of tokens.", ErrorCode.OutOfCredits)]
    [InlineData("You have 0 credits left", ErrorCode.OutOfCredits)]
    [InlineData("You have no API credits remaining", ErrorCode.OutOfCredits)]
    [InlineData("No remaining credits", ErrorCode.OutOfCredits)]
    [InlineData("No free generations left", ErrorCode.OutOfCredits)]
    [InlineData("Insufficient tokens", ErrorCode.OutOfCredits)]
    [InlineData("Your balance is not sufficient", ErrorCode.OutOfCredits)]
    [InlineData("Low balance", ErrorCode.OutOfCredits)]
    [InlineData("Please top up.", ErrorCode.OutOfCredits)]
    [InlineData("Your card was declined", ErrorCode.OutOfCredits)]
    [InlineData("Payment failed", ErrorCode.OutOfCredits)]
    [InlineData("Your payment is past due", ErrorCode.OutOfCredits)]
    [InlineData("Monthly allowance has been fully used", ErrorCode.OutOfCredits)]
    [InlineData("You have crossed your monthly limit", ErrorCode.OutOfCredits)]
    [InlineData("Your limit for this month has been exceeded", ErrorCode.OutOfCredits)]
    [InlineData("You have exceeded the limit of your plan", ErrorCode.OutOfCredits)]
    [InlineData("You have exceeded the maximum number of requests for your plan", ErrorCode.OutOfCredits)]
    [InlineData("Account suspended", ErrorCode.NotInPlan)]
    [InlineData("User account disabled.", ErrorCode.NotInPlan)]
    [InlineData("Your account has been frozen", ErrorCode.NotInPlan)]
    [InlineData("Your account is under review", ErrorCode.NotInPlan)]
    [InlineData("Your account is not verified", ErrorCode.NotInPlan)]
    [InlineData("Your account is past due", ErrorCode.NotInPlan)]
    [InlineData("Your subscription has lapsed", ErrorCode.NotInPlan)]
    [InlineData("Your current plan does not include this endpoint", ErrorCode.NotInPlan)]
    [InlineData("Your plan doesn't support face_gen", ErrorCode.NotInPlan)]
    [InlineData("This endpoint is only available for premium users", ErrorCode.NotInPlan)]
    [InlineData("This API is not available for free users", ErrorCode.NotInPlan)]
    [InlineData("You are not authorized to use this API", ErrorCode.NotInPlan)]
    [InlineData("The API key you provided is incorrect", ErrorCode.KeyRejected)]
    [InlineData("Invalid API token", ErrorCode.KeyRejected)]
    [InlineData("API key expired", ErrorCode.KeyRejected)]
    public void Submission_message_about_account_ends_run(string message, ErrorCode code)
    {
        var failed = Assert.IsType<Outcome.Failed>(ClassifySubmission(200, message));

        Assert.Equal((code, true), (failed.Error.Code, failed.Error.EndsRun));
    }

    [Theory]
    [InlineData("You have exceeded your rate limit")]
    [InlineData("You have exceeded your API rate limit. Please slow down.")]
    [InlineData("You have reached your limit of 5 concurrent requests")]
    [InlineData("You have reached your queue limit")]
    [InlineData("You have exceeded your request limit")]
    [InlineData("Too many requests: you have used your requests per minute")]
    [InlineData("Quota exceeded: 60 requests per minute")]
    [InlineData("Your account limit reached: 5 requests are being processed in parallel")]
    [InlineData("You have exceeded the rate limit for your plan")]
    public void Submission_rate_limit_is_retried(string message) => Assert.IsType<Outcome.Retry>(ClassifySubmission(429, message));

    [Theory]
    [InlineData("You have exceeded your rate limit")]
    [InlineData("You have reached your limit of 5 concurrent requests")]
    [InlineData("You have reached your queue limit")]
    [InlineData("You have exceeded the rate limit for your plan")]
    public void Submission_rate_limit_with_status_200_is_retried(string message) => Assert.IsType<Outcome.Retry>(ClassifySubmission(200, message));

    [Theory]
    [InlineData("Your prompt violates our content policy. Upgrade to enterprise to disable the safety checker.")]
    [InlineData("Your prompt violates our policy. Repeated violations will get your account suspended.")]
    [InlineData("NSFW content was found. Your account may be banned if you go on.")]
    [InlineData("Prompt flagged by moderation: users who continue risk their account being suspended")]
    [InlineData("Unauthorized access to the face image URL")]
    [InlineData("Failed to download the image: authentication required")]
    [InlineData("Could not load the face image: 401 Unauthorized")]
    [InlineData("The face image link has expired")]
    [InlineData("The image at this link is blocked or was deleted by its user")]
    [InlineData("The limit of samples is exceeded: at most 2")]
    [InlineData("You have exceeded the limit of 2 samples")]
    [InlineData("guidance_scale exceeded the maximum limit")]
    public void Submission_message_about_request_fails_one_row(string message)
    {
        var failed = Assert.IsType<Outcome.Failed>(ClassifySubmission(200, message));

        Assert.Equal((ErrorCode.RequestRefused, false), (failed.Error.Code, failed.Error.EndsRun));
    }

    [Fact]
    public void Reason_different_trace_ids_is_equal() => Assert.Equal(
        GetReason("Something broke (trace 5f3a9c12-77aa-4b0e-9a3c-0d1e2f3a4b5c)"), GetReason("Something broke (trace a1b2c3d4-e5f6-47a8-b9c0-d1e2f3a4b5c6)"));

    private static string GetReason(string message) => Assert.IsType<Outcome.Failed>(ClassifySubmission(200, message)).Reason;

    private static Outcome ClassifySubmission(int status, string message) => OutcomeClassifier.ClassifySubmission(new ApiResult
    {
        StatusCode = (HttpStatusCode)status,
        Response = ServiceResponse.TryParse(Encoding.UTF8.GetBytes(new JsonObject { ["status"] = "error", ["message"] = message }.ToJsonString())),
    });
}
