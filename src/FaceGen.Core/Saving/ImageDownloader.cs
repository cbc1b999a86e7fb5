using FaceGen.ImageFormats;
using System.Net;
using System.Text;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>A downloaded image that has been checked.</summary>
/// <param name="Bytes">The content of the file.</param>
/// <param name="Info">Its format and size.</param>
internal sealed record CheckedImage(ArraySegment<byte> Bytes, ImageInfo Info);

/// <summary>Downloads an image of a generation, or decodes an inline one.</summary>
internal static class ImageDownloader
{
    /// <summary>The largest file that is accepted, in bytes: ten times what 512 × 768 pixels need in the largest format.</summary>
    private const int MaxBytes = 32 * 1024 * 1024;

    private const int MaxRedirects = 5;

    /// <summary>How long one link may take if the image has another.</summary>
    private static readonly TimeSpan MaxAttemptTime = TimeSpan.FromSeconds(100);

    /// <summary>
    /// Downloads and checks an image. Its links are tried again until the timeout elapses, because a link may begin to work
    /// after the service reports the image as ready. An image that lacks only its end marker is accepted when the same bytes
    /// come a second time, or the timeout elapses.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="index">The index of the image, from 0.</param>
    /// <param name="buffer">The buffer for the body, which the result may refer to.</param>
    /// <param name="timeout">How long to go on trying.</param>
    /// <param name="log">Logs each wait.</param>
    /// <param name="cancellationToken">Cancels the download.</param>
    /// <exception cref="FaceGenException">A complete image could not be downloaded.</exception>
    internal static async Task<CheckedImage> DownloadAsync(
        Connection connection, Generation generation, int index, MemoryStream buffer, TimeSpan timeout, IEngineLog? log, CancellationToken cancellationToken)
    {
        string image = generation.Images[index];
        if (Generation.ParseLink(image) is not { } firstLink)
        {
            return await LargeBodyDecoder.DecodeAsync(MaxBytes, () => DecodeBase64(image), cancellationToken).ConfigureAwait(false)
                ?? throw new FaceGenException(ErrorCode.ImageInvalid,
                    $"Image {index + 1} of generation {generation.Id} came inline, and is not a complete image. Nothing was saved. The generation was charged. Run Get-FaceGenImage | Save-FaceGenOutput to try again.");
        }

        List<Uri> links = [.. generation.AlternateLinks.Select(list => Generation.ParseLink(list[index])).OfType<Uri>().Prepend(firstLink).Distinct()];

        var body = new ResumableBody(buffer);
        Uri? bodyLink = null;
        TimeProvider time = connection.Services.Time;
        long start = time.GetTimestamp();
        Attempt? expired = null, invalidImage = null;
        CheckedImage? withoutEnd = null;
        for (int round = 0; ; round++)
        {
            // Each link in turn; the shortest of their delays counts.
            TimeSpan? retryAfter = TimeSpan.MaxValue;
            Attempt? last = null;
            for (int i = 0; i < links.Count && (last is null || time.GetElapsedTime(start) < timeout);)
            {
                if (links[i] != bodyLink) body.Reset();
                bodyLink = links[i];
                TimeSpan left = timeout - time.GetElapsedTime(start);
                last = await TryDownloadAsync(connection, links[i], body, links.Count > 1 && left > MaxAttemptTime ? MaxAttemptTime : left, cancellationToken).ConfigureAwait(false);
                if (last.IsInvalidImage) invalidImage = last;
                if (last.Image is { } found)
                {
                    // Another attempt may bring the end marker. If it brings the same bytes, the service has no more.
                    if (found.Info.IsComplete || (withoutEnd is { } before && before.Bytes.AsSpan().SequenceEqual(found.Bytes))) return found;
                    withoutEnd = found with { Bytes = new ArraySegment<byte>([.. found.Bytes]) };
                }

                bool hasExpired = last.Status == HttpStatusCode.Gone
                    || (last.Status is HttpStatusCode.NotFound or HttpStatusCode.Forbidden && time.GetUtcNow() >= generation.ExpiresAt);
                if (hasExpired) expired = last;
                if (hasExpired || last.IsFinal)
                {
                    links.RemoveAt(i);
                    continue;
                }

                retryAfter = last.RetryAfter is { } delayed && delayed < retryAfter ? delayed : last.RetryAfter is null ? null : retryAfter;
                i++;
            }

            TimeSpan delay = Backoff.GetDelay(round, retryAfter, connection.Services);
            bool isLast = links.Count == 0 || time.GetElapsedTime(start) + delay > timeout;
            if (isLast && withoutEnd is not null) return withoutEnd;
            if (links.Count == 0 && expired is not null)
            {
                throw new FaceGenException(ErrorCode.LinkExpired,
                    $"The link of image {index + 1} of generation {generation.Id} no longer works ({expired.Reason}): the service keeps images for {Limits.LinkLifetimeHours} hours. The image is lost. A new image is charged again.");
            }

            if (isLast)
            {
                // The last attempt may have had too little time: an earlier one explains more.
                if (last!.IsTimeout && invalidImage is not null) last = invalidImage;
                string bytes = last.IsDamagedImage ? " To keep the bytes as they are, use Invoke-WebRequest with the link in the generation's Output." : "";
                string cause = $"Image {index + 1} of generation {generation.Id} could not be downloaded: {last.Reason}{(generation.ExpiresAt is { } end ? $". The link works until {end:u}" : "")}";
                throw new FaceGenException(last.IsInvalidImage ? ErrorCode.ImageInvalid : ErrorCode.DownloadFailed,
                    $"{cause}. Nothing was saved. Run Get-FaceGenImage | Save-FaceGenOutput {(generation.ExpiresAt is null ? "later" : "before then")}.{bytes}") { Cause = cause };
            }

            log?.LogVerbose($"Image {index + 1} of generation {generation.Id} could not be downloaded yet ({last!.Reason}). Retrying in {DisplayText.FormatSeconds(delay)}.");
            await time.DelayAsync(delay, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>True if there is an image at a link now.</summary>
    internal static async Task<bool> HasImageAsync(Connection connection, Uri link, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        return (await TryDownloadAsync(connection, link, new ResumableBody(buffer), MaxAttemptTime, cancellationToken).ConfigureAwait(false)).Image is not null;
    }

    private static async Task<Attempt> TryDownloadAsync(
        Connection connection, Uri link, ResumableBody resumableBody, TimeSpan totalTimeout, CancellationToken cancellationToken)
    {
        using var timeout = new DownloadTimeout(connection.Services.Time, totalTimeout, cancellationToken);
        try
        {
            for (int redirects = 0; redirects <= MaxRedirects; redirects++)
            {
                // The policy applies to each redirect.
                if (await LinkPolicy.GetRefusalAsync(connection, link, timeout.Token).ConfigureAwait(false) is { } refusal)
                    return new Attempt(connection.Key.Redact($"{refusal} ({link.Scheme}://{link.Host})")) { IsFinal = true };

                using var request = new HttpRequestMessage(HttpMethod.Get, link);
                resumableBody.PrepareRequest(request);
                using HttpResponseMessage response = await connection.DownloadClient
                    .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false);
                timeout.RestartIdleTimer();
                if ((int)response.StatusCode is >= 300 and < 400
                    && response.Headers.Location is { } location && Uri.TryCreate(link, location, out Uri? next))
                {
                    link = next;
                    continue;
                }

                if (!response.IsSuccessStatusCode)
                {
                    resumableBody.Reset();
                    return new Attempt($"HTTP {(int)response.StatusCode}")
                    {
                        Status = response.StatusCode,
                        RetryAfter = response.GetRetryAfter(connection.Services.Time),
                    };
                }

                if (await resumableBody.ReadAsync(response, MaxBytes, timeout).ConfigureAwait(false) is not { } body)
                    return new Attempt("the server sent another part than was requested");

                string encoding = connection.Key.Redact(DisplayText.Clean(string.Join(", ", response.Content.Headers.ContentEncoding), 60));
                if (await FindImageAsync(body, timeout.Token).ConfigureAwait(false) is { } image)
                    return new Attempt(image.Info.IsComplete ? "" : $"the {image.Info.Format.GetDisplayName()} image lacks its end marker") { Image = image };

                ImageFormat? format = ImageHeader.DetectFormat(body);
                string fault = format is { } known ? $"begins as {(known == ImageFormat.Avif ? "an" : "a")} {known.GetDisplayName()} image and is cut off or damaged" : "is not an image";
                return new Attempt($"the file ({body.Count} bytes{(encoding.Length > 0 ? $", Content-Encoding: {encoding}" : "")}) {fault}")
                {
                    IsInvalidImage = true,
                    IsDamagedImage = format is not null,
                };
            }

            return new Attempt("it redirects too often") { IsFinal = true };
        }
        // Any other error, such as a body that cannot be decompressed, may not occur the next time.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            string reason = timeout.HasElapsed ? "no response in time" : DisplayText.Clean(UserInfo.Remove(e.GetBaseException().Message)).TrimEnd('.');
            return new Attempt(connection.Key.Redact(reason)) { IsTimeout = timeout.HasElapsed };
        }
    }

    /// <summary>Returns the image in a body, plain or compressed, whatever its headers say; null if there is none.</summary>
    private static async Task<CheckedImage?> FindImageAsync(ArraySegment<byte> body, CancellationToken cancellationToken)
    {
        // A small file may decompress to many pixels.
        CheckedImage? image = await LargeBodyDecoder.DecodeAsync(MaxBytes, () => ReadImage(body), cancellationToken).ConfigureAwait(false);
        return image is not null || ImageHeader.DetectFormat(body) is not null || BodyDecompressor.IsText(body) ? image
            : await LargeBodyDecoder.DecodeAsync(MaxBytes, () => BodyDecompressor.TryRead(body, MaxBytes, ReadImage), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns the image that a body is, or contains as base64 text; null if there is none.</summary>
    private static CheckedImage? ReadImage(ArraySegment<byte> body)
    {
        if (ImageInfo.Read(body) is { } info) return new CheckedImage(body, info);
        return ImageHeader.DetectFormat(body) is null && BodyDecompressor.IsText(body) ? DecodeBase64(Encoding.UTF8.GetString(body.Array!, body.Offset, body.Count)) : null;
    }

    private static CheckedImage? DecodeBase64(string text) =>
        Base64Decoder.TryDecode(text.Trim().Trim('"'), out byte[] bytes) && ImageInfo.Read(bytes) is { } info
            ? new CheckedImage(new ArraySegment<byte>(bytes), info)
            : null;

    /// <summary>The result of one attempt.</summary>
    /// <param name="Reason">Why there is no complete image; empty if there is one.</param>
    private sealed record Attempt(string Reason)
    {
        internal CheckedImage? Image { get; init; }

        internal HttpStatusCode? Status { get; init; }

        internal TimeSpan? RetryAfter { get; init; }

        /// <summary>True if the link will never work.</summary>
        internal bool IsFinal { get; init; }

        /// <summary>True if the timeout elapsed before the response was complete.</summary>
        internal bool IsTimeout { get; init; }

        /// <summary>True if the response is not a complete image.</summary>
        internal bool IsInvalidImage { get; init; }

        /// <summary>True if the response begins as an image.</summary>
        internal bool IsDamagedImage { get; init; }
    }
}
