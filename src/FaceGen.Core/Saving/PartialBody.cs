using System.Net;
using System.Net.Http.Headers;
using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>
/// A download that may be cut off and taken up again: only where the server names the version by a strong tag, and only
/// when it then gives exactly the part that was asked for.
/// </summary>
/// <param name="body">Where it goes; what is there already is written over.</param>
internal sealed class PartialBody(MemoryStream body)
{
    private EntityTagHeaderValue? _version;

    /// <summary>Asks for what is still missing, if anything of a known version is there.</summary>
    internal void Prepare(HttpRequestMessage request)
    {
        if (_version is null || body.Length == 0) return;

        request.Headers.Range = new RangeHeaderValue(body.Length, null);
        request.Headers.IfRange = new RangeConditionHeaderValue(_version);
    }

    /// <summary>Takes in a successful answer, to its end.</summary>
    /// <returns>The whole body, there until more is taken in; null where the server gave another part than was asked for.</returns>
    internal async Task<ArraySegment<byte>?> TakeAsync(HttpResponseMessage response, int maxBytes, Patience patience)
    {
        bool isPart = response.StatusCode == HttpStatusCode.PartialContent;
        bool continues = isPart && body.Length > 0
            && response.Content.Headers.ContentRange is { Unit: "bytes", From: { } from } && from == body.Length
            && (response.Headers.ETag is null || response.Headers.ETag.Equals(_version));
        if (!continues) StartAnew();
        if (isPart && !continues) return null;

        if (!isPart && response.Headers.ETag is { IsWeak: false } version) _version = version;
        await response.Content.AppendToAsync(body, maxBytes, patience.Token, patience.Renew).ConfigureAwait(false);
        var whole = new ArraySegment<byte>(body.GetBuffer(), 0, (int)body.Length);
        StartAnew();
        return whole;
    }

    /// <summary>Forgets what has come.</summary>
    internal void StartAnew()
    {
        body.SetLength(0);
        _version = null;
    }
}
