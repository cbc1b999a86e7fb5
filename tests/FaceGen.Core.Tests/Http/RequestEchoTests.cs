using System.Net;
using System.Text;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Http;
using JsonObject = System.Text.Json.Nodes.JsonObject;
using FsCheck.Xunit;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests that a request's text in the service's message neither ends nor delays a run.</summary>
public sealed class RequestEchoTests
{
    private static readonly string[] Prompts =
    [
        "out of credits", "a man with a sign: \"Out of credits!\"", "Your monthly limit exceeded, upgrade subscription", "invalid API key", "an\tinvalid\r\napi key",
        "rate limit exceeded, try again in 24 hours", "Too many requests; maximum 1 queued requests", "<b>account suspended</b> & 'banned'", "quota\\exceeded/ünïcode – “quoted”",
        "a girl who timed out, try again in 2 seconds", "INSUFFICIENT   wallet balance", "no credits left on the card of a \U0001F600 man",
    ];

    public static TheoryData<string, string> Echoes
    {
        get
        {
            var echoes = new TheoryData<string, string>();
            foreach (string prompt in Prompts)
            {
                foreach (string form in (string[])["raw", "json", "json twice", "html", "html in json", "url", "upper", "lower", "one line", "zero width", "ellipsis", "dots", "half a word"])
                    echoes.Add(prompt, form);
            }

            return echoes;
        }
    }

    [Theory]
    [MemberData(nameof(Echoes))]
    public void Refusal_echoed_text_is_not_classified(string prompt, string form)
    {
        string echoed = WriteEcho(prompt, form);
        foreach (string field in (string[])["prompt", "negative_prompt"])
        {
            Request request = field == "prompt" ? FakeService.Request(prompt) : FakeService.Request() with { NegativePrompt = prompt };
            foreach (string message in (string[])[$"Invalid {field}: {echoed}", $"The {field} {echoed} is not allowed.", $"{echoed} was refused", $"The {field} \"{echoed}\" is not allowed", echoed])
            {
                // A text that is truncated inside a sentence is recognized only by its ellipsis.
                Outcome outcome = OutcomeClassifier.ClassifySubmission(CreateResult(200, message), RequestEcho.Create(request));

                Assert.True(outcome is Outcome.Failed { Error.EndsRun: false }, $"{message} gives {outcome}");
            }
        }
    }

    [Theory]
    [InlineData("try again in 24 hours")]
    [InlineData("wait 10 hours; maximum 1 queued requests")]
    public void RateLimit_echoed_text_sets_neither_wait_nor_limit(string prompt)
    {
        var retry = Assert.IsType<Outcome.Retry>(OutcomeClassifier.ClassifySubmission(CreateResult(429, $"Rate limit exceeded for '{prompt}' ({prompt})."), RequestEcho.Create(FakeService.Request(prompt))));

        Assert.Equal((null, null), (retry.Delay, retry.QueueLimit));
    }

    [Fact]
    public void Fetch_echoed_text_is_not_classified() => Assert.False(OutcomeClassifier.ClassifyFetch(
        CreateResult(200, "Prompt out of credits was refused"), RequestEcho.Create(FakeService.Request("out of credits"))) is Outcome.Failed { Error.EndsRun: true });

    [Theory]
    [InlineData("https://hooks.example/out-of-credits", "Webhook https://hooks.example/out-of-credits does not respond")]
    [InlineData("https://hooks.example/invalid/api/key?x=1", "hooks.example/invalid/api/key is not allowed: https%3A%2F%2Fhooks.example%2Finvalid%2Fapi%2Fkey%3Fx%3D1")]
    public void Refusal_echoed_address_is_not_classified(string webhook, string message) => Assert.True(OutcomeClassifier.ClassifySubmission(
        CreateResult(200, message), RequestEcho.Create(FakeService.Request() with { Webhook = new Uri(webhook) })) is Outcome.Failed { Error.EndsRun: false });

    [Theory]
    [InlineData("a pilot", "You are out of credits")]
    [InlineData("a", "You are out of credits")]
    [InlineData("you are here", "You are out of credits")]
    [InlineData("a bank that runs out of money and gives credits", "You are out of credits")]
    [InlineData("credit card", "Insufficient wallet balance")]
    public void Remove_service_text_is_kept(string prompt, string message) => Assert.True(OutcomeClassifier.ClassifySubmission(
        CreateResult(200, message), RequestEcho.Create(FakeService.Request(prompt))) is Outcome.Failed { Error.Code: ErrorCode.OutOfCredits });

    [Property(MaxTest = 1000)]
    public void Remove_any_text_from_any_message_succeeds(string? prompt, string? before, string? after)
    {
        string text = prompt ?? "";
        string kept = RequestEcho.Create(FakeService.Request(text)).Remove($"{before} {text} {after}");

        Assert.NotNull(kept);
    }

    private static string WriteEcho(string prompt, string form) => form switch
    {
        "json" => JsonSerializer.Serialize(prompt).Trim('"'),
        "json twice" => JsonSerializer.Serialize(JsonSerializer.Serialize(prompt)).Trim('"'),
        "html" => WebUtility.HtmlEncode(prompt),
        "html in json" => JsonSerializer.Serialize(WebUtility.HtmlEncode(prompt)).Trim('"'),
        "url" => Uri.EscapeDataString(prompt),
        "upper" => prompt.ToUpperInvariant(),
        "lower" => prompt.ToLowerInvariant(),
        "one line" => string.Join(" ", prompt.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
        "zero width" => string.Join("\u200B", prompt.Select(c => c)),
        "ellipsis" => prompt[..(prompt.Length - 2)] + "…",
        "dots" => prompt[..(prompt.LastIndexOf(' ') is > 0 and var space ? space : prompt.Length)] + "...",
        "half a word" => prompt[..(prompt.Length - 1)] + " …",
        _ => prompt,
    };

    private static ApiResult CreateResult(int status, string message) => new()
    {
        StatusCode = (HttpStatusCode)status,
        Response = ServiceResponse.TryParse(Encoding.UTF8.GetBytes(new JsonObject { ["status"] = "error", ["message"] = message }.ToJsonString())),
    };
}
