using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>Looks at a generation by its id. Looking generates nothing and costs nothing.</summary>
internal static class Fetcher
{
    /// <summary>
    /// How many times the service may say that it knows no such generation before it is believed: of an id that was typed, and
    /// of one that it gave out itself, which was paid for.
    /// </summary>
    private const int MaxDenials = 3, MaxDenialsOfSubmitted = 6;

    /// <summary>The longest wait that the service is given: looking costs nothing, and a slot hangs on it.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>One look; one that finds nothing out is an error.</summary>
    /// <exception cref="FaceGenException">The service did not answer, or does not give the generation out.</exception>
    internal static async Task<Generation> FetchAsync(Connection connection, Generation generation, CancellationToken cancellationToken) =>
        await FetchOutcomeAsync(connection, generation, cancellationToken).ConfigureAwait(false) switch
        {
            Outcome.Finished ended => generation.WithResponse(ended.Response, ended.Status),
            Outcome.Pending underWay => generation.WithResponse(underWay.Response, GenerationStatus.Processing),
            Outcome.Failed failed => throw failed.Error,
            Outcome.Retry retry => throw new FaceGenException(ErrorCode.FetchFailed,
                $"The service did not say how generation {generation.Id} is: {retry.Reason.TrimEnd('.')}. It is not lost: ask again later."),
            Outcome other => throw new InvalidOperationException($"A look cannot be {other}."),
        };

    /// <summary>Polls until the service reports the generation's state.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="generation">The generation as far as it is known.</param>
    /// <param name="logVerbose">Logs each wait.</param>
    /// <param name="timeout">How long to go on; there is one poll at least.</param>
    /// <param name="cancellationToken">Ends polling.</param>
    /// <exception cref="FaceGenException">The service keeps denying it, refuses the key, or did not report it within the limit.</exception>
    internal static async Task<Generation> FetchUntilAnsweredAsync(
        Connection connection, Generation generation, Action<string> logVerbose, TimeSpan timeout, CancellationToken cancellationToken)
    {
        TimeProvider time = connection.Services.Time;
        long start = time.GetTimestamp();
        int denials = 0, lasting = 0;
        for (int attempt = 0; ; attempt++)
        {
            Outcome outcome = await FetchOutcomeAsync(connection, generation, cancellationToken).ConfigureAwait(false);
            TimeSpan? asked = null;
            string reason = "it is not known yet";
            lasting = outcome is Outcome.Retry { PersistentError: not null } ? lasting + 1 : 0;
            switch (outcome)
            {
                case Outcome.Finished ended: return generation.WithResponse(ended.Response, ended.Status);
                case Outcome.Pending underWay: return generation.WithResponse(underWay.Response, GenerationStatus.Processing);
                // An id can be unknown for a moment after it was given out.
                case Outcome.Failed { Error.Code: ErrorCode.GenerationNotFound } failed when ++denials >= (generation.CreatedAt is null ? MaxDenials : MaxDenialsOfSubmitted): throw failed.Error;
                case Outcome.Failed { Error.Code: ErrorCode.GenerationNotFound }: break;
                case Outcome.Failed failed: throw failed.Error;
                case Outcome.Retry { PersistentError: { } fault } when lasting == Outcome.Retry.MaxFailuresInRow: throw fault;
                case Outcome.Retry retry: (asked, reason) = (retry.Delay > MaxRetryAfter ? MaxRetryAfter : retry.Delay, retry.Reason); break;
            }

            TimeSpan wait = Backoff.GetDelay(attempt, asked, connection.Services);
            // Denials are counted to their end: they are the service's word.
            bool isDenied = outcome is Outcome.Failed;
            TimeSpan left = isDenied ? wait : timeout - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                throw new FaceGenException(ErrorCode.FetchFailed, $"The service did not say how generation {generation.Id} is: {reason.TrimEnd('.')}.");

            logVerbose($"The service did not say how generation {generation.Id} is ({reason.TrimEnd('.')}): asking again in {DisplayText.FormatSeconds(wait)}.");
            await time.DelayAsync(wait < left ? wait : left, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Fetches once; also gets what time it is by the service's clock.</summary>
    internal static async Task<(Outcome Outcome, DateTimeOffset? Date)> FetchWithDateAsync(Connection connection, Generation generation, CancellationToken cancellationToken)
    {
        ApiResult result = await connection.Api.PostAsync(connection.Address.Fetch(generation.Id), null, cancellationToken).ConfigureAwait(false);
        Account.For(connection).WarnOfUnknownStatus(result.Response, generation.Id);
        return (OutcomeClassifier.ClassifyFetch(result, RequestEcho.Create(generation.Request)), result.Date);
    }

    private static async Task<Outcome> FetchOutcomeAsync(Connection connection, Generation generation, CancellationToken cancellationToken) =>
        (await FetchWithDateAsync(connection, generation, cancellationToken).ConfigureAwait(false)).Outcome;
}
