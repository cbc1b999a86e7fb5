using System.Net;
using System.Net.Http.Headers;

namespace FaceGen.Http;

/// <summary>
/// A body that is written to the network at most once and knows whether it was. A handler that would quietly send a
/// request again, after a connection broke, meets a refusal instead: the service might accept, and charge, twice.
/// </summary>
internal sealed class SingleSendContent : HttpContent
{
    private readonly byte[] _body;
    private readonly CancellationToken _beforeSendToken;
    private int _writeCount;

    /// <param name="body">The body.</param>
    /// <param name="beforeSendToken">Ends a request as long as nothing of it has been written.</param>
    internal SingleSendContent(byte[] body, CancellationToken beforeSendToken = default)
    {
        _body = body;
        _beforeSendToken = beforeSendToken;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    /// <summary>Whether writing has begun: from then on the service may have got the request.</summary>
    internal bool IsSent => Volatile.Read(ref _writeCount) > 0;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        if (!IsSent) _beforeSendToken.ThrowIfCancellationRequested();
        if (Interlocked.Increment(ref _writeCount) > 1)
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
