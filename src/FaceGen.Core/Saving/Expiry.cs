using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>
/// Downloads an image, and calls it expired only with the service's word: this machine's clock may be a day off, and a link can
/// be dead for a moment. An image that is called expired is paid for again.
/// </summary>
internal static class Expiry
{
    /// <summary>How long dead links are tried, unless less time is given.</summary>
    private static readonly TimeSpan LongestWindow = TimeSpan.FromMinutes(2);

    /// <summary>How often the service is asked for the generation.</summary>
    private const int LookUps = 3;

    /// <inheritdoc cref="Download.ImageAsync"/>
    internal static async Task<CheckedImage> ImageAsync(
        Connection connection, Generation generation, int index, MemoryStream buffer, TimeSpan timeout, CancellationToken cancel, IListener? listener = null)
    {
        TimeProvider time = connection.Services.Time;
        TimeSpan window = timeout < LongestWindow ? timeout : LongestWindow;
        Generation latest = generation;
        long start = time.GetTimestamp();
        for (int round = 0; ; round++)
        {
            TimeSpan passed = time.GetElapsedTime(start);
            try
            {
                return await Download.ImageAsync(connection, latest, index, buffer, timeout > passed ? timeout - passed : TimeSpan.Zero, cancel, listener).ConfigureAwait(false);
            }
            catch (FaceGenException e) when (e.Code == ErrorCode.LinkExpired)
            {
                TimeSpan wait = Backoff.Wait(round, null, connection.Services);
                if (time.GetElapsedTime(start) + wait <= window)
                {
                    listener?.Tell($"{e.Message.TrimEnd('.')} It is tried again in {DisplayText.Seconds(wait)}, before the service is asked.");
                    await time.Wait(wait, cancel).ConfigureAwait(false);
                    continue;
                }

                if (latest != generation) throw;

                if (await LookUpAsync(connection, generation, index, e, cancel).ConfigureAwait(false) is not { } found) throw;

                latest = found;
                (start, round) = (time.GetTimestamp(), -1);
            }
        }
    }

    /// <summary>Asks the service for a generation whose links are dead.</summary>
    /// <returns>The generation with other links for the image; null if the service confirms that it is gone.</returns>
    /// <exception cref="FaceGenException">The service does not confirm it: the image is kept, and tried again later.</exception>
    private static async Task<Generation?> LookUpAsync(Connection connection, Generation generation, int index, FaceGenException expired, CancellationToken cancel)
    {
        for (int attempt = 0; ; attempt++)
        {
            (Outcome outcome, DateTimeOffset? now) = await Fetch.LookUpAsync(connection, generation, cancel).ConfigureAwait(false);
            // Only the service's clock shows whether this machine's is right.
            if (now < generation.ExpiresAt && connection.Services.Time.GetUtcNow() >= generation.ExpiresAt)
                throw Kept($"by the service's clock it is {now:u}, and the image is kept until {generation.ExpiresAt:u}: correct this machine's clock", expired);

            switch (outcome)
            {
                case Outcome.Failed { Error.Code: ErrorCode.GenerationNotFound }:
                    return null;
                case Outcome.Failed failed:
                    throw failed.Error;
                case Outcome.Ended { Status: GenerationStatus.Success } ended:
                    Generation found = generation.With(ended.Answer, ended.Status);
                    return found.Images.Count > index && !LinksOf(found, index).IsSubsetOf(LinksOf(generation, index)) ? found : null;
                case Outcome.Ended:
                    return null;
                case Outcome.Retry { Reason: var reason } when attempt + 1 == LookUps:
                    throw Kept($"the service did not say whether it is gone ({reason.TrimEnd('.')})", expired);
                case Outcome.UnderWay when attempt + 1 == LookUps:
                    throw Kept("the service says that it is still at work on it", expired);
            }

            await connection.Services.Time.Wait(Backoff.Wait(attempt, (outcome as Outcome.Retry)?.After, connection.Services), cancel).ConfigureAwait(false);
        }
    }

    private static HashSet<string> LinksOf(Generation generation, int index) =>
        [.. generation.OtherLinks.Prepend(generation.Images).Where(list => list.Count > index).Select(list => list[index])];

    private static FaceGenException Kept(string why, FaceGenException expired) => new(ErrorCode.DownloadFailed,
        $"{expired.Message.TrimEnd('.')}. It is not given up: {why}.", expired);
}
