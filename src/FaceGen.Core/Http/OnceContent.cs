using System.Net;
using System.Net.Http.Headers;

namespace FaceGen.Http;

/// <summary>
/// A body that is written to the network at most once and knows whether it was. A handler that would quietly send a
/// request again, after a connection broke, meets a refusal instead: the service might accept, and charge, twice.
/// </summary>
internal sealed class OnceContent : HttpContent
{
    private readonly byte[] _body;
    private int _writes;

    internal OnceContent(byte[] body)
    {
        _body = body;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    /// <summary>Whether writing has begun: from then on the service may have got the request.</summary>
    internal bool WasSent => Volatile.Read(ref _writes) > 0;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        if (Interlocked.Increment(ref _writes) > 1)
            throw new InvalidOperationException("The connection broke, and the request was not sent a second time.");

        return stream.WriteAsync(_body, 0, _body.Length);
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
