using System.Buffers.Binary;
using System.IO.Compression;

namespace FaceGen.ImageFormats;

/// <summary>Decompresses the rows of a PNG whose chunks have been checked, and reverses their filters.</summary>
internal sealed class PngScanlines : IDisposable
{
    private readonly DeflateStream _stream;
    private byte[] _previousRow;

    /// <summary>Starts before the first row.</summary>
    /// <param name="png">The PNG, which is not interlaced.</param>
    /// <param name="rowLength">The number of bytes of a row.</param>
    /// <param name="pixelLength">The number of bytes of a pixel, at least 1: the distance of the pixel to the left that a filter refers to.</param>
    internal PngScanlines(ReadOnlyMemory<byte> png, int rowLength, int pixelLength)
    {
        RowStart = pixelLength;
        Row = new byte[pixelLength + rowLength];
        _previousRow = new byte[pixelLength + rowLength];
        var packed = new PngDataStream(png);
        // The two bytes of the zlib header come before the compressed data.
        packed.ReadByte();
        packed.ReadByte();
        _stream = new DeflateStream(packed, CompressionMode.Decompress);
    }

    /// <summary>Gets the index of the first byte of the row: before it is a pixel of zeros, to the left of the first one.</summary>
    internal int RowStart { get; }

    /// <summary>Gets the current row, which the next one overwrites.</summary>
    internal byte[] Row { get; private set; }

    /// <summary>Reads the next row; false if there is no complete one.</summary>
    /// <exception cref="InvalidDataException">The data cannot be decompressed.</exception>
    internal bool MoveNext()
    {
        (_previousRow, Row) = (Row, _previousRow);
        // The filter is read to the last of the zeros before the row.
        if (!Fill(RowStart - 1)) return false;

        int filter = Row[RowStart - 1];
        Row[RowStart - 1] = 0;
        Unfilter(filter);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private void Unfilter(int filter)
    {
        Span<byte> row = Row.AsSpan(RowStart);
        ReadOnlySpan<byte> left = Row.AsSpan(0, row.Length);
        ReadOnlySpan<byte> above = _previousRow.AsSpan(RowStart, row.Length);
        ReadOnlySpan<byte> corner = _previousRow.AsSpan(0, row.Length);
        switch (filter)
        {
            case 1:
                for (int x = 0; x < row.Length; x++) row[x] += left[x];
                break;
            case 2:
                for (int x = 0; x < row.Length; x++) row[x] += above[x];
                break;
            case 3:
                for (int x = 0; x < row.Length; x++) row[x] += (byte)((left[x] + above[x]) / 2);
                break;
            case 4:
                for (int x = 0; x < row.Length; x++) row[x] += (byte)Paeth(left[x], above[x], corner[x]);
                break;
        }
    }

    private static int Paeth(int left, int above, int aboveLeft)
    {
        int estimate = left + above - aboveLeft;
        int toLeft = Math.Abs(estimate - left), toAbove = Math.Abs(estimate - above), toCorner = Math.Abs(estimate - aboveLeft);
        if (toLeft <= toAbove && toLeft <= toCorner) return left;
        return toAbove <= toCorner ? above : aboveLeft;
    }

    private bool Fill(int filled)
    {
        while (filled < Row.Length)
        {
            int read = _stream.Read(Row, filled, Row.Length - filled);
            if (read == 0) return false;
            filled += read;
        }

        return true;
    }
}

/// <summary>The compressed pixels of a PNG whose chunks have been checked, as a stream.</summary>
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

    /// <summary>Moves to the next IDAT chunk that is not empty; false at IEND.</summary>
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
