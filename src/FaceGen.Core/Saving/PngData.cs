using System.Buffers.Binary;

namespace FaceGen.Saving;

/// <summary>The packed pixels of a PNG whose chunks have been checked, read as far as they are asked for.</summary>
internal sealed class PngData(ReadOnlyMemory<byte> png) : Stream
{
    private const int Signature = 8;
    private const int BeforeData = 8;
    private const int AfterData = 4;

    private int _next = Signature;
    private int _at;
    private int _end;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        if (_at == _end && !MoveToData()) return 0;

        int read = Math.Min(count, _end - _at);
        png.Span.Slice(_at, read).CopyTo(buffer.AsSpan(offset));
        _at += read;
        return read;
    }

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Goes on to the next IDAT that holds anything; false at IEND.</summary>
    private bool MoveToData()
    {
        while (true)
        {
            ReadOnlySpan<byte> chunk = png.Span.Slice(_next);
            ReadOnlySpan<byte> type = chunk.Slice(4, 4);
            if (type.SequenceEqual("IEND"u8)) return false;

            _at = _next + BeforeData;
            _end = _at + BinaryPrimitives.ReadInt32BigEndian(chunk);
            _next = _end + AfterData;
            if (_end > _at && type.SequenceEqual("IDAT"u8)) return true;

            _at = _end;
        }
    }
}
