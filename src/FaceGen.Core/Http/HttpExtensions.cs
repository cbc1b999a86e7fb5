namespace FaceGen.Http;

/// <summary>Reads heads and bodies of responses.</summary>
internal static class HttpExtensions
{
    /// <summary>The maximum size of a read: images arrive in few parts, and most responses are smaller.</summary>
    private const int MaxBufferSize = 64 * 1024;

    /// <summary>The maximum memory that is allocated for an announced size before the data arrives: enough for an image.</summary>
    private const int MaxPreallocatedBytes = 4 * 1024 * 1024;

    /// <summary>Returns the delay in <c>Retry-After</c>, in seconds or as a date; null if there is none.</summary>
    internal static TimeSpan? GetRetryAfter(this HttpResponseMessage response, TimeProvider time)
    {
        TimeSpan? wait = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }

    /// <summary>Reads a whole body.</summary>
    /// <exception cref="IOException">The body is longer than allowed, or shorter than announced.</exception>
    internal static async Task<byte[]> ReadBytesAsync(this HttpContent content, int maxBytes, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await content.AppendToAsync(body, maxBytes, onRead: null, cancellationToken).ConfigureAwait(false);
        return body.Length == body.Capacity ? body.GetBuffer() : body.ToArray();
    }

    /// <summary>Appends a body to an earlier part of it. What was read stays in the stream if reading fails.</summary>
    /// <param name="content">The body.</param>
    /// <param name="body">The stream with the earlier part.</param>
    /// <param name="maxBytes">The maximum size of both parts, in bytes.</param>
    /// <param name="onRead">Called after each read.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="IOException">Both parts are longer than allowed, or the content is shorter than announced.</exception>
    internal static async Task AppendToAsync(this HttpContent content, MemoryStream body, int maxBytes, Action? onRead, CancellationToken cancellationToken)
    {
        long before = body.Length;
        long? announced = content.Headers.ContentLength;
        if (before + announced > maxBytes) throw CreateTooLongError(maxBytes);

#if NETSTANDARD
        using Stream stream = await content.ReadAsStreamAsync().ConfigureAwait(false);
        // The stream of .NET Framework ignores the token; disposing it ends the read.
        using CancellationTokenRegistration registration = cancellationToken.Register(stream.Dispose);
#else
        using Stream stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
#endif
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
            return await stream.ReadAsync(buffer, 0, buffer.Length, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private static IOException CreateTooLongError(int maxBytes) => new($"The body is longer than {maxBytes / 1048576} MB.");
}
