using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Generating;

/// <summary>
/// Fetches a generation by its id, which generates nothing and costs nothing. If the service denies the id, the generation is fetched
/// at the address that the service named when it accepted the request, and then its images at the links that it named.
/// </summary>
internal static class Fetcher
{
    /// <summary>
    /// The number of consecutive "not found" responses that are believed: for an id that the user typed, for one that this process
    /// submitted, which was charged, and for one whose links are known, where the images may still appear (within about three minutes).
    /// </summary>
    private const int MaxDenials = 3, MaxDenialsOfSubmitted = 6, MaxDenialsWithLinks = 10;

    /// <summary>The longest delay that the service is granted: a fetch costs nothing, and the generation occupies a slot.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>How long the images of a generation may appear one after the other; it takes the polls until the last denial.</summary>
    private static readonly TimeSpan AppearanceTime = TimeSpan.FromMinutes(5);

    /// <summary>Fetches a generation once.</summary>
    /// <exception cref="FaceGenException">The service did not report the generation.</exception>
    internal static async Task<Generation> FetchAsync(Connection connection, Generation generation, CancellationToken cancellationToken) =>
        await FetchOutcomeAsync(connection, generation, cancellationToken).ConfigureAwait(false) switch
        {
            Outcome.Finished finished => generation.WithResponse(finished.Response, finished.Status),
            Outcome.Pending pending => generation.WithResponse(pending.Response, GenerationStatus.Processing),
            Outcome.Failed failed when IsDenial(failed) => await FindImagesAsync(connection, generation, isLast: !(connection.Services.Time.GetUtcNow() - generation.CreatedAt < AppearanceTime), cancellationToken).ConfigureAwait(false) ?? throw failed.Error,
            Outcome.Failed failed => throw failed.Error,
            Outcome.Retry retry => throw CreateFetchError(generation, retry.Reason),
            Outcome other => throw new InvalidOperationException($"The outcome of a fetch cannot be {other}."),
        };

    /// <summary>Polls until the service reports the generation's status.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="generation">The generation as far as it is known.</param>
    /// <param name="logVerbose">Logs each wait.</param>
    /// <param name="timeout">How long to go on; there is one poll at least.</param>
    /// <param name="cancellationToken">Cancels polling.</param>
    /// <exception cref="FaceGenException">The service has no such generation, refuses the key, or did not report it within the timeout.</exception>
    internal static async Task<Generation> FetchWithRetryAsync(
        Connection connection, Generation generation, Action<string> logVerbose, TimeSpan timeout, CancellationToken cancellationToken)
    {
        TimeProvider time = connection.Services.Time;
        long start = time.GetTimestamp();
        int denials = 0, persistentErrors = 0;
        for (int attempt = 0; ; attempt++)
        {
            Outcome outcome = await FetchOutcomeAsync(connection, generation, cancellationToken).ConfigureAwait(false);
            TimeSpan? retryAfter = null;
            string reason = "it does not know the id yet";
            persistentErrors = outcome is Outcome.Retry { PersistentError: not null } ? persistentErrors + 1 : 0;
            switch (outcome)
            {
                case Outcome.Finished finished: return generation.WithResponse(finished.Response, finished.Status);
                case Outcome.Pending pending: return generation.WithResponse(pending.Response, GenerationStatus.Processing);
                // The service may not know an id for a moment after it returned it.
                case Outcome.Failed failed when IsDenial(failed):
                    bool isLast = ++denials >= (generation.FutureLinks.Count > 0 ? MaxDenialsWithLinks : generation.CreatedAt is null ? MaxDenials : MaxDenialsOfSubmitted);
                    if (await FindImagesAsync(connection, generation, isLast, cancellationToken).ConfigureAwait(false) is { } found)
                    {
                        logVerbose($"The service does not return generation {generation.Id} by its id. Its images are at the links that the service named when it accepted the request.");
                        return found;
                    }

                    if (isLast) throw failed.Error;
                    break;
                case Outcome.Failed failed: throw failed.Error;
                case Outcome.Retry { PersistentError: { } error } when persistentErrors == Outcome.Retry.MaxConsecutiveFailures: throw error;
                case Outcome.Retry retry: (retryAfter, reason) = (retry.Delay > MaxRetryAfter ? MaxRetryAfter : retry.Delay, retry.Reason); break;
            }

            TimeSpan delay = Backoff.GetDelay(attempt, retryAfter, connection.Services);
            // "Not found" is counted to the end, even beyond the timeout: the service has responded.
            TimeSpan left = outcome is Outcome.Failed ? delay : timeout - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) throw CreateFetchError(generation, reason);

            logVerbose($"The service did not report the status of generation {generation.Id} ({reason.TrimEnd('.')}). Retrying in {DisplayText.FormatSeconds(delay)}.");
            await time.DelayAsync(delay < left ? delay : left, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Fetches once; also returns the time of the service's clock.</summary>
    internal static async Task<(Outcome Outcome, DateTimeOffset? Date)> FetchWithDateAsync(Connection connection, Generation generation, CancellationToken cancellationToken)
    {
        (Outcome Outcome, ApiResult Result) usual = await FetchAtAsync(connection, connection.Address.Fetch(generation.Id), generation, cancellationToken).ConfigureAwait(false);
        // The key is sent to the connection's own address only.
        if (IsDenial(usual.Outcome) && generation.FetchResult is { } address && connection.Address.IsOwn(address))
        {
            (Outcome Outcome, ApiResult Result) named = await FetchAtAsync(connection, address, generation, cancellationToken).ConfigureAwait(false);
            // A page, or an error of the account that the usual address does not report, is about this address and not about the generation.
            if (named.Outcome is Outcome.Finished or Outcome.Pending
                || (named.Outcome is Outcome.Retry && (named.Result.Response is not null || named.Result.Status is 0 or 429 or >= 500))) return (named.Outcome, named.Result.Date);
        }

        return (usual.Outcome, usual.Result.Date);
    }

    private static async Task<Outcome> FetchOutcomeAsync(Connection connection, Generation generation, CancellationToken cancellationToken) =>
        (await FetchWithDateAsync(connection, generation, cancellationToken).ConfigureAwait(false)).Outcome;

    private static async Task<(Outcome Outcome, ApiResult Result)> FetchAtAsync(Connection connection, Uri address, Generation generation, CancellationToken cancellationToken)
    {
        ApiResult result = await connection.Api.PostAsync(address, null, cancellationToken).ConfigureAwait(false);
        Account.For(connection).WarnOfUnknownStatus(result.Response, generation.Id);
        return (OutcomeClassifier.ClassifyFetch(result, RequestEcho.Create(generation.Request), generation.Id), result);
    }

    /// <summary>True if the service does not know the id.</summary>
    private static bool IsDenial(Outcome outcome) => outcome is Outcome.Failed { Error.Code: ErrorCode.GenerationNotFound };

    /// <summary>Returns the finished generation if its images are at the links that the service named; null otherwise.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="isLast">True to accept a part of the images, because this is the last attempt.</param>
    /// <param name="cancellationToken">Cancels the downloads.</param>
    private static async Task<Generation?> FindImagesAsync(Connection connection, Generation generation, bool isLast, CancellationToken cancellationToken)
    {
        List<string> images = [];
        foreach (Uri link in generation.FutureLinks)
        {
            if (await ImageDownloader.HasImageAsync(connection, link, cancellationToken).ConfigureAwait(false)) images.Add(link.AbsoluteUri);
        }

        return images.Count > 0 && (isLast || images.Count == generation.FutureLinks.Count)
            ? generation with { StatusValue = GenerationStatus.Success, Images = images, AlternateLinks = [] }
            : null;
    }

    private static FaceGenException CreateFetchError(Generation generation, string reason) => new(ErrorCode.FetchFailed,
        $"The service did not report the status of generation {generation.Id}: {reason.TrimEnd('.')}. The generation is not lost. 'Get-FaceGenImage {generation.Id}' fetches it again.");
}
