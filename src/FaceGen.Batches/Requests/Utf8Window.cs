using System.Text;

namespace FaceGen.Batches.Requests;

/// <summary>
/// A window on a file's text as UTF-8, which is what JSON is read from: it slides forward, and grows only as far as one
/// row needs.
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

    /// <summary>The file's full path.</summary>
    internal string Path => text.Path;

    /// <summary>What the window shows.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(_start, _end - _start);

    /// <summary>The line on which the window begins.</summary>
    internal int Line { get; private set; } = 1;

    /// <summary>Whether the window reaches the end of the file.</summary>
    internal bool IsFinal { get; private set; }

    /// <summary>Moves the window's beginning forward.</summary>
    internal void Consume(int count)
    {
        Line += LineBreaks.Count(Bytes.Slice(0, count));
        _start += count;
    }

    /// <summary>Moves the window's end forward.</summary>
    /// <param name="line">The line of the row that is too large if the window cannot grow.</param>
    internal void Extend(int line)
    {
        if (Bytes.Length >= MaxRowLength) throw RequestFileError.TooLarge(Path, line);

        // From half full on it is cheaper to grow than to slide and be full again soon.
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
