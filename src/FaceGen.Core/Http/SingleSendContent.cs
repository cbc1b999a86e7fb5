using System.Net;
using System.Net.Http.Headers;

namespace FaceGen.Http;

/// <summary>
/// Represents a request body that is written to the network at most once. If a handler sends the request again after the connection
/// broke, an exception is thrown, because the service could accept the request and charge for it twice.
/// </summary>
internal sealed class SingleSendContent : HttpContent
{
    private readonly byte[] _body;
    private readonly CancellationToken _beforeSendToken;
    private int _writeCount;

    /// <param name="body">The body.</param>
    /// <param name="beforeSendToken">Cancels the request if no byte of it has been written.</param>
    internal SingleSendContent(byte[] body, CancellationToken beforeSendToken = default)
    {
        _body = body;
        _beforeSendToken = beforeSendToken;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    /// <summary>True if writing has started, so that the service may have received the request.</summary>
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
