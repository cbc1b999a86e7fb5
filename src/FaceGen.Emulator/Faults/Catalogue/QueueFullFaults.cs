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
            static context => HeaderOnly(DateAfter(context))),
        Create("Q5-rate-limit", "HTTP 200 with status error and the text of the rate limit.",
            static context => new ApiAnswer(StatusCodes.Status200OK, Documented(context, withWait: false).Body)),
        Create("Q6-wait-in-seconds", "HTTP 200 with status error and \"Try again in n seconds\".",
            static context => Prose($"{context.WaitSeconds} seconds")),
        Create("Q6-wait-in-minutes", "HTTP 200 with status error and \"Try again in n minutes\".",
            static context => Prose($"{context.Wait.TotalMinutes:0.####} minutes")),
    ];

    private static Fault Create(string id, string description, Func<FaultContext, IReply> reply) =>
        new(id, description, Kinds.Submit, new FaultEffect.Instead(reply));

    private static ApiAnswer Documented(FaultContext context, bool withWait = true)
    {
        ApiAnswer answer = ApiAnswer.RateLimited(
            $"Maximum {context.Service.Options.QueueLimit} queued requests allowed.", context.WaitSeconds);
        if (!withWait)
            answer.Body.Remove("retry_after");
        return answer;
    }

    private static RawReply HeaderOnly(string retryAfter) =>
        RawReply.Empty(StatusCodes.Status429TooManyRequests).WithRetryAfter(retryAfter);

    /// <summary>A date is read against the caller's clock, which does not move with the emulator's.</summary>
    private static string DateAfter(FaultContext context) =>
        (context.Service.Options.TimeProvider.GetUtcNow() + context.Wait).ToString("R", CultureInfo.InvariantCulture);

    private static ApiAnswer Prose(FormattableString wait) => ApiAnswer.Error(
        StatusCodes.Status200OK, $"Too many requests in the queue. Try again in {FormattableString.Invariant(wait)}.");
}
