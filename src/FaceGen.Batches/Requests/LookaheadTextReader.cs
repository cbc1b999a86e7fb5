using System.Text;

namespace FaceGen.Batches.Requests;

/// <summary>
/// Reads the text of a request file with a lookahead. The byte order mark decides the encoding; a file without one has the given
/// encoding. A lone CR, the line end of old Macs, becomes LF, so that every line break contains exactly one LF.
/// </summary>
internal sealed class LookaheadTextReader : TextReader
{
    private const int BufferSize = 32 * 1024;

    private readonly StreamReader _reader;
    private readonly char[] _buffer = new char[BufferSize];
    private int _start;
    private int _end;
    private bool _endsInCarriageReturn;

    internal LookaheadTextReader(string path, Stream stream, Encoding? encoding = null)
    {
        Path = path;
        _reader = new StreamReader(stream, encoding ?? Encoding.UTF8, detectEncodingFromByteOrderMarks: true, BufferSize);
    }

    /// <summary>Gets the full path of the file.</summary>
    internal string Path { get; }

    /// <summary>Gets the next characters, up to about 32,000; empty at the end of the file.</summary>
    internal ReadOnlySpan<char> Lookahead
    {
        get
        {
            if (_start == _end) Fill();
            return _buffer.AsSpan(_start, _end - _start);
        }
    }

    /// <summary>Opens a file, which other programs may have open too.</summary>
    internal static LookaheadTextReader Open(string path, Encoding? encoding)
    {
        if (Directory.Exists(path)) throw RequestFileError.ForFile(path, "is a folder", "Name a file");

        try
        {
            // The StreamReader buffers already.
            return new LookaheadTextReader(path, new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1), encoding);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw RequestFileError.ForFile(path, "does not exist", "Check the path", e);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CreateReadError(path, e);
        }
    }

    /// <summary>Advances past characters of <see cref="Lookahead"/>.</summary>
    internal void Skip(int count) => _start += count;

    /// <summary>
    /// Reads the requested count, or up to the end of the file: a CSV reader restarts a long row with each block that it gets, so the
    /// blocks must be large.
    /// </summary>
    public override int Read(char[] buffer, int index, int count)
    {
        Span<char> target = buffer.AsSpan(index, count);
        while (target.Length > 0 && Lookahead is { IsEmpty: false } ahead)
        {
            int copied = Math.Min(target.Length, ahead.Length);
            ahead.Slice(0, copied).CopyTo(target);
            target = target.Slice(copied);
            Skip(copied);
        }

        return count - target.Length;
    }

    public override int Peek() => Lookahead is [char next, ..] ? next : -1;

    public override int Read()
    {
        int next = Peek();
        if (next >= 0) Skip(1);
        return next;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _reader.Dispose();
        base.Dispose(disposing);
    }

    private static FaceGenException CreateReadError(string path, Exception e) =>
        RequestFileError.ForFile(path, $"cannot be read: {e.Message.TrimEnd('.')}", "Check the path and its permissions", e, hasRows: true);

    private void Fill()
    {
        // Only the next block shows whether a CR at the end of this one is alone.
        int start = 0;
        if (_endsInCarriageReturn) _buffer[start++] = '\r';

        int read = ReadBlock(start);
        _start = 0;
        _end = start + read;
        _endsInCarriageReturn = read > 0 && _buffer[_end - 1] == '\r';
        if (_endsInCarriageReturn) _end--;

        ReplaceLoneCarriageReturns(_buffer.AsSpan(0, _end));
        if (_end == 0 && _endsInCarriageReturn) Fill();
    }

    private int ReadBlock(int from)
    {
        try
        {
            return _reader.ReadBlock(_buffer, from, BufferSize - from);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CreateReadError(Path, e);
        }
    }

    private static void ReplaceLoneCarriageReturns(Span<char> text)
    {
        while (text.IndexOf('\r') is var at and >= 0)
        {
            text = text.Slice(at);
            if (text is not ['\r', '\n', ..]) text[0] = '\n';
            text = text.Slice(1);
        }
    }
}

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

    /// <summary>True if the window reaches the end of the file.</summary>
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

/// <summary>Counts line breaks, each of which contains exactly one LF after <see cref="LookaheadTextReader"/>.</summary>
internal static class LineBreaks
{
    internal static int Count(ReadOnlySpan<char> text) => Count(text, '\n');

    internal static int Count(ReadOnlySpan<byte> text) => Count(text, (byte)'\n');

    private static int Count<T>(ReadOnlySpan<T> text, T lineFeed) where T : IEquatable<T>
    {
        int count = 0;
        while (text.IndexOf(lineFeed) is var at and >= 0)
        {
            count++;
            text = text.Slice(at + 1);
        }

        return count;
    }
}
