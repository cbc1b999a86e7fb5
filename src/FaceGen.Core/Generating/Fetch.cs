using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>Looks at a generation by its id. Looking generates nothing and costs nothing.</summary>
internal static class Fetch
{
    /// <summary>
    /// How many times the service may say that it knows no such generation before it is believed: of an id that was typed, and
    /// of one that it gave out itself, which was paid for.
    /// </summary>
    private const int Denials = 3, DenialsOfOurs = 6;

    /// <summary>The longest wait that the service is given: looking costs nothing, and a slot hangs on it.</summary>
    private static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(1);

    /// <summary>One look; one that finds nothing out is an error.</summary>
    /// <exception cref="FaceGenException">The service did not answer, or does not give the generation out.</exception>
    internal static async Task<Generation> OnceAsync(Connection connection, Generation generation, CancellationToken cancel) =>
        await LookAsync(connection, generation, cancel).ConfigureAwait(false) switch
        {
            Outcome.Ended ended => generation.With(ended.Answer, ended.Status),
            Outcome.UnderWay underWay => generation.With(underWay.Answer, GenerationStatus.Processing),
            Outcome.Failed failed => throw failed.Error,
            Outcome.Retry retry => throw new FaceGenException(ErrorCode.FetchFailed,
                $"The service did not say how generation {generation.Id} is: {retry.Reason.TrimEnd('.')}. It is not lost: ask again later."),
            Outcome other => throw new InvalidOperationException($"A look cannot be {other}."),
        };

    /// <summary>Polls until the service reports the generation's state.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="generation">The generation as far as it is known.</param>
    /// <param name="tell">Logs each wait.</param>
    /// <param name="limit">How long to go on; there is one poll at least.</param>
    /// <param name="cancel">Ends polling.</param>
    /// <exception cref="FaceGenException">The service keeps denying it, refuses the key, or did not report it within the limit.</exception>
    internal static async Task<Generation> UntilAnsweredAsync(
        Connection connection, Generation generation, Action<string> tell, TimeSpan limit, CancellationToken cancel)
    {
        TimeProvider time = connection.Services.Time;
        long start = time.GetTimestamp();
        int denials = 0, lasting = 0;
        for (int attempt = 0; ; attempt++)
        {
            Outcome outcome = await LookAsync(connection, generation, cancel).ConfigureAwait(false);
            TimeSpan? asked = null;
            string reason = "it is not known yet";
            lasting = outcome is Outcome.Retry { IfItLasts: not null } ? lasting + 1 : 0;
            switch (outcome)
            {
                case Outcome.Ended ended: return generation.With(ended.Answer, ended.Status);
                case Outcome.UnderWay underWay: return generation.With(underWay.Answer, GenerationStatus.Processing);
                // An id can be unknown for a moment after it was given out.
                case Outcome.Failed { Error.Code: ErrorCode.GenerationNotFound } failed when ++denials >= (generation.CreatedAt is null ? Denials : DenialsOfOurs): throw failed.Error;
                case Outcome.Failed { Error.Code: ErrorCode.GenerationNotFound }: break;
                case Outcome.Failed failed: throw failed.Error;
                case Outcome.Retry { IfItLasts: { } fault } when lasting == Outcome.Retry.LastingTries: throw fault;
                case Outcome.Retry retry: (asked, reason) = (retry.After > LongestAsked ? LongestAsked : retry.After, retry.Reason); break;
            }

            TimeSpan wait = Backoff.Wait(attempt, asked, connection.Services);
            // Denials are counted to their end: they are the service's word.
            bool isDenied = outcome is Outcome.Failed;
            TimeSpan left = isDenied ? wait : limit - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                throw new FaceGenException(ErrorCode.FetchFailed, $"The service did not say how generation {generation.Id} is: {reason.TrimEnd('.')}.");

            tell($"The service did not say how generation {generation.Id} is ({reason.TrimEnd('.')}): asking again in {DisplayText.Seconds(wait)}.");
            await time.Wait(wait < left ? wait : left, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Fetches once; also gets what time it is by the service's clock.</summary>
    internal static async Task<(Outcome Outcome, DateTimeOffset? Date)> LookUpAsync(Connection connection, Generation generation, CancellationToken cancel)
    {
        ApiResult result = await connection.Api.PostAsync(connection.Address.Fetch(generation.Id), null, cancel).ConfigureAwait(false);
        Account.Of(connection).WarnOfStatus(result.Answer, generation.Id);
        return (Classifier.OfFetch(result, RequestEcho.Of(generation.Request)), result.Date);
    }

    private static async Task<Outcome> LookAsync(Connection connection, Generation generation, CancellationToken cancel) =>
        (await LookUpAsync(connection, generation, cancel).ConfigureAwait(false)).Outcome;
}
