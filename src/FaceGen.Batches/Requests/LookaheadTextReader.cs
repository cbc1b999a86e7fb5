using System.Text;

namespace FaceGen.Batches.Requests;

/// <summary>
/// A request file's text: decoded by its byte order mark (UTF-8 without one), with a look ahead. A lone CR, the line
/// end of old Macs, reads as LF, so that all that follows has one way to count lines.
/// </summary>
internal sealed class LookaheadTextReader : TextReader
{
    private const int BufferSize = 32 * 1024;

    private readonly StreamReader _reader;
    private readonly char[] _buffer = new char[BufferSize];
    private int _start;
    private int _end;
    private bool _endsInCarriageReturn;

    internal LookaheadTextReader(string path, Stream stream)
    {
        Path = path;
        _reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, BufferSize);
    }

    /// <summary>The file's full path.</summary>
    internal string Path { get; }

    /// <summary>What comes next, up to some 32,000 characters; empty at the end of the file.</summary>
    internal ReadOnlySpan<char> Lookahead
    {
        get
        {
            if (_start == _end) Fill();
            return _buffer.AsSpan(_start, _end - _start);
        }
    }

    /// <summary>Opens a file that other programs may have open, too.</summary>
    internal static LookaheadTextReader Open(string path)
    {
        if (Directory.Exists(path)) throw RequestFileError.ForFile(path, "is a folder");

        try
        {
            // The StreamReader has the only buffer that is needed.
            return new LookaheadTextReader(path, new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw RequestFileError.ForFile(path, "does not exist", e);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CreateReadError(path, e);
        }
    }

    /// <summary>Leaves out what <see cref="Lookahead"/> has shown.</summary>
    internal void Skip(int count) => _start += count;

    /// <summary>
    /// Reads as much as is asked for, or to the end: a reader of long rows, which begins a row anew with each piece that
    /// it gets, then gets few of them.
    /// </summary>
    public override int Read(char[] buffer, int index, int count)
    {
        Span<char> wanted = buffer.AsSpan(index, count);
        while (wanted.Length > 0 && Lookahead is { IsEmpty: false } ahead)
        {
            int taken = Math.Min(wanted.Length, ahead.Length);
            ahead.Slice(0, taken).CopyTo(wanted);
            wanted = wanted.Slice(taken);
            Skip(taken);
        }

        return count - wanted.Length;
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
        RequestFileError.ForFile(path, $"cannot be read: {e.Message.TrimEnd('.')}", e);

    private void Fill()
    {
        // Whether a CR at a block's end stands alone is known only with the next block.
        int kept = 0;
        if (_endsInCarriageReturn) _buffer[kept++] = '\r';

        int read = ReadBlock(kept);
        _start = 0;
        _end = kept + read;
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
