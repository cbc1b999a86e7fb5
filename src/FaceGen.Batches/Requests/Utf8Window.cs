using System.Text;

namespace FaceGen.Batches.Requests;

/// <summary>
/// A sliding window over a file's text as UTF-8, from which JSON is read. It grows only as far as one row needs.
/// </summary>
internal sealed class Utf8Window(LookaheadTextReader text)
{
    private const int MaxRowLength = 16 * 1024 * 1024;
    private const int CharsPerRead = 16 * 1024;

    private static readonly int MaxBytesPerRead = Encoding.UTF8.GetMaxByteCount(CharsPerRead);

    private readonly Encoder _encoder = Encoding.UTF8.GetEncoder();
    private readonly char[] _chars = new char[CharsPerRead];
    private byte[] _bytes = new byte[128 * 1024];
    private int _start;
    private int _end;

    /// <summary>Gets the full path of the file.</summary>
    internal string Path => text.Path;

    /// <summary>Gets the bytes in the window.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Gets the line on which the window begins.</summary>
    internal int Line { get; private set; } = 1;

    /// <summary>Gets a value that is true if the window reaches the end of the file.</summary>
    internal bool IsFinal { get; private set; }

    /// <summary>Moves the start of the window forward.</summary>
    internal void Consume(int count)
    {
        Line += LineBreaks.Count(Bytes.Slice(0, count));
        _start += count;
    }

    /// <summary>Moves the end of the window forward.</summary>
    /// <param name="line">The line of the current row, for the error if the row is too large.</param>
    internal void Extend(int line)
    {
        if (Bytes.Length >= MaxRowLength) throw RequestFileError.TooLarge(Path, line);

        // A window that is more than half full grows, since it would soon be full again.
        int size = Bytes.Length > _bytes.Length / 2 ? _bytes.Length * 2 : _bytes.Length;
        size = Math.Min(size, MaxRowLength + MaxBytesPerRead);
        byte[] target = size > _bytes.Length ? new byte[size] : _bytes;
        Buffer.BlockCopy(_bytes, _start, target, 0, Bytes.Length);
        _end -= _start;
        _start = 0;
        _bytes = target;

        while (!IsFinal && _bytes.Length - _end >= MaxBytesPerRead)
        {
            int read = text.Read(_chars, 0, CharsPerRead);
            IsFinal = read == 0;
            _end += _encoder.GetBytes(_chars, 0, read, _bytes, _end, flush: IsFinal);
        }
    }
}
