using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>The packed pixels of a PNG whose chunks have been checked, read as far as they are asked for.</summary>
internal sealed class PngDataStream(ReadOnlyMemory<byte> png) : Stream
{
    private const int SignatureLength = 8;
    private const int ChunkHeaderLength = 8;
    private const int ChunkTrailerLength = 4;

    private int _nextChunk = SignatureLength;
    private int _position;
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
        if (_position == _end && !MoveToNextData()) return 0;

        int read = Math.Min(count, _end - _position);
        png.Span.Slice(_position, read).CopyTo(buffer.AsSpan(offset));
        _position += read;
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
    private bool MoveToNextData()
    {
        while (true)
        {
            ReadOnlySpan<byte> chunk = png.Span.Slice(_nextChunk);
            ReadOnlySpan<byte> type = chunk.Slice(4, 4);
            if (type.SequenceEqual("IEND"u8)) return false;

            _position = _nextChunk + ChunkHeaderLength;
            _end = _position + BinaryPrimitives.ReadInt32BigEndian(chunk);
            _nextChunk = _end + ChunkTrailerLength;
            if (_end > _position && type.SequenceEqual("IDAT"u8)) return true;

            _position = _end;
        }
    }
}
