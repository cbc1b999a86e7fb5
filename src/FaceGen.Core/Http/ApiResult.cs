using System.Net;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>Represents the result of one request: an HTTP status with a body, or a failure on the network.</summary>
internal sealed record ApiResult
{
    /// <summary>Gets the HTTP status, if the head of the response was received.</summary>
    internal HttpStatusCode? StatusCode { get; init; }

    /// <summary>Gets the parsed body; null if it is not a JSON object or was not received completely.</summary>
    internal ServiceResponse? Response { get; init; }

    /// <summary>Gets the delay in the header <c>Retry-After</c>.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>Gets the time by the service's clock; null if the response has no date.</summary>
    internal DateTimeOffset? Date { get; init; }

    /// <summary>Gets why there is no complete response.</summary>
    internal string? Failure { get; init; }

    /// <summary>True if any byte of the request's body may have reached the service.</summary>
    internal bool IsSent { get; init; } = true;

    /// <summary>
    /// Gets the connection fault that is the reason for the missing response and lasts until a setting is changed, if any.
    /// </summary>
    internal ConnectionFault? Fault { get; init; }

    internal int Status => (int)(StatusCode ?? 0);

    /// <summary>Returns a description for an error message.</summary>
    internal string Describe()
    {
        string reason = Response is null ? Failure ?? "the body is not JSON"
            : Response.Message.Length > 0 ? Response.Message : "the service gave no reason";
        return StatusCode is null or HttpStatusCode.OK ? reason : $"HTTP {Status}: {reason}";
    }
}
