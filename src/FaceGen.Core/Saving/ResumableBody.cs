using System.Net;
using System.Net.Http.Headers;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>
/// A download that is resumed after it was cut off: only where the body is not encoded and the server names its version by
/// a strong tag, and only when the server then sends exactly the missing part of the same version.
/// </summary>
/// <param name="body">Where it goes; what is there already is written over.</param>
internal sealed class ResumableBody(MemoryStream body)
{
    private EntityTagHeaderValue? _entityTag;
    private DateTimeOffset? _lastModified;
    private long? _length;

    /// <summary>Asks for what is still missing, if anything of a known version is there.</summary>
    internal void PrepareRequest(HttpRequestMessage request)
    {
        if (_entityTag is null || body.Length == 0) return;

        request.Headers.Range = new RangeHeaderValue(body.Length, null);
        request.Headers.IfRange = new RangeConditionHeaderValue(_entityTag);
    }

    /// <summary>Takes in a successful answer, to its end.</summary>
    /// <returns>The whole body, there until more is taken in; null where the server gave another part than was asked for.</returns>
    internal async Task<ArraySegment<byte>?> ReadAsync(HttpResponseMessage response, int maxBytes, DownloadTimeout timeout)
    {
        bool isEncoded = response.Content.Headers.ContentEncoding.Any(coding => !coding.Equals(HttpHandlers.AcceptEncoding, StringComparison.OrdinalIgnoreCase));
        bool isPart = response.StatusCode == HttpStatusCode.PartialContent;
        bool continues = isPart && body.Length > 0
            && response.Content.Headers.ContentRange is { Unit: "bytes", From: { } from } range && from == body.Length
            && (range.Length is null || _length is null || range.Length == _length)
            && (response.Content.Headers.LastModified is null || response.Content.Headers.LastModified == _lastModified)
            && Equals(response.Headers.ETag, _entityTag) && !isEncoded;
        if (!continues) Reset();
        if (isPart && !continues) return null;

        if (!isPart && !isEncoded && response.Headers.ETag is { IsWeak: false } version)
            (_entityTag, _lastModified, _length) = (version, response.Content.Headers.LastModified, response.Content.Headers.ContentLength);
        await response.Content.AppendToAsync(body, maxBytes, timeout.RestartIdleTimer, timeout.Token).ConfigureAwait(false);
        var whole = new ArraySegment<byte>(body.GetBuffer(), 0, (int)body.Length);
        Reset();
        return whole;
    }

    /// <summary>Forgets what has come.</summary>
    internal void Reset()
    {
        body.SetLength(0);
        (_entityTag, _lastModified, _length) = (null, null, null);
    }
}
