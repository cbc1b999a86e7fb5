using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FaceGen.Contract;
using FaceGen.Http;
using JsonObject = System.Text.Json.Nodes.JsonObject;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests that messages about the account end a run and messages about a request do not.</summary>
public sealed class AccountMessageTests
{
    public static TheoryData<string, ErrorCode> AccountErrors => new()
    {
        { "Your monthly limit exceeded, upgrade subscription now on https://service.example/pricing", ErrorCode.OutOfCredits },
        { "Your monthly limit exceeded", ErrorCode.OutOfCredits },
        { "You have reached your daily limit", ErrorCode.OutOfCredits },
        { "Daily limit reached. Please try again tomorrow.", ErrorCode.OutOfCredits },
        { "You have reached the free time limit.", ErrorCode.OutOfCredits },
        { "Daily request limit has been reached", ErrorCode.OutOfCredits },
        { "Your subscription limit has been reached", ErrorCode.OutOfCredits },
        { "You exceeded your current quota, please check your plan and billing details.", ErrorCode.OutOfCredits },
        { "Quota exceeded", ErrorCode.OutOfCredits },
        { "quota_exceeded", ErrorCode.OutOfCredits },
        { "Billing hard limit has been reached", ErrorCode.OutOfCredits },
        { "Insufficient wallet balance", ErrorCode.OutOfCredits },
        { "Insufficient credits. Please add more credits to continue.", ErrorCode.OutOfCredits },
        { "insufficient_credits", ErrorCode.OutOfCredits },
        { "You don't have enough credits, don't you see?", ErrorCode.OutOfCredits },
        { "You do not have sufficient API credits", ErrorCode.OutOfCredits },
        { "Your wallet is empty", ErrorCode.OutOfCredits },
        { "Your balance is too low", ErrorCode.OutOfCredits },
        { "Credit balance is too low", ErrorCode.OutOfCredits },
        { "All credits have been used up", ErrorCode.OutOfCredits },
        { "Please recharge your wallet", ErrorCode.OutOfCredits },
        { "You have used all of your credits", ErrorCode.OutOfCredits },
        { "Payment required", ErrorCode.OutOfCredits },
        { "Budget has been exceeded for your account: you have exceeded your monthly budget", ErrorCode.OutOfCredits },
        { "This feature requires a premium subscription", ErrorCode.NotInPlan },
        { "Premium subscription required", ErrorCode.NotInPlan },
        { "You need an active, paid subscription to use this API. You do not have any subscription.", ErrorCode.NotInPlan },
        { "No active subscription found", ErrorCode.NotInPlan },
        { "Your subscription has expired", ErrorCode.NotInPlan },
        { "Subscription cancelled", ErrorCode.NotInPlan },
        { "Please subscribe to a plan", ErrorCode.NotInPlan },
        { "You are not subscribed to this API.", ErrorCode.NotInPlan },
        { "Upgrade to Enterprise to use this endpoint", ErrorCode.NotInPlan },
        { "Your free trial has ended", ErrorCode.NotInPlan },
        { "Your account has been suspended", ErrorCode.NotInPlan },
        { "Your account is temporarily blocked. Contact support.", ErrorCode.NotInPlan },
        { "Account banned: your account was banned for abuse", ErrorCode.NotInPlan },
        { "Your IP address is blocked", ErrorCode.NotInPlan },
        { "API key required", ErrorCode.KeyRejected },
        { "API Key is required", ErrorCode.KeyRejected },
        { "Please provide a valid API key", ErrorCode.KeyRejected },
        { "Your API key has been revoked", ErrorCode.KeyRejected },
        { "api_key not found", ErrorCode.KeyRejected },
        { "Invalid or expired API key", ErrorCode.KeyRejected },
        { "Wrong API key", ErrorCode.KeyRejected },
    };

    [Theory]
    [MemberData(nameof(AccountErrors))]
    public void Submission_message_about_account_ends_run(string message, ErrorCode code)
    {
        foreach (int status in (int[])[200, 400, 403, 422])
        {
            foreach (string field in (string[])["message", "messege", "error"])
            {
                var failed = Assert.IsType<Outcome.Failed>(OutcomeClassifier.ClassifySubmission(CreateResult(status, new JsonObject { ["status"] = "error", [field] = message })));

                Assert.Equal($"{status} {field} {code} True", $"{status} {field} {failed.Error.Code} {failed.Error.EndsRun}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(AccountErrors))]
    public void AccountRequest_message_about_account_ends_run(string message, ErrorCode code)
    {
        var failed = Assert.IsType<Outcome.Failed>(OutcomeClassifier.ClassifyAccountRequest(CreateResult(200, new JsonObject { ["status"] = "error", ["request_id"] = "trace", ["message"] = message })));

        Assert.Equal(code, failed.Error.Code);
    }

    [Fact]
    public void Submission_validation_error_about_key_ends_run() => Assert.Equal(ErrorCode.KeyRejected, Assert.IsType<Outcome.Failed>(
        OutcomeClassifier.ClassifySubmission(CreateResult(400, (JsonObject)JsonNode.Parse("""{"status":"error","message":{"key":["The key field is required."]}}""")!))).Error.Code);

    [Fact]
    public void Submission_exhausted_allowance_with_429_ends_run() => Assert.Equal(ErrorCode.OutOfCredits, Assert.IsType<Outcome.Failed>(
        OutcomeClassifier.ClassifySubmission(CreateResult(429, new JsonObject { ["status"] = "error", ["message"] = "You exceeded your monthly quota." }))).Error.Code);

    [Fact]
    public void Submission_allowance_restored_soon_is_retried() => Assert.Equal(TimeSpan.FromSeconds(30), Assert.IsType<Outcome.Retry>(
        OutcomeClassifier.ClassifySubmission(CreateResult(429, new JsonObject { ["status"] = "error", ["message"] = "Daily limit reached", ["retry_after"] = 30 }))).Delay);

    [Fact]
    public void Submission_account_message_without_refusal_is_uncertain_and_ends_run()
    {
        var uncertain = Assert.IsType<Outcome.Uncertain>(OutcomeClassifier.ClassifySubmission(CreateResult(200, new JsonObject { ["message"] = "API key required" })));

        Assert.Equal(ErrorCode.KeyRejected, uncertain.FatalError?.Code);
    }

    [Theory]
    [InlineData("The prompt is not allowed.")]
    [InlineData("Invalid width: the limit is 512")]
    [InlineData("The image limit of 5 MB is exceeded")]
    [InlineData("Missing key 'prompt'")]
    [InlineData("The face image could not be downloaded: access denied")]
    [InlineData("samples must be at most 2 on your request")]
    [InlineData("No face was found in the image")]
    [InlineData("Failed, Try Again")]
    [InlineData("Prompt blocked by the safety filter")]
    public void Submission_message_about_request_fails_one_row(string message)
    {
        var failed = Assert.IsType<Outcome.Failed>(OutcomeClassifier.ClassifySubmission(CreateResult(200, new JsonObject { ["status"] = "error", ["message"] = message })));

        Assert.Equal((ErrorCode.RequestRefused, false), (failed.Error.Code, failed.Error.EndsRun));
    }

    [Theory]
    [InlineData("tips", 200)]
    [InlineData("tip", 200)]
    [InlineData("tip_1", 400)]
    public void Submission_wait_in_tip_is_retried(string field, int status) => Assert.Equal(TimeSpan.FromSeconds(30), Assert.IsType<Outcome.Retry>(
        OutcomeClassifier.ClassifySubmission(CreateResult(status, new JsonObject { ["status"] = "error", ["message"] = "Spam detected", [field] = "Please wait for 30 seconds before you send the same request." }))).Delay);

    [Fact]
    public void Submission_advertisement_in_tip_is_ignored() => Assert.Equal(ErrorCode.RequestRefused, Assert.IsType<Outcome.Failed>(
        OutcomeClassifier.ClassifySubmission(CreateResult(200, new JsonObject { ["status"] = "error", ["message"] = "Bad prompt", ["tip"] = "Upgrade your plan and get images in 5 seconds!" }))).Error.Code);

    private static ApiResult CreateResult(int status, JsonObject body) => new()
    {
        StatusCode = (HttpStatusCode)status,
        Response = ServiceResponse.TryParse(Encoding.UTF8.GetBytes(body.ToJsonString())),
    };
}
