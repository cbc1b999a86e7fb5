using System.Net;
using System.Text;
using FaceGen.Contract;
using FaceGen.Http;
using FsCheck.Xunit;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests that every response has an outcome, and that a damaged response is never a refusal.</summary>
public sealed class RandomResponseTests
{
    private static readonly int[] Statuses = [0, 200, 201, 204, 301, 307, 400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 524];

    private static readonly string[] Names =
    [
        "status", "id", "message", "messege", "error", "output", "proxy_links", "links", "future_links", "meta", "eta", "seed",
        "fetch_result", "retry_after", "generationTime", "track_id", "code", "data", "",
    ];

    private static readonly string[] Scalars =
    [
        "null", "true", "false", "0", "-1", "1e999", "1.5", "123456789012345678901234567890", "\"\"", "\"success\"", "\"processing\"",
        "\"error\"", "\"failed\"", "\"https://a.example/1.png\"", "\"data:image/png;base64,AAAA\"", "\"\\ud800\"", "\"\\u001b[31m\"", "\"https://a.example/fetch/%1B%5B2J\"",
        "\"Rate limit exceeded. Maximum 5 queued requests allowed.\"", "\"Try again in 99999999 hours\"", "\"invalid api key\"",
    ];

    private static readonly string[] Accepted =
    [
        """{"status":"success","generationTime":1.5,"id":7,"output":["https://a.example/1.png"],"meta":{"prompt":"rate limit","seed":1}}""",
        """{"status":"processing","id":7,"eta":3.5,"message":"out of credits soon","tip":"x","fetch_result":"https://a.example/fetch/7","output":[],"future_links":["https://a.example/1.png"]}""",
    ];

    [Property(MaxTest = 3000)]
    public void Response_any_JSON_has_outcome(byte[] shape, byte status) => Classify(CreateJson(new Queue<byte>(shape), 0), Statuses[status % Statuses.Length]);

    [Property(MaxTest = 2000)]
    public void Response_any_bytes_have_outcome(byte[] body, byte status) => Classify(body, Statuses[status % Statuses.Length]);

    [Property(MaxTest = 2000)]
    public void Response_mutated_acceptance_has_outcome(bool first, ushort at, byte value)
    {
        byte[] body = Encoding.UTF8.GetBytes(Accepted[first ? 0 : 1]);
        body[at % body.Length] = value;

        Classify(body, 200);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Response_truncated_acceptance_is_uncertain(int which)
    {
        byte[] body = Encoding.UTF8.GetBytes(Accepted[which]);

        for (int length = 0; length < body.Length; length++)
            Assert.IsType<Outcome.Uncertain>(OutcomeClassifier.ClassifySubmission(CreateResult(body.AsMemory(0, length), 200)));
    }

    private static void Classify(byte[] body, int status)
    {
        ApiResult result = CreateResult(body, status);
        Outcome submitted = OutcomeClassifier.ClassifySubmission(result);
        Outcome fetched = OutcomeClassifier.ClassifyFetch(result);

        Assert.False(fetched is Outcome.Uncertain, "A fetch is free: its outcome is never uncertain.");
        foreach (Outcome outcome in (Outcome[])[submitted, fetched])
        {
            string text = outcome switch
            {
                Outcome.Failed failed => failed.Error.Message,
                Outcome.Retry retry => retry.Reason,
                Outcome.Uncertain uncertain => uncertain.Reason,
                Outcome.Finished { Response: var response } => response.Id + response.Message,
                Outcome.Pending { Response: var response } => response.Id + response.Message,
                _ => "",
            };
            Assert.DoesNotContain(text, c => char.IsControl(c) && c is not ('\t' or '\r' or '\n'));
            if (outcome is Outcome.Finished finished) _ = new Generation { Id = "7" }.WithResponse(finished.Response, finished.Status).ToString();
            if (outcome is Outcome.Pending pending) _ = new Generation { Id = "7" }.WithResponse(pending.Response, GenerationStatus.Processing).ToString();
            if (outcome is Outcome.Retry { Delay: { } wait }) Assert.True(wait >= TimeSpan.Zero);
        }

        // Only a request that was certainly not accepted can be sent again.
        bool mayHaveBeenAccepted = status is 0 or 500 or 502 or 504 or 524 || (status is >= 200 and < 300 && result.Response is null);
        if (mayHaveBeenAccepted) Assert.False(submitted is Outcome.Retry or Outcome.Failed, $"{status} {Encoding.UTF8.GetString(body)} gives {submitted}");
    }

    private static ApiResult CreateResult(ReadOnlyMemory<byte> body, int status) => status == 0
        ? new ApiResult { Failure = "The connection broke." }
        : new ApiResult { StatusCode = (HttpStatusCode)status, Response = ServiceResponse.TryParse(body) };

    /// <summary>Creates JSON with the names of real responses and a random structure.</summary>
    private static byte[] CreateJson(Queue<byte> shape, int depth)
    {
        return Encoding.UTF8.GetBytes(Value(depth));

        string Value(int level)
        {
            int choice = Next();
            if (level > 4) return Scalars[choice % Scalars.Length];
            return (level == 0 ? 0 : choice % 4) switch
            {
                0 => $"{{{string.Join(",", Enumerable.Range(0, Next() % 7).Select(_ => $"\"{Names[Next() % Names.Length]}\":{Value(level + 1)}"))}}}",
                1 => $"[{string.Join(",", Enumerable.Range(0, Next() % 4).Select(_ => Value(level + 1)))}]",
                _ => Scalars[Next() % Scalars.Length],
            };
        }

        int Next() => shape.TryDequeue(out byte next) ? next : 0;
    }
}
