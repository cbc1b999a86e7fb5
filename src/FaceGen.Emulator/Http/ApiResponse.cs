using System.Text.Json.Nodes;
using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>An answer of the API: an HTTP status and a JSON object.</summary>
internal sealed record ApiResponse(int StatusCode, JsonObject Body) : IResponse
{
    public bool IsSuccess => StatusCode == StatusCodes.Status200OK && (string?)Body["status"] != "error";

    /// <summary>An answer with <c>status:"success"</c> before the given fields.</summary>
    internal static ApiResponse Success(JsonObject fields) => WithStatus("success", fields);

    /// <summary>An answer with <c>status:"processing"</c> before the given fields.</summary>
    internal static ApiResponse Processing(JsonObject fields) => WithStatus("processing", fields);

    /// <summary>An answer with <c>status:"failed"</c> before the given fields.</summary>
    internal static ApiResponse Failed(JsonObject fields) => WithStatus("failed", fields);

    /// <summary>An error: the message is a text, or an object of texts by field.</summary>
    internal static ApiResponse Error(int statusCode, JsonNode message) =>
        new(statusCode, new JsonObject { ["status"] = "error", ["message"] = message });

    /// <summary>A refusal for now, with the documented <c>retry_after</c> in whole seconds.</summary>
    internal static ApiResponse RateLimited(string limit, int retryAfterSeconds)
    {
        ApiResponse answer = Error(StatusCodes.Status429TooManyRequests, $"Rate limit exceeded. {limit}");
        answer.Body["retry_after"] = retryAfterSeconds;
        return answer;
    }

    /// <summary>The answer, byte by byte.</summary>
    internal RawResponse ToRaw() => RawResponse.Text(StatusCode, "application/json", Body.ToJsonString());

    public Task ExecuteAsync(HttpContext httpContext) => ToRaw().ExecuteAsync(httpContext);

    private static ApiResponse WithStatus(string status, JsonObject fields)
    {
        fields.Insert(0, "status", status);
        return new ApiResponse(StatusCodes.Status200OK, fields);
    }
}
