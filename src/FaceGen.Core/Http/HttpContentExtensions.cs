namespace FaceGen.Http;

/// <summary>Reading bodies of unknown size.</summary>
internal static class HttpContentExtensions
{
    /// <summary>Reads a body whole.</summary>
    /// <exception cref="IOException">It is longer than allowed, or shorter than announced.</exception>
    internal static async Task<byte[]> ReadBytesAsync(this HttpContent content, int maxBytes, CancellationToken cancel)
    {
        long? announced = content.Headers.ContentLength;
        if (announced > maxBytes) throw TooLong(maxBytes);

#if NETSTANDARD
        using Stream stream = await content.ReadAsStreamAsync().ConfigureAwait(false);
        // Where the framework's stream ignores a token, taking its connection away still ends the wait.
        using CancellationTokenRegistration abort = cancel.Register(stream.Dispose);
#else
        using Stream stream = await content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
#endif
        using var body = new MemoryStream((int)(announced ?? 0));
        byte[] buffer = new byte[16 * 1024];
        int read;
        while ((read = await ReadAsync(stream, buffer, cancel).ConfigureAwait(false)) > 0)
        {
            if (body.Length + read > maxBytes) throw TooLong(maxBytes);
            body.Write(buffer, 0, read);
        }

        if (announced is not null && body.Length != announced)
            throw new IOException($"The body ended after {body.Length} of {announced} bytes.");

        return body.ToArray();
    }

    private static async Task<int> ReadAsync(Stream stream, byte[] buffer, CancellationToken cancel)
    {
        try
        {
#if NETSTANDARD
            return await stream.ReadAsync(buffer, 0, buffer.Length, cancel).ConfigureAwait(false);
#else
            return await stream.ReadAsync(buffer, cancel).ConfigureAwait(false);
#endif
        }
        catch (ObjectDisposedException) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
    }

    private static IOException TooLong(int maxBytes) => new($"The body is longer than {maxBytes / 1048576} MB.");
}
