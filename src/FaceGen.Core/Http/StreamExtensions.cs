namespace FaceGen.Http;

/// <summary>Reading and writing whole arrays, alike on every framework.</summary>
internal static class StreamExtensions
{
    /// <summary>Reads what is there, at most as much as the buffer holds; 0 at the end.</summary>
    internal static ValueTask<int> ReadSomeAsync(this Stream stream, byte[] buffer, CancellationToken cancel) =>
#if NETSTANDARD
        new(stream.ReadAsync(buffer, 0, buffer.Length, cancel));
#else
        stream.ReadAsync(buffer, cancel);
#endif

    /// <summary>Writes all of an array.</summary>
    internal static ValueTask WriteAllAsync(this Stream stream, byte[] bytes, CancellationToken cancel) =>
#if NETSTANDARD
        new(stream.WriteAsync(bytes, 0, bytes.Length, cancel));
#else
        stream.WriteAsync(bytes, cancel);
#endif
}
