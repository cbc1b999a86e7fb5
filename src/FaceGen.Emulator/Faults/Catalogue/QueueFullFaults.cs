using System.Globalization;
using FaceGen.Emulator.Http;
using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>The full queue in its disguises: nothing is accepted. The rule's waiting time is what they tell.</summary>
internal static class QueueFullFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("queue-full-body", "HTTP 429 with retry_after in the body, as documented.",
            static context => Documented(context)),
        Create("queue-full-header-seconds", "HTTP 429 with the waiting time in Retry-After alone, as seconds.",
            static context => HeaderOnly(context.WaitSeconds.ToString(CultureInfo.InvariantCulture))),
        Create("queue-full-header-date", "HTTP 429 with the waiting time in Retry-After alone, as a date.",
            static context => HeaderOnly(RetryDate(context))),
        Create("Q5-rate-limit", "HTTP 200 with status error and the text of the rate limit.",
            static context => new ApiResponse(StatusCodes.Status200OK, Documented(context, withWait: false).Body)),
        Create("Q6-wait-in-seconds", "HTTP 200 with status error and \"Try again in n seconds\".",
            static context => InMessage($"{context.WaitSeconds} seconds")),
        Create("Q6-wait-in-minutes", "HTTP 200 with status error and \"Try again in n minutes\".",
            static context => InMessage($"{context.Wait.TotalMinutes:0.####} minutes")),
    ];

    private static Fault Create(string id, string description, Func<FaultContext, IResponse> reply) =>
        new(id, description, CallKinds.Submit, new FaultEffect.WithoutHandling(reply));

    private static ApiResponse Documented(FaultContext context, bool withWait = true)
    {
        ApiResponse answer = ApiResponse.RateLimited(
            $"Maximum {context.Service.Options.QueueLimit} queued requests allowed.", context.WaitSeconds);
        if (!withWait)
            answer.Body.Remove("retry_after");
        return answer;
    }

    private static RawResponse HeaderOnly(string retryAfter) =>
        RawResponse.Empty(StatusCodes.Status429TooManyRequests).WithRetryAfter(retryAfter);

    /// <summary>A date is read against the caller's clock, which does not move with the emulator's.</summary>
    private static string RetryDate(FaultContext context) =>
        (context.Service.Options.TimeProvider.GetUtcNow() + context.Wait).ToString("R", CultureInfo.InvariantCulture);

    private static ApiResponse InMessage(FormattableString wait) => ApiResponse.Error(
        StatusCodes.Status200OK, $"Too many requests in the queue. Try again in {FormattableString.Invariant(wait)}.");
}
