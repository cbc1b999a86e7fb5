namespace FaceGen.Http;

/// <summary>Reading and writing whole arrays, alike on every framework.</summary>
internal static class StreamExtensions
{
    /// <summary>Reads what is there, at most as much as the buffer holds; 0 at the end.</summary>
    internal static ValueTask<int> ReadBufferAsync(this Stream stream, byte[] buffer, CancellationToken cancellationToken) =>
#if NETSTANDARD
        new(stream.ReadAsync(buffer, 0, buffer.Length, cancellationToken));
#else
        stream.ReadAsync(buffer, cancellationToken);
#endif

    /// <summary>Writes all of an array.</summary>
    internal static ValueTask WriteAllAsync(this Stream stream, byte[] bytes, CancellationToken cancellationToken) =>
#if NETSTANDARD
        new(stream.WriteAsync(bytes, 0, bytes.Length, cancellationToken));
#else
        stream.WriteAsync(bytes, cancellationToken);
#endif
}
