using FaceGen.ImageFormats;
using System.Net;
using System.Text;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>An image's bytes, checked.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="Info">What it is.</param>
internal sealed record CheckedImage(ArraySegment<byte> Bytes, ImageInfo Info);

/// <summary>Brings in one image of a generation, from its link or from the base64 that stands in its place.</summary>
internal static class ImageDownloader
{
    /// <summary>The largest file that is taken, in bytes: ten times what 512 × 768 pixels need in the widest format.</summary>
    private const int MaxBytes = 32 * 1024 * 1024;

    private const int MaxRedirects = 5;

    /// <summary>How long one link may take while the image has another.</summary>
    private static readonly TimeSpan MaxAttemptTime = TimeSpan.FromSeconds(100);

    /// <summary>
    /// Fetches and checks an image. A link can lag behind the service's word that the image is ready, so that it is
    /// tried again, as are the same image's other links, until the time is over. An image that lacks nothing but its end marker
    /// is taken when the same bytes come a second time, or the time is over.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="index">Which of its images, from 0.</param>
    /// <param name="buffer">Takes what comes: the image may lie in it.</param>
    /// <param name="timeout">How long to go on trying.</param>
    /// <param name="cancellationToken">Ends it before.</param>
    /// <param name="log">Is told what is waited for.</param>
    /// <exception cref="FaceGenException">There is no complete image to be had.</exception>
    internal static async Task<CheckedImage> DownloadAsync(
        Connection connection, Generation generation, int index, MemoryStream buffer, TimeSpan timeout, CancellationToken cancellationToken, IEngineLog? log = null)
    {
        string image = generation.Images[index];
        if (Generation.ParseLink(image) is not { } link)
            return await LargeBodyDecoder.DecodeAsync(MaxBytes, () => DecodeBase64(image), cancellationToken).ConfigureAwait(false) ?? throw new FaceGenException(ErrorCode.ImageInvalid, $"What came in place of the link of image {index + 1} of generation {generation.Id} is not a complete image.");

        List<Uri> links = [.. generation.OtherLinks.Select(list => Generation.ParseLink(list[index])).OfType<Uri>().Prepend(link).Distinct()];

        var partial = new ResumableBody(buffer);
        Uri? partialOf = null;
        TimeProvider time = connection.Services.Time;
        long start = time.GetTimestamp();
        Attempt? expired = null;
        Attempt? imageFault = null;
        CheckedImage? withoutEnd = null;
        for (int round = 0; ; round++)
        {
            // Each link in turn; the first of them to be there again decides how long to wait.
            TimeSpan? asked = TimeSpan.MaxValue;
            Attempt? last = null;
            for (int at = 0; at < links.Count && (last is null || time.GetElapsedTime(start) < timeout);)
            {
                Uri tried = links[at];
                if (tried != partialOf) partial.Reset();
                partialOf = tried;
                TimeSpan left = timeout - time.GetElapsedTime(start);
                last = await TryDownloadAsync(connection, tried, partial, links.Count > 1 && left > MaxAttemptTime ? MaxAttemptTime : left, cancellationToken).ConfigureAwait(false);
                if (last.IsInvalidImage) imageFault = last;
                if (last.Image is { } found)
                {
                    // Another try may bring the end too. The same bytes again are all that there is.
                    if (found.Info.IsComplete || (withoutEnd is { } before && before.Bytes.AsSpan().SequenceEqual(found.Bytes))) return found;
                    withoutEnd = found with { Bytes = new ArraySegment<byte>([.. found.Bytes]) };
                }

                bool hasExpired = last.Status == HttpStatusCode.Gone
                    || (last.Status is HttpStatusCode.NotFound or HttpStatusCode.Forbidden && time.GetUtcNow() >= generation.ExpiresAt);
                if (hasExpired) expired = last;
                // A link that is dead for good leaves the others.
                if (hasExpired || last.IsFinal)
                {
                    links.RemoveAt(at);
                    continue;
                }

                asked = last.RetryAfter is { } wanted && wanted < asked ? wanted : last.RetryAfter is null ? null : asked;
                at++;
            }

            TimeSpan wait = Backoff.GetDelay(round, asked, connection.Services);
            bool isOver = links.Count == 0 || time.GetElapsedTime(start) + wait > timeout;
            if (isOver && withoutEnd is not null) return withoutEnd;
            if (links.Count == 0 && expired is not null)
            {
                throw new FaceGenException(ErrorCode.LinkExpired,
                    $"The link of image {index + 1} of generation {generation.Id} no longer works ({expired.Reason}): images are kept for {Limits.LinkLifetimeHours} hours.");
            }

            if (isOver)
            {
                // The last try may have had too little time; what came before says more.
                if (last!.IsTimeout && imageFault is not null) last = imageFault;
                string bytes = last.IsDamagedImage ? " To keep the bytes as they are, use Invoke-WebRequest with the link in the generation's Output." : "";
                throw new FaceGenException(last.IsInvalidImage ? ErrorCode.ImageInvalid : ErrorCode.DownloadFailed,
                    $"Image {index + 1} of generation {generation.Id} could not be downloaded: {last.Reason}.{(generation.ExpiresAt is { } end ? $" The link works until {end:u}." : "")}{bytes}");
            }

            log?.LogVerbose($"Image {index + 1} of generation {generation.Id} is not there yet ({last!.Reason}): trying again in {DisplayText.FormatSeconds(wait)}.");
            await time.DelayAsync(wait, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<Attempt> TryDownloadAsync(
        Connection connection, Uri link, ResumableBody partial, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var patience = new DownloadTimeout(connection.Services.Time, timeout, cancellationToken);
        try
        {
            for (int redirects = 0; redirects <= MaxRedirects; redirects++)
            {
                // Each step of a redirect is judged like the link itself.
                if (await LinkPolicy.GetRefusalAsync(connection, link, patience.Token).ConfigureAwait(false) is { } refusal)
                    return new Attempt(connection.Key.Redact($"{refusal} ({link.Scheme}://{link.Host})")) { IsFinal = true };

                using var request = new HttpRequestMessage(HttpMethod.Get, link);
                partial.PrepareRequest(request);
                using HttpResponseMessage response = await connection.DownloadClient
                    .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
                patience.RestartIdleTimer();
                if ((int)response.StatusCode is >= 300 and < 400
                    && response.Headers.Location is { } location && Uri.TryCreate(link, location, out Uri? next))
                {
                    link = next;
                    continue;
                }

                if (!response.IsSuccessStatusCode)
                {
                    partial.Reset();
                    return new Attempt($"HTTP {(int)response.StatusCode}")
                    {
                        Status = response.StatusCode,
                        RetryAfter = response.GetRetryAfter(connection.Services.Time),
                    };
                }

                if (await partial.ReadAsync(response, MaxBytes, patience).ConfigureAwait(false) is not { } body)
                    return new Attempt("the server gave another part than was asked for");

                string encoding = connection.Key.Redact(DisplayText.Clean(string.Join(", ", response.Content.Headers.ContentEncoding), 60));
                if (await FindImageAsync(body, patience.Token).ConfigureAwait(false) is { } image)
                    return new Attempt(image.Info.IsComplete ? "" : $"the {image.Info.Format.GetDisplayName()} image lacks its end marker") { Image = image };

                ImageFormat? format = ImageHeader.DetectFormat(body);
                string what = format is { } known ? $"begins {(known == ImageFormat.Avif ? "an" : "a")} {known.GetDisplayName()} image and is cut off or damaged" : "is not an image";
                return new Attempt($"what came ({body.Count} bytes{(encoding.Length > 0 ? $", Content-Encoding: {encoding}" : "")}) {what}")
                {
                    IsInvalidImage = true,
                    IsDamagedImage = format is not null,
                };
            }

            return new Attempt("it redirects too often") { IsFinal = true };
        }
        // Whatever else goes wrong on the way, a body that cannot be unpacked among it, may go right the next time.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            string reason = patience.HasElapsed ? "no answer in time" : DisplayText.Clean(UserInfo.Remove(e.GetBaseException().Message)).TrimEnd('.');
            return new Attempt(connection.Key.Redact(reason)) { IsTimeout = patience.HasElapsed };
        }
    }

    /// <summary>Finds the image in a body, plain or compressed, whatever the headers call it.</summary>
    private static async Task<CheckedImage?> FindImageAsync(ArraySegment<byte> body, CancellationToken cancellationToken)
    {
        // A small file may decompress to many pixels.
        CheckedImage? image = await LargeBodyDecoder.DecodeAsync(MaxBytes, () => ReadImage(body), cancellationToken).ConfigureAwait(false);
        return image is not null || ImageHeader.DetectFormat(body) is not null || BodyDecompressor.IsText(body) ? image
            : await LargeBodyDecoder.DecodeAsync(MaxBytes, () => BodyDecompressor.TryRead(body, MaxBytes, ReadImage), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The image that bytes are, or that they hold as a text of base64.</summary>
    private static CheckedImage? ReadImage(ArraySegment<byte> body)
    {
        if (ImageInfo.Read(body) is { } info) return new CheckedImage(body, info);
        return ImageHeader.DetectFormat(body) is null && BodyDecompressor.IsText(body) ? DecodeBase64(Encoding.UTF8.GetString(body.Array!, body.Offset, body.Count)) : null;
    }

    private static CheckedImage? DecodeBase64(string text) =>
        Base64Decoder.TryDecode(text.Trim().Trim('"'), out byte[] bytes) && ImageInfo.Read(bytes) is { } info
            ? new CheckedImage(new ArraySegment<byte>(bytes), info)
            : null;

    /// <summary>What one try brought.</summary>
    private sealed record Attempt(string Reason)
    {
        internal CheckedImage? Image { get; init; }

        internal HttpStatusCode? Status { get; init; }

        internal TimeSpan? RetryAfter { get; init; }

        /// <summary>Trying again cannot help.</summary>
        internal bool IsFinal { get; init; }

        /// <summary>The time was over before an answer came.</summary>
        internal bool IsTimeout { get; init; }

        /// <summary>Something came, and it was no image.</summary>
        internal bool IsInvalidImage { get; init; }

        /// <summary>What came begins as an image does.</summary>
        internal bool IsDamagedImage { get; init; }
    }
}
