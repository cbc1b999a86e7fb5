namespace FaceGen.Http;

/// <summary>Reading the heads of answers.</summary>
internal static class HttpResponseExtensions
{
    /// <summary>The wait that <c>Retry-After</c> asks for, in seconds or as a date; null where it asks for none.</summary>
    internal static TimeSpan? GetRetryAfter(this HttpResponseMessage response, TimeProvider time)
    {
        TimeSpan? wait = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }
}
