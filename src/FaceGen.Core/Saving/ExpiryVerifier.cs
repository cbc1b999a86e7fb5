using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>
/// Downloads an image, and reports it as expired only if the service confirms that: this machine's clock may be a day off, and
/// a link can fail for a moment. An image that is reported as expired is charged again.
/// </summary>
internal static class ExpiryVerifier
{
    /// <summary>How long failing links are tried, unless the timeout is shorter.</summary>
    private static readonly TimeSpan MaxRetryTime = TimeSpan.FromMinutes(2);

    /// <summary>The number of times that the generation is fetched.</summary>
    private const int MaxFetches = 3;

    /// <inheritdoc cref="ImageDownloader.DownloadAsync"/>
    internal static async Task<CheckedImage> DownloadAsync(
        Connection connection, Generation generation, int index, MemoryStream buffer, TimeSpan timeout, IEngineLog? log, CancellationToken cancellationToken)
    {
        TimeProvider time = connection.Services.Time;
        TimeSpan retryTime = timeout < MaxRetryTime ? timeout : MaxRetryTime;
        Generation latest = generation;
        long start = time.GetTimestamp();
        for (int round = 0; ; round++)
        {
            TimeSpan elapsed = time.GetElapsedTime(start);
            try
            {
                return await ImageDownloader.DownloadAsync(connection, latest, index, buffer, timeout > elapsed ? timeout - elapsed : TimeSpan.Zero, log, cancellationToken).ConfigureAwait(false);
            }
            catch (FaceGenException e) when (e.Code == ErrorCode.LinkExpired)
            {
                // The clock may be corrected before the service confirms the expiry.
                bool isByClock = time.GetUtcNow() >= generation.ExpiresAt;
                TimeSpan delay = Backoff.GetDelay(round, null, connection.Services);
                if (time.GetElapsedTime(start) + delay <= retryTime)
                {
                    log?.LogVerbose($"{e.Cause}. Retrying in {DisplayText.FormatSeconds(delay)}; if that fails too, FaceGen fetches the generation.");
                    await time.DelayAsync(delay, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                if (latest != generation) throw;

                if (await FetchAlternateLinksAsync(connection, generation, index, e, isByClock, cancellationToken).ConfigureAwait(false) is not { } found) throw;

                latest = found;
                (start, round) = (time.GetTimestamp(), -1);
            }
        }
    }

    /// <summary>Fetches a generation whose links do not work.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="index">The index of the image, from 0.</param>
    /// <param name="expired">The error that says that the image has expired.</param>
    /// <param name="isByClock">True if the image had expired by this machine's clock when its links failed.</param>
    /// <param name="cancellationToken">Cancels the fetch.</param>
    /// <returns>The generation with other links for the image; null if the service confirms that the image has expired.</returns>
    /// <exception cref="FaceGenException">The service does not confirm it: the image can be tried again later.</exception>
    private static async Task<Generation?> FetchAlternateLinksAsync(Connection connection, Generation generation, int index, FaceGenException expired, bool isByClock, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            (Outcome outcome, DateTimeOffset? now) = await Fetcher.FetchWithDateAsync(connection, generation, cancellationToken).ConfigureAwait(false);
            // Only the service's clock shows whether this machine's was right.
            if (isByClock && (now ?? connection.Services.Time.GetUtcNow()) is var latestTime && latestTime < generation.ExpiresAt)
                throw CreateNotConfirmedError($"{(now is null ? "this machine's clock now shows" : "the service's clock shows")} {latestTime:u}, and the service keeps the image until {generation.ExpiresAt:u}. Correct this machine's clock", expired);

            switch (outcome)
            {
                case Outcome.Failed { Error.Code: ErrorCode.GenerationNotFound }:
                    return null;
                case Outcome.Failed failed:
                    throw failed.Error;
                case Outcome.Finished { Status: GenerationStatus.Success } finished:
                    Generation found = generation.WithResponse(finished.Response, finished.Status);
                    return found.Images.Count > index && !GetLinks(found, index).IsSubsetOf(GetLinks(generation, index)) ? found : null;
                case Outcome.Finished:
                    return null;
                case Outcome.Retry { Reason: var reason } when attempt + 1 == MaxFetches:
                    throw CreateNotConfirmedError($"the service did not confirm it ({reason.TrimEnd('.')})", expired);
                case Outcome.Pending when attempt + 1 == MaxFetches:
                    throw CreateNotConfirmedError("the service reports the generation as pending", expired);
            }

            await connection.Services.Time.DelayAsync(Backoff.GetDelay(attempt, (outcome as Outcome.Retry)?.Delay, connection.Services), cancellationToken).ConfigureAwait(false);
        }
    }

    private static HashSet<string> GetLinks(Generation generation, int index) =>
        [.. generation.AlternateLinks.Prepend(generation.Images).Where(list => list.Count > index).Select(list => list[index])];

    private static FaceGenException CreateNotConfirmedError(string reason, FaceGenException expired)
    {
        string cause = $"{expired.Cause}. It is not reported as expired, because {reason}";
        return new FaceGenException(ErrorCode.DownloadFailed, $"{cause}. Save it again later.", expired) { Cause = cause };
    }
}
