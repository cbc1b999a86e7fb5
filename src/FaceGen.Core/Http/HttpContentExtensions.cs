namespace FaceGen.Http;

/// <summary>Reading bodies of unknown size.</summary>
internal static class HttpContentExtensions
{
    /// <summary>Enough that images come in few pieces; answers are much smaller.</summary>
    private const int MaxBufferSize = 64 * 1024;

    /// <summary>The most that is allocated before it has come: an image has room in it.</summary>
    private const int MaxPreallocatedBytes = 4 * 1024 * 1024;

    /// <summary>Reads a body whole.</summary>
    /// <exception cref="IOException">It is longer than allowed, or shorter than announced.</exception>
    internal static async Task<byte[]> ReadBytesAsync(this HttpContent content, int maxBytes, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await content.AppendToAsync(body, maxBytes, cancellationToken).ConfigureAwait(false);
        return body.Length == body.Capacity ? body.GetBuffer() : body.ToArray();
    }

    /// <summary>Reads a body to the end of what has come before it; what was read stays there also when it fails.</summary>
    /// <param name="content">The body.</param>
    /// <param name="body">Takes it in.</param>
    /// <param name="maxBytes">How long all of it may be.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <param name="onRead">Is told of each piece.</param>
    /// <exception cref="IOException">All of it is longer than allowed, or this is shorter than announced.</exception>
    internal static async Task AppendToAsync(
        this HttpContent content, MemoryStream body, int maxBytes, CancellationToken cancellationToken, Action? onRead = null)
    {
        long before = body.Length;
        long? announced = content.Headers.ContentLength;
        if (before + announced > maxBytes) throw CreateTooLongError(maxBytes);

#if NETSTANDARD
        using Stream stream = await content.ReadAsStreamAsync().ConfigureAwait(false);
        // Where the framework's stream ignores a token, taking its connection away still ends the wait.
        using CancellationTokenRegistration abort = cancellationToken.Register(stream.Dispose);
#else
        using Stream stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
#endif
        // An announcement alone costs no memory: beyond this, what has come makes the room.
        if (announced is not null) body.Capacity = Math.Max(body.Capacity, (int)Math.Min(before + announced.Value, Math.Max(before, MaxPreallocatedBytes)));
        byte[] buffer = new byte[Math.Min(announced is > 0 ? (int)announced : MaxBufferSize, MaxBufferSize)];
        int read;
        while ((read = await ReadAsync(stream, buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (body.Length + read > maxBytes) throw CreateTooLongError(maxBytes);
            body.Write(buffer, 0, read);
            onRead?.Invoke();
        }

        if (announced is not null && body.Length - before != announced)
            throw new IOException($"The body ended after {body.Length - before} of {announced} bytes.");
    }

    private static async Task<int> ReadAsync(Stream stream, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadBufferAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private static IOException CreateTooLongError(int maxBytes) => new($"The body is longer than {maxBytes / 1048576} MB.");
}
