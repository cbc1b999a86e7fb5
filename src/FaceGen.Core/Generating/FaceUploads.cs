using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>
/// The local face images that an account has uploaded: one link for each content, shared by everything that this process
/// sends. Uploading generates nothing and costs nothing; where it does not work, images are sent in place.
/// </summary>
internal sealed class FaceUploads
{
    /// <summary>Smaller images are sent in place: uploading is one call more.</summary>
    internal const int MinBytes = 32 * 1024;

    /// <summary>Enough for requests that take turns with a set of faces; more would not stay flat in memory.</summary>
    private const int Capacity = 1024;

    private const int MaxLinkLength = 2048;

    /// <summary>What a slow line sends in a second: it has the time for it as well.</summary>
    private const int SlowBytesPerSecond = 64 * 1024;

    /// <summary>How long a link is used: the service must still read it when a request has waited for its turn.</summary>
    private static readonly TimeSpan LinkLifetime = TimeSpan.FromHours(Limits.LinkLifetimeHours - 2);

    /// <summary>How long an image is sent in place after its upload, or its link, was refused.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromHours(1);

    /// <summary>How long an upload is tried: sending in place is as good, and requests stand in slots meanwhile.</summary>
    private static readonly TimeSpan UploadTimeout = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> _seenHashes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<Upload>> _uploads = new(StringComparer.Ordinal);

    /// <summary>Until when nothing is uploaded, since uploading itself did not work.</summary>
    private DateTimeOffset _pausedUntil;

    /// <summary>
    /// Uploads an image, where it was not yet, since several requests will use it. When the call returns its task, the
    /// upload has begun.
    /// </summary>
    /// <param name="connection">The connection that uploads.</param>
    /// <param name="face">The image.</param>
    /// <param name="hash">The SHA-256 that it must have; null for any.</param>
    /// <param name="log">Is told of the upload.</param>
    /// <param name="cancellationToken">Ends waiting; an upload on its way goes on, since others may wait for it too.</param>
    /// <exception cref="FaceGenException">The file has gone or has changed, or is no longer an image.</exception>
    internal Task UploadAsync(Connection connection, FaceImage face, string? hash, IEngineLog? log, CancellationToken cancellationToken) =>
        GetValueAsync(connection, face, new GenerateOptions { FaceHash = hash }, isShared: true, log, cancellationToken);

    /// <summary>
    /// Gives what a request carries. An image that another request has carried before is uploaded where it was not yet, and
    /// where its link has ended.
    /// </summary>
    /// <param name="connection">The connection that uploads.</param>
    /// <param name="face">The image.</param>
    /// <param name="options">Whether it may be uploaded, and which image it must be.</param>
    /// <param name="log">Is told of the upload.</param>
    /// <param name="cancellationToken">Ends waiting; an upload on its way goes on, since others may wait for it too.</param>
    /// <exception cref="FaceGenException">The file has gone or has changed, or is no longer an image.</exception>
    internal Task<FaceImageValue> GetValueAsync(
        Connection connection, FaceImage face, GenerateOptions options, IEngineLog? log, CancellationToken cancellationToken) =>
        GetValueAsync(connection, face, options, isShared: false, log, cancellationToken);

    /// <summary>
    /// Gives the link of an image, whatever its size: the one that it has, or that of a new upload, also after one that did
    /// not work.
    /// </summary>
    /// <exception cref="FaceGenException">It could not be uploaded, the file has gone, or is no longer an image.</exception>
    internal async Task<PublishedFace> PublishAsync(Connection connection, FaceImage face, IEngineLog? log, CancellationToken cancellationToken)
    {
        byte[] image = face.ReadBytes();
        string hash = Sha256.ComputeHex(image);
        Task<Upload> begun;
        lock (_uploads)
        {
            bool isKnown = _uploads.TryGetValue(hash, out Task<Upload>? known)
                && (!known.IsCompleted || (IsValid(known, connection.Services.Time.GetUtcNow()) && known.Result.Link is not null));
            begun = isKnown ? known! : Begin(hash, () => UploadAsync(connection, face, image, log));
        }

        Upload upload = await begun.WaitAsync(cancellationToken).ConfigureAwait(false);
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

    /// <summary>The service does not seem to take an upload's link: gives what the same request carries instead.</summary>
    /// <exception cref="FaceGenException">The file has gone, or is no longer the same image.</exception>
    internal static FaceImageValue ToInline(FaceImage face, FaceImageValue refused)
    {
        byte[] image = face.ReadBytes();
        return Sha256.ComputeHex(image) == refused.UploadedSha256
            ? new FaceImageValue(FaceImage.ToDataUri(image)) { Replaces = refused }
            : throw new FaceGenException(ErrorCode.FaceImageInvalid, $"The face image '{face}' has changed since it was uploaded, and was not sent.");
    }

    /// <summary>The service has taken an image in place of its link: nothing but the link was wrong, and it serves no more.</summary>
    internal void DropLink(Connection connection, FaceImageValue refused)
    {
        DateTimeOffset now = connection.Services.Time.GetUtcNow();
        lock (_uploads)
        {
            // Several requests may have used the link; the first to come back has done it for all.
            if (!_uploads.TryGetValue(refused.UploadedSha256!, out Task<Upload>? upload) || !IsValid(upload, now) || upload.Result.Link != refused.Text) return;

            // One that is hours old has served: another will. One that is fresh tells that another would not, either.
            bool hasServed = now - upload.Result.SentAt > RetryPause;
            _uploads[refused.UploadedSha256!] = Task.FromResult(new Upload(null, now, hasServed ? now : now + RetryPause));
        }
    }

    /// <summary>Whether a refusal is one of this image, and says nothing of others.</summary>
    private static bool IsAboutImage(ApiResult result) =>
        result.Status == 413 || result is { Status: 200 or 400 or 422, Response.IsFailure: true };

    private static bool IsValid(Task<Upload> upload, DateTimeOffset now) =>
        upload.Status == TaskStatus.RanToCompletion && now < upload.Result.ValidUntil;

    private async Task<FaceImageValue> GetValueAsync(
        Connection connection, FaceImage face, GenerateOptions options, bool isShared, IEngineLog? log, CancellationToken cancellationToken)
    {
        if (face.Link is not null) return new FaceImageValue(face.ToApiValue());

        byte[] image = face.ReadBytes();
        bool mayUpload = options.UploadFace && image.Length >= MinBytes;
        string hash = mayUpload || options.FaceHash is not null ? Sha256.ComputeHex(image) : "";
        if (options.FaceHash is { } known && hash != known)
            throw new FaceGenException(ErrorCode.FaceImageInvalid, $"The face image '{face}' has changed since the input was read, and was not sent: run the same command again.");
        if (!mayUpload) return new FaceImageValue(FaceImage.ToDataUri(image));

        Task<Upload>? upload = GetOrBegin(hash, isShared, connection.Services.Time.GetUtcNow(), () => UploadAsync(connection, face, image, log));
        return upload is not null && (await upload.WaitAsync(cancellationToken).ConfigureAwait(false)).Link is { } link
            ? new FaceImageValue(link, hash)
            : new FaceImageValue(FaceImage.ToDataUri(image));
    }

    /// <summary>The one upload of an image, begun where there is none that serves; null where it is to be sent in place.</summary>
    private Task<Upload>? GetOrBegin(string hash, bool isShared, DateTimeOffset now, Func<Task<Upload>> begin)
    {
        lock (_uploads)
        {
            if (_uploads.TryGetValue(hash, out Task<Upload>? upload) && (!upload.IsCompleted || IsValid(upload, now))) return upload;
            if (_seenHashes.Count == Capacity) _seenHashes.Clear();
            bool isFirst = _seenHashes.Add(hash) && upload is null && !isShared;
            if (isFirst || now < _pausedUntil) return null;

            return Begin(hash, begin);
        }
    }

    /// <summary>Begins an upload; the caller holds the lock.</summary>
    private Task<Upload> Begin(string hash, Func<Task<Upload>> begin)
    {
        if (_uploads.Count >= Capacity && !_uploads.ContainsKey(hash))
        {
            // Those under way are kept: a second one of the same image would be for nothing.
            foreach (string ended in _uploads.Where(known => known.Value.IsCompleted).Select(known => known.Key).ToList()) _uploads.Remove(ended);
        }

        return _uploads[hash] = Task.Run(begin);
    }

    private async Task<Upload> UploadAsync(Connection connection, FaceImage face, byte[] image, IEngineLog? log)
    {
        TimeProvider time = connection.Services.Time;
        long start = time.GetTimestamp();
        string text = FaceImage.ToDataUri(image);
        TimeSpan patience = UploadTimeout + TimeSpan.FromSeconds(text.Length / SlowBytesPerSecond);
        using CancellationTokenSource over = time.CreateTimeoutSource(patience);
        for (int attempt = 0; ; attempt++)
        {
            DateTimeOffset at = time.GetUtcNow();
            ApiResult result;
            try
            {
                result = await connection.Api.PostAsync(connection.Address.Upload,
                    json => json.WriteString("base64_string", text), over.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                result = new ApiResult { Failure = $"no answer within {patience.TotalSeconds:0} seconds" };
            }

            Outcome outcome = OutcomeClassifier.ClassifyUpload(result);
            if (outcome is Outcome.Finished { Response.Output: [{ Length: <= MaxLinkLength } link, ..] } && Generation.ParseLink(link) is { } address && DisplayText.IsDisplayable(address))
            {
                log?.LogVerbose($"The face image '{face}' was uploaded: its link serves all requests that use it.");
                return new Upload(link, at, at + LinkLifetime);
            }

            // The submission tells of it, and waits for the service; a later upload may well succeed.
            FaceGenException error = (outcome as Outcome.Failed)?.Error
                ?? new FaceGenException(outcome is Outcome.Retry { IsUnreachable: true } ? ErrorCode.ServiceUnreachable : ErrorCode.ServiceBusy,
                    $"The face image '{face}' could not be uploaded: {result.Describe().TrimEnd('.')}.");
            if (outcome is Outcome.Retry { IsUnreachable: true }) return new Upload(null, at, at, error);

            var retry = outcome as Outcome.Retry;
            TimeSpan wait = Backoff.GetDelay(attempt, retry?.Delay, connection.Services);
            bool isOver = retry is null || time.GetElapsedTime(start) + wait > patience;
            log?.LogVerbose($"The face image '{face}' could not be uploaded ({result.Describe().TrimEnd('.')}): {(isOver ? "it is sent with each request" : $"trying again in {DisplayText.FormatSeconds(wait)}")}.");
            if (isOver)
            {
                DateTimeOffset until = time.GetUtcNow() + RetryPause;
                if (!IsAboutImage(result)) lock (_uploads) _pausedUntil = until;
                return new Upload(null, at, until, error);
            }

            await time.DelayAsync(wait, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>What came of an upload.</summary>
    /// <param name="Link">The image's link; null to send it in place.</param>
    /// <param name="SentAt">When it was sent.</param>
    /// <param name="ValidUntil">How long that holds.</param>
    /// <param name="Error">Why there is no link, where there is none by an upload's own failure.</param>
    private sealed record Upload(string? Link, DateTimeOffset SentAt, DateTimeOffset ValidUntil, FaceGenException? Error = null);
}
