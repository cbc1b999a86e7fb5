using System.Net;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>What came of one call: an HTTP status with a body, or a failure on the way.</summary>
internal sealed record ApiResult
{
    /// <summary>The HTTP status, if the answer's head arrived.</summary>
    internal HttpStatusCode? StatusCode { get; init; }

    /// <summary>The body as far as it was understood; null where it is no JSON object or did not arrive whole.</summary>
    internal ServiceResponse? Response { get; init; }

    /// <summary>What the header <c>Retry-After</c> asks for.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>What time it is by the service's clock; null if it does not say.</summary>
    internal DateTimeOffset? Date { get; init; }

    /// <summary>Why there is no whole answer.</summary>
    internal string? Failure { get; init; }

    /// <summary>Whether any byte of the request's body may have reached the service.</summary>
    internal bool IsSent { get; init; } = true;

    /// <summary>
    /// Gets the fault of the connection that lasts until a setting is changed, if there is no answer for that reason.
    /// </summary>
    internal ConnectionFault? Fault { get; init; }

    internal int Status => (int)(StatusCode ?? 0);

    /// <summary>What happened, in words for an error message.</summary>
    internal string Describe()
    {
        string said = Response is null ? Failure ?? "the body is no JSON"
            : Response.Message.Length > 0 ? Response.Message : "the service gave no reason";
        return StatusCode is null or HttpStatusCode.OK ? said : $"HTTP {Status}: {said}";
    }
}
