using System.Diagnostics.CodeAnalysis;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>The value of the field <c>face_image</c>.</summary>
/// <param name="Text">A link, or the image inline as a data URI.</param>
/// <param name="UploadedSha256">The hash of the image that FaceGen uploaded to the link; null if the link is the user's.</param>
internal sealed record FaceImageValue(string Text, string? UploadedSha256 = null)
{
    /// <summary>Gets the value that the service refused, and that this one replaces; null if there is none.</summary>
    internal FaceImageValue? Replaces { get; init; }

    /// <summary>True if the image is inline.</summary>
    internal bool IsInline => Text.StartsWith("data:", StringComparison.Ordinal);
}

/// <summary>
/// Uploads local face images: one link for each content, shared by all requests of the process. An upload generates nothing
/// and costs nothing. If it is refused, images are sent inline.
/// </summary>
internal sealed class FaceUploads
{
    /// <summary>The number of images of a run that are uploaded at the same time, ahead of their requests (docs/architecture.md#face-uploads).</summary>
    internal const int MaxConcurrency = 5;

    /// <summary>The number of images that are remembered, so that memory stays bounded.</summary>
    private const int Capacity = 1024;

    private const int MaxLinkLength = 2048;

    /// <summary>The rate that a slow line sends at; the timeout grows by the time that it needs (docs/architecture.md#face-uploads).</summary>
    private const int SlowBytesPerSecond = 64 * 1024;

    /// <summary>
    /// How long a link is used: the service must still be able to read it when a request has waited in the queue
    /// (docs/architecture.md#face-uploads).
    /// </summary>
    private static readonly TimeSpan LinkLifetime = TimeSpan.FromHours(Limits.LinkLifetimeHours - 2);

    /// <summary>How long an image is sent inline after its upload, or its link, was refused (docs/architecture.md#face-uploads).</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromHours(1);

    /// <summary>The same after a rate limit, unless the service asks for a longer pause, and after broken connections.</summary>
    private static readonly TimeSpan ShortRetryPause = TimeSpan.FromMinutes(1);

    /// <summary>How long an upload waits because the service asks it to, in addition to <see cref="UploadTimeout"/>.</summary>
    private static readonly TimeSpan MaxRateLimitWait = TimeSpan.FromSeconds(90);

    /// <summary>
    /// How long an upload is tried: the image can be sent inline, and requests wait meanwhile (docs/architecture.md#face-uploads).
    /// </summary>
    private static readonly TimeSpan UploadTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How long the last attempt may take at least.</summary>
    private static readonly TimeSpan MinAttemptTime = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Task<Upload>> _uploads = new(StringComparer.Ordinal);

    /// <summary>Spaces the uploads: the service may limit the rate of all calls (Q45).</summary>
    private readonly AdaptiveRateLimiter _rateLimiter = new();

    /// <summary>The time until which no image is uploaded, because uploads fail.</summary>
    private DateTimeOffset _pausedUntil;

    /// <summary>
    /// Returns the value that a request is sent with. A local image is uploaded, unless it has a valid link already. When the call
    /// returns its task, the upload has begun.
    /// </summary>
    /// <param name="connection">The connection that uploads.</param>
    /// <param name="face">The image.</param>
    /// <param name="options">Whether it may be uploaded, and which hash it must have.</param>
    /// <param name="log">Logs the upload.</param>
    /// <param name="cancellationToken">Cancels waiting; an upload in flight goes on, because other requests may wait for it too.</param>
    /// <exception cref="FaceGenException">The file does not exist any more, has changed, or is not an image.</exception>
    internal async Task<FaceImageValue> GetValueAsync(
        Connection connection, FaceImage face, GenerateOptions options, IEngineLog? log, CancellationToken cancellationToken)
    {
        if (face.Link is not null) return new FaceImageValue(face.ToApiValue());

        byte[] image = face.ReadBytes();
        string hash = options.UploadFace || options.FaceHash is not null ? Sha256.ComputeHex(image) : "";
        if (options.FaceHash is { } known && hash != known)
            throw new FaceGenException(ErrorCode.FaceImageInvalid, $"The face image '{face}' has changed since the input was read. Nothing was sent. Run the command again.");

        Task<Upload>? uploading = null;
        lock (_uploads)
        {
            DateTimeOffset now = connection.Services.Time.GetUtcNow();
            if (options.UploadFace && !TryGetUpload(hash, now, out uploading))
                uploading = now >= _pausedUntil ? StartUpload(hash, () => UploadAsync(connection, face, image, log)) : null;
        }

        return uploading is not null && (await uploading.WaitAsync(cancellationToken).ConfigureAwait(false)).Link is { } link
            ? new FaceImageValue(link, hash)
            : new FaceImageValue(FaceImage.ToDataUri(image));
    }

    /// <summary>Returns the link of an image of any size: the valid one that it has, or that of a new upload.</summary>
    /// <exception cref="FaceGenException">The image could not be uploaded, does not exist any more, or is not an image.</exception>
    internal async Task<PublishedFace> PublishAsync(Connection connection, FaceImage face, IEngineLog? log, CancellationToken cancellationToken)
    {
        byte[] image = face.ReadBytes();
        string hash = Sha256.ComputeHex(image);
        Upload upload = await UploadEvenIfPausedAsync(connection, face, image, hash, log, cancellationToken).ConfigureAwait(false);
        return upload.Link is null
            ? throw upload.Error!
            : new PublishedFace
            {
                FaceImage = new Uri(upload.Link),
                ExpiresAt = upload.SentAt.AddHours(Limits.LinkLifetimeHours),
                FilePath = face.FilePath!,
                Length = image.Length,
                Sha256 = hash,
                Connection = connection,
            };
    }

    /// <summary>Returns the inline value of an image whose link the service could not read.</summary>
    /// <exception cref="FaceGenException">The file does not exist any more, or is not the same image.</exception>
    internal static FaceImageValue ToInline(FaceImage face, FaceImageValue refused)
    {
        byte[] image = face.ReadBytes();
        return Sha256.ComputeHex(image) == refused.UploadedSha256
            ? new FaceImageValue(FaceImage.ToDataUri(image)) { Replaces = refused }
            : throw new FaceGenException(ErrorCode.FaceImageInvalid, $"The face image '{face}' has changed since it was uploaded. Nothing was sent. Run the command again.");
    }

    /// <summary>Returns the link of an image that the service refused inline; null if the image cannot be uploaded.</summary>
    /// <exception cref="FaceGenException">The file does not exist any more, has changed, or is not an image.</exception>
    internal async Task<FaceImageValue?> GetLinkAsync(
        Connection connection, FaceImage face, FaceImageValue refused, IEngineLog? log, CancellationToken cancellationToken)
    {
        byte[] image = face.ReadBytes();
        if (FaceImage.ToDataUri(image) != refused.Text)
            throw new FaceGenException(ErrorCode.FaceImageInvalid, $"The face image '{face}' has changed since it was sent. Nothing was accepted. Run the command again.");

        string hash = Sha256.ComputeHex(image);
        return (await UploadEvenIfPausedAsync(connection, face, image, hash, log, cancellationToken).ConfigureAwait(false)).Link is { } link
            ? new FaceImageValue(link, hash) { Replaces = refused }
            : null;
    }

    /// <summary>Removes a link after the service accepted the inline image instead.</summary>
    internal void RemoveLink(Connection connection, FaceImageValue refused)
    {
        DateTimeOffset now = connection.Services.Time.GetUtcNow();
        lock (_uploads)
        {
            // Another request that used the link may have removed it.
            if (!_uploads.TryGetValue(refused.UploadedSha256!, out Task<Upload>? upload) || !IsValid(upload, now) || upload.Result.Link != refused.Text) return;

            // If a link of hours ago has stopped working, a new one will work. If a new one does not work, another would not either.
            bool isOld = now - upload.Result.SentAt > RetryPause;
            _uploads[refused.UploadedSha256!] = Task.FromResult(new Upload(null, now, isOld ? now : now + RetryPause));
        }
    }

    /// <summary>True if a refusal is about this image alone.</summary>
    private static bool IsAboutImage(ApiResult result) =>
        result.Status == 413 || result is { Status: 200 or 400 or 422, Response.IsFailure: true };

    private static bool IsValid(Task<Upload> upload, DateTimeOffset now) =>
        upload.Status == TaskStatus.RanToCompletion && now < upload.Result.ValidUntil;

    /// <summary>Returns the upload of an image that is in flight or valid; the caller holds the lock.</summary>
    private bool TryGetUpload(string hash, DateTimeOffset now, [NotNullWhen(true)] out Task<Upload>? upload) =>
        _uploads.TryGetValue(hash, out upload) && (!upload.IsCompleted || IsValid(upload, now));

    /// <summary>Returns an upload with a link, or tries one even if uploads failed before.</summary>
    private Task<Upload> UploadEvenIfPausedAsync(Connection connection, FaceImage face, byte[] image, string hash, IEngineLog? log, CancellationToken cancellationToken)
    {
        lock (_uploads)
        {
            bool isKnown = TryGetUpload(hash, connection.Services.Time.GetUtcNow(), out Task<Upload>? known) && (!known.IsCompleted || known.Result.Link is not null);
            return (isKnown ? known! : StartUpload(hash, () => UploadAsync(connection, face, image, log))).WaitAsync(cancellationToken);
        }
    }

    /// <summary>Starts an upload; the caller holds the lock.</summary>
    private Task<Upload> StartUpload(string hash, Func<Task<Upload>> upload)
    {
        if (_uploads.Count >= Capacity && !_uploads.ContainsKey(hash))
        {
            // Uploads in flight are kept, and the latest ones, whose requests may still be waiting.
            string[] ended = [.. _uploads.Where(known => known.Value.IsCompleted).OrderBy(known => known.Value.Result.SentAt).Select(known => known.Key).Take(Capacity / 2)];
            foreach (string known in ended) _uploads.Remove(known);
        }

        return _uploads[hash] = Task.Run(upload);
    }

    private async Task<Upload> UploadAsync(Connection connection, FaceImage face, byte[] image, IEngineLog? log)
    {
        TimeProvider time = connection.Services.Time;
        long start = time.GetTimestamp();
        string text = FaceImage.ToDataUri(image);
        TimeSpan timeout = UploadTimeout + TimeSpan.FromSeconds(text.Length / SlowBytesPerSecond);
        // How long the service made it wait, which is no part of the timeout.
        TimeSpan waited = TimeSpan.Zero;
        for (int attempt = 0; ; attempt++)
        {
            long paceStart = time.GetTimestamp();
            await _rateLimiter.WaitAsync(time, CancellationToken.None).ConfigureAwait(false);
            waited += time.GetElapsedTime(paceStart);
            int pace = _rateLimiter.Version;
            DateTimeOffset sentAt = time.GetUtcNow();
            TimeSpan left = timeout + waited - time.GetElapsedTime(start);
            using CancellationTokenSource timeoutSource = time.CreateTimeoutSource(left > MinAttemptTime ? left : MinAttemptTime);
            ApiResult result;
            bool hasTimedOut = false;
            try
            {
                result = await connection.Api.PostAsync(connection.Address.Upload,
                    json => json.WriteString("base64_string", text), timeoutSource.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                result = new ApiResult { Failure = $"no response within {timeout.TotalSeconds:0} s" };
                hasTimedOut = true;
            }

            Outcome outcome = OutcomeClassifier.ClassifyUpload(result);
            if (outcome is Outcome.Finished { Response.Output: [{ Length: <= MaxLinkLength } link, ..] } && Generation.ParseLink(link) is { } address && DisplayText.IsDisplayable(address))
            {
                // Uploads work again.
                lock (_uploads) _pausedUntil = default;
                _rateLimiter.AddAccepted();
                log?.LogVerbose($"The face image '{face}' was uploaded. All requests with this image share its link.");
                return new Upload(link, sentAt, sentAt + LinkLifetime);
            }

            FaceGenException error = (outcome as Outcome.Failed)?.Error
                ?? new FaceGenException(outcome is Outcome.Retry { IsUnreachable: true } ? ErrorCode.ServiceUnreachable : ErrorCode.ServiceBusy,
                    $"The face image '{face}' could not be uploaded: {result.Describe().TrimEnd('.')}. Nothing was charged. Run the command again later.");
            // The submission reports that the service is unreachable, and waits for it; the next request uploads again.
            if (outcome is Outcome.Retry { IsUnreachable: true }) return new Upload(null, sentAt, sentAt, error);

            var retry = outcome as Outcome.Retry;
            bool isLimited = retry is not null && (result.Status == 429 || result is { Status: < 500, Response.IsFailure: true });
            bool isPaced = isLimited && retry!.Delay is null && _rateLimiter.TryAddRefusal(pace);
            TimeSpan delay = isPaced ? TimeSpan.Zero : Backoff.GetDelay(attempt, retry?.Delay, connection.Services);
            if (retry?.Delay is not null) waited += delay;
            bool isLast = retry is null || waited > MaxRateLimitWait || (retry.Delay is null && time.GetElapsedTime(start) - waited + delay > timeout);
            log?.LogVerbose($"The face image '{face}' could not be uploaded ({result.Describe().TrimEnd('.')}). {(isLast ? "It is sent inline with each request" : isPaced ? $"Uploads are sent {DisplayText.FormatSeconds(_rateLimiter.Interval)} apart" : $"Retrying in {DisplayText.FormatSeconds(delay)}")}.");
            if (isLast)
            {
                // A rate limit, or broken connections, end soon.
                bool isShort = isLimited || (retry is not null && result.StatusCode is null && !hasTimedOut);
                TimeSpan pause = !isShort || retry!.Delay > RetryPause ? RetryPause : retry.Delay > ShortRetryPause ? retry.Delay.Value : ShortRetryPause;
                DateTimeOffset until = time.GetUtcNow() + pause;
                lock (_uploads)
                {
                    if ((isLimited || !IsAboutImage(result)) && until > _pausedUntil) _pausedUntil = until;
                }

                return new Upload(null, sentAt, until, error);
            }

            await time.DelayAsync(delay, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>The result of an upload.</summary>
    /// <param name="Link">The image's link; null to send the image inline.</param>
    /// <param name="SentAt">When it was sent.</param>
    /// <param name="ValidUntil">How long the result is used.</param>
    /// <param name="Error">Why the upload failed; null if it did not.</param>
    private sealed record Upload(string? Link, DateTimeOffset SentAt, DateTimeOffset ValidUntil, FaceGenException? Error = null);
}
