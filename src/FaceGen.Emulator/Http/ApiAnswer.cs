using System.Text.Json.Nodes;
using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>An answer of the API: an HTTP status and a JSON object.</summary>
internal sealed record ApiAnswer(int StatusCode, JsonObject Body) : IReply
{
    public bool IsGood => StatusCode == StatusCodes.Status200OK && (string?)Body["status"] != "error";

    /// <summary>An answer with <c>status:"success"</c> before the given fields.</summary>
    internal static ApiAnswer Success(JsonObject fields) => WithStatusWord("success", fields);

    /// <summary>An answer with <c>status:"processing"</c> before the given fields.</summary>
    internal static ApiAnswer Processing(JsonObject fields) => WithStatusWord("processing", fields);

    /// <summary>An answer with <c>status:"failed"</c> before the given fields.</summary>
    internal static ApiAnswer Failed(JsonObject fields) => WithStatusWord("failed", fields);

    /// <summary>An error: the message is a text, or an object of texts by field.</summary>
    internal static ApiAnswer Error(int statusCode, JsonNode message) =>
        new(statusCode, new JsonObject { ["status"] = "error", ["message"] = message });

    /// <summary>A refusal for now, with the documented <c>retry_after</c> in whole seconds.</summary>
    internal static ApiAnswer RateLimited(string limit, int retryAfterSeconds)
    {
        ApiAnswer answer = Error(StatusCodes.Status429TooManyRequests, $"Rate limit exceeded. {limit}");
        answer.Body["retry_after"] = retryAfterSeconds;
        return answer;
    }

    /// <summary>The answer, byte by byte.</summary>
    internal RawReply ToRaw() => RawReply.Text(StatusCode, "application/json", Body.ToJsonString());

    public Task ExecuteAsync(HttpContext httpContext) => ToRaw().ExecuteAsync(httpContext);

    private static ApiAnswer WithStatusWord(string word, JsonObject fields)
    {
        fields.Insert(0, "status", word);
        return new ApiAnswer(StatusCodes.Status200OK, fields);
    }
}
