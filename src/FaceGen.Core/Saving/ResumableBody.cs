using System.Net;
using System.Net.Http.Headers;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>
/// The body of a download that can be resumed: only if the body is not encoded and has a strong entity tag, and if the server
/// then sends exactly the missing part of the same version.
/// </summary>
/// <param name="body">The buffer, which is overwritten.</param>
internal sealed class ResumableBody(MemoryStream body)
{
    private EntityTagHeaderValue? _entityTag;
    private DateTimeOffset? _lastModified;
    private long? _length;

    /// <summary>Requests the missing part, if there is a part of a known version.</summary>
    internal void PrepareRequest(HttpRequestMessage request)
    {
        if (_entityTag is null || body.Length == 0) return;

        request.Headers.Range = new RangeHeaderValue(body.Length, null);
        request.Headers.IfRange = new RangeConditionHeaderValue(_entityTag);
    }

    /// <summary>Reads a successful response to its end.</summary>
    /// <returns>The whole body, which the next read overwrites; null if the server sent another part than was requested.</returns>
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

    /// <summary>Discards what was read.</summary>
    internal void Reset()
    {
        body.SetLength(0);
        (_entityTag, _lastModified, _length) = (null, null, null);
    }
}
