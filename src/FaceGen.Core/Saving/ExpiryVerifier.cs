using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>
/// Downloads an image, and calls it expired only with the service's word: this machine's clock may be a day off, and a link can
/// be dead for a moment. An image that is called expired is paid for again.
/// </summary>
internal static class ExpiryVerifier
{
    /// <summary>How long dead links are tried, unless less time is given.</summary>
    private static readonly TimeSpan MaxRetryTime = TimeSpan.FromMinutes(2);

    /// <summary>How often the service is asked for the generation.</summary>
    private const int MaxFetches = 3;

    /// <inheritdoc cref="ImageDownloader.DownloadAsync"/>
    internal static async Task<CheckedImage> DownloadAsync(
        Connection connection, Generation generation, int index, MemoryStream buffer, TimeSpan timeout, CancellationToken cancellationToken, IEngineLog? log = null)
    {
        TimeProvider time = connection.Services.Time;
        TimeSpan window = timeout < MaxRetryTime ? timeout : MaxRetryTime;
        Generation latest = generation;
        long start = time.GetTimestamp();
        for (int round = 0; ; round++)
        {
            TimeSpan passed = time.GetElapsedTime(start);
            try
            {
                return await ImageDownloader.DownloadAsync(connection, latest, index, buffer, timeout > passed ? timeout - passed : TimeSpan.Zero, cancellationToken, log).ConfigureAwait(false);
            }
            catch (FaceGenException e) when (e.Code == ErrorCode.LinkExpired)
            {
                TimeSpan wait = Backoff.GetDelay(round, null, connection.Services);
                if (time.GetElapsedTime(start) + wait <= window)
                {
                    log?.LogVerbose($"{e.Message.TrimEnd('.')} It is tried again in {DisplayText.FormatSeconds(wait)}, before the service is asked.");
                    await time.DelayAsync(wait, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                if (latest != generation) throw;

                if (await FetchOtherLinksAsync(connection, generation, index, e, cancellationToken).ConfigureAwait(false) is not { } found) throw;

                latest = found;
                (start, round) = (time.GetTimestamp(), -1);
            }
        }
    }

    /// <summary>Asks the service for a generation whose links are dead.</summary>
    /// <returns>The generation with other links for the image; null if the service confirms that it is gone.</returns>
    /// <exception cref="FaceGenException">The service does not confirm it: the image is kept, and tried again later.</exception>
    private static async Task<Generation?> FetchOtherLinksAsync(Connection connection, Generation generation, int index, FaceGenException expired, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            (Outcome outcome, DateTimeOffset? now) = await Fetcher.FetchWithDateAsync(connection, generation, cancellationToken).ConfigureAwait(false);
            // Only the service's clock shows whether this machine's is right.
            if (now < generation.ExpiresAt && connection.Services.Time.GetUtcNow() >= generation.ExpiresAt)
                throw CreateNotConfirmedError($"by the service's clock it is {now:u}, and the image is kept until {generation.ExpiresAt:u}: correct this machine's clock", expired);

            switch (outcome)
            {
                case Outcome.Failed { Error.Code: ErrorCode.GenerationNotFound }:
                    return null;
                case Outcome.Failed failed:
                    throw failed.Error;
                case Outcome.Finished { Status: GenerationStatus.Success } ended:
                    Generation found = generation.WithResponse(ended.Response, ended.Status);
                    return found.Images.Count > index && !GetLinks(found, index).IsSubsetOf(GetLinks(generation, index)) ? found : null;
                case Outcome.Finished:
                    return null;
                case Outcome.Retry { Reason: var reason } when attempt + 1 == MaxFetches:
                    throw CreateNotConfirmedError($"the service did not say whether it is gone ({reason.TrimEnd('.')})", expired);
                case Outcome.Pending when attempt + 1 == MaxFetches:
                    throw CreateNotConfirmedError("the service says that it is still at work on it", expired);
            }

            await connection.Services.Time.DelayAsync(Backoff.GetDelay(attempt, (outcome as Outcome.Retry)?.Delay, connection.Services), cancellationToken).ConfigureAwait(false);
        }
    }

    private static HashSet<string> GetLinks(Generation generation, int index) =>
        [.. generation.OtherLinks.Prepend(generation.Images).Where(list => list.Count > index).Select(list => list[index])];

    private static FaceGenException CreateNotConfirmedError(string reason, FaceGenException expired) => new(ErrorCode.DownloadFailed,
        $"{expired.Message.TrimEnd('.')}. It is not given up: {reason}.", expired);
}
