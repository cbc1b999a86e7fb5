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
    internal const int LeastBytes = 32 * 1024;

    /// <summary>Enough for requests that take turns with a set of faces; more would not stay flat in memory.</summary>
    private const int Capacity = 1024;

    private const int MaxLinkLength = 2048;

    /// <summary>What a slow line sends in a second: it has the time for it as well.</summary>
    private const int SlowBytesPerSecond = 64 * 1024;

    /// <summary>How long a link is used: the service must still read it when a request has waited for its turn.</summary>
    private static readonly TimeSpan LinkLife = TimeSpan.FromHours(Limits.LinkHours - 2);

    /// <summary>How long an image is sent in place after its upload, or its link, was refused.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    /// <summary>How long an upload is tried: sending in place is as good, and requests stand in slots meanwhile.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
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
    /// <param name="listener">Is told of the upload.</param>
    /// <param name="cancel">Ends waiting; an upload on its way goes on, since others may wait for it too.</param>
    /// <exception cref="FaceGenException">The file has gone or has changed, or is no longer an image.</exception>
    internal Task UploadAsync(Connection connection, FaceImage face, string? hash, IListener? listener, CancellationToken cancel) =>
        TextAsync(connection, face, new GenerateOptions { FaceHash = hash }, isShared: true, listener, cancel);

    /// <summary>
    /// Gives what a request carries. An image that another request has carried before is uploaded where it was not yet, and
    /// where its link has ended.
    /// </summary>
    /// <param name="connection">The connection that uploads.</param>
    /// <param name="face">The image.</param>
    /// <param name="options">Whether it may be uploaded, and which image it must be.</param>
    /// <param name="listener">Is told of the upload.</param>
    /// <param name="cancel">Ends waiting; an upload on its way goes on, since others may wait for it too.</param>
    /// <exception cref="FaceGenException">The file has gone or has changed, or is no longer an image.</exception>
    internal Task<FaceText> TextAsync(
        Connection connection, FaceImage face, GenerateOptions options, IListener? listener, CancellationToken cancel) =>
        TextAsync(connection, face, options, isShared: false, listener, cancel);

    /// <summary>
    /// Gives the link of an image, whatever its size: the one that it has, or that of a new upload, also after one that did
    /// not work.
    /// </summary>
    /// <exception cref="FaceGenException">It could not be uploaded, the file has gone, or is no longer an image.</exception>
    internal async Task<PublishedFace> PublishAsync(Connection connection, FaceImage face, IListener? listener, CancellationToken cancel)
    {
        byte[] image = face.ReadBytes();
        string hash = Sha256.Hex(image);
        Task<Upload> begun;
        lock (_uploads)
        {
            bool isKnown = _uploads.TryGetValue(hash, out Task<Upload>? known)
                && (!known.IsCompleted || (IsGood(known, connection.Services.Time.GetUtcNow()) && known.Result.Link is not null));
            begun = isKnown ? known! : Add(hash, () => UploadAsync(connection, face, image, listener));
        }

        Upload upload = await begun.UnlessAsync(cancel).ConfigureAwait(false);
        return upload.Link is null
            ? throw upload.Error!
            : new PublishedFace
            {
                FaceImage = new Uri(upload.Link),
                ExpiresAt = upload.At.AddHours(Limits.LinkHours),
                FilePath = face.FilePath!,
                Length = image.Length,
                Sha256 = hash,
                Connection = connection,
            };
    }

    /// <summary>The service does not seem to take an upload's link: gives what the same request carries instead.</summary>
    /// <exception cref="FaceGenException">The file has gone, or is no longer the same image.</exception>
    internal static FaceText InPlace(FaceImage face, FaceText refused)
    {
        byte[] image = face.ReadBytes();
        return Sha256.Hex(image) == refused.Upload
            ? new FaceText(FaceImage.DataUri(image)) { Refused = refused }
            : throw new FaceGenException(ErrorCode.FaceImageInvalid, $"The face image '{face}' has changed since it was uploaded, and was not sent.");
    }

    /// <summary>The service has taken an image in place of its link: nothing but the link was wrong, and it serves no more.</summary>
    internal void Drop(Connection connection, FaceText refused)
    {
        DateTimeOffset now = connection.Services.Time.GetUtcNow();
        lock (_uploads)
        {
            // Several requests may have used the link; the first to come back has done it for all.
            if (!_uploads.TryGetValue(refused.Upload!, out Task<Upload>? upload) || !IsGood(upload, now) || upload.Result.Link != refused.Text) return;

            // One that is hours old has served: another will. One that is fresh tells that another would not, either.
            bool hasServed = now - upload.Result.At > Pause;
            _uploads[refused.Upload!] = Task.FromResult(new Upload(null, now, hasServed ? now : now + Pause));
        }
    }

    /// <summary>Whether a refusal is one of this image, and says nothing of others.</summary>
    private static bool IsAboutImage(ApiResult result) =>
        result.Status == 413 || result is { Status: 200 or 400 or 422, Answer.IsFailure: true };

    private static bool IsGood(Task<Upload> upload, DateTimeOffset now) =>
        upload.Status == TaskStatus.RanToCompletion && now < upload.Result.Until;

    private async Task<FaceText> TextAsync(
        Connection connection, FaceImage face, GenerateOptions options, bool isShared, IListener? listener, CancellationToken cancel)
    {
        if (face.Link is not null) return new FaceText(face.ToWireText());

        byte[] image = face.ReadBytes();
        bool mayUpload = options.Upload && image.Length >= LeastBytes;
        string hash = mayUpload || options.FaceHash is not null ? Sha256.Hex(image) : "";
        if (options.FaceHash is { } known && hash != known)
            throw new FaceGenException(ErrorCode.FaceImageInvalid, $"The face image '{face}' has changed since the input was read, and was not sent: run the same command again.");
        if (!mayUpload) return new FaceText(FaceImage.DataUri(image));

        Task<Upload>? upload = Find(hash, isShared, connection.Services.Time.GetUtcNow(), () => UploadAsync(connection, face, image, listener));
        return upload is not null && (await upload.UnlessAsync(cancel).ConfigureAwait(false)).Link is { } link
            ? new FaceText(link, hash)
            : new FaceText(FaceImage.DataUri(image));
    }

    /// <summary>The one upload of an image, begun where there is none that serves; null where it is to be sent in place.</summary>
    private Task<Upload>? Find(string hash, bool isShared, DateTimeOffset now, Func<Task<Upload>> begin)
    {
        lock (_uploads)
        {
            if (_uploads.TryGetValue(hash, out Task<Upload>? upload) && (!upload.IsCompleted || IsGood(upload, now))) return upload;
            if (_seen.Count == Capacity) _seen.Clear();
            bool isFirst = _seen.Add(hash) && upload is null && !isShared;
            if (isFirst || now < _pausedUntil) return null;

            return Add(hash, begin);
        }
    }

    /// <summary>Begins an upload; the caller holds the lock.</summary>
    private Task<Upload> Add(string hash, Func<Task<Upload>> begin)
    {
        if (_uploads.Count >= Capacity && !_uploads.ContainsKey(hash))
        {
            // Those under way are kept: a second one of the same image would be for nothing.
            foreach (string ended in _uploads.Where(known => known.Value.IsCompleted).Select(known => known.Key).ToList()) _uploads.Remove(ended);
        }

        return _uploads[hash] = Task.Run(begin);
    }

    private async Task<Upload> UploadAsync(Connection connection, FaceImage face, byte[] image, IListener? listener)
    {
        TimeProvider time = connection.Services.Time;
        long start = time.GetTimestamp();
        string text = FaceImage.DataUri(image);
        TimeSpan patience = Patience + TimeSpan.FromSeconds(text.Length / SlowBytesPerSecond);
        using CancellationTokenSource over = time.Timer(patience);
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

            Outcome outcome = Classifier.OfUpload(result);
            if (outcome is Outcome.Ended { Answer.Output: [{ Length: <= MaxLinkLength } link, ..] } && Generation.AsLink(link) is { } address && DisplayText.CanBeShown(address))
            {
                listener?.Tell($"The face image '{face}' was uploaded: its link serves all requests that use it.");
                return new Upload(link, at, at + LinkLife);
            }

            // The submission tells of it, and waits for the service; a later upload may well succeed.
            FaceGenException error = (outcome as Outcome.Failed)?.Error
                ?? new FaceGenException(outcome is Outcome.Retry { IsUnreachable: true } ? ErrorCode.ServiceUnreachable : ErrorCode.ServiceBusy,
                    $"The face image '{face}' could not be uploaded: {result.Describe().TrimEnd('.')}.");
            if (outcome is Outcome.Retry { IsUnreachable: true }) return new Upload(null, at, at, error);

            var retry = outcome as Outcome.Retry;
            TimeSpan wait = Backoff.Wait(attempt, retry?.After, connection.Services);
            bool isOver = retry is null || time.GetElapsedTime(start) + wait > patience;
            listener?.Tell($"The face image '{face}' could not be uploaded ({result.Describe().TrimEnd('.')}): {(isOver ? "it is sent with each request" : $"trying again in {DisplayText.Seconds(wait)}")}.");
            if (isOver)
            {
                DateTimeOffset until = time.GetUtcNow() + Pause;
                if (!IsAboutImage(result)) lock (_uploads) _pausedUntil = until;
                return new Upload(null, at, until, error);
            }

            await time.Wait(wait, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>What came of an upload.</summary>
    /// <param name="Link">The image's link; null to send it in place.</param>
    /// <param name="At">When it was sent.</param>
    /// <param name="Until">How long that holds.</param>
    /// <param name="Error">Why there is no link, where there is none by an upload's own failure.</param>
    private sealed record Upload(string? Link, DateTimeOffset At, DateTimeOffset Until, FaceGenException? Error = null);
}
