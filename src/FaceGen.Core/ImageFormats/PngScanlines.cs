using System.IO.Compression;

namespace FaceGen.ImageFormats;

/// <summary>The rows of a PNG whose chunks have been checked, unpacked one after the other, with their filters undone.</summary>
internal sealed class PngScanlines : IDisposable
{
    private readonly DeflateStream _stream;
    private byte[] _previousRow;

    /// <summary>Begins before the first row.</summary>
    /// <param name="png">The PNG; not an interlaced one.</param>
    /// <param name="rowLength">How many bytes a row has.</param>
    /// <param name="pixelLength">How many bytes a pixel has, at least 1: so far to the left is what a filter looks at.</param>
    internal PngScanlines(ReadOnlyMemory<byte> png, int rowLength, int pixelLength)
    {
        RowStart = pixelLength;
        Row = new byte[pixelLength + rowLength];
        _previousRow = new byte[pixelLength + rowLength];
        var packed = new PngDataStream(png);
        // The zlib header's two bytes come before the deflated data.
        packed.ReadByte();
        packed.ReadByte();
        _stream = new DeflateStream(packed, CompressionMode.Decompress);
    }

    /// <summary>Where the row begins: a pixel of zeros stands before it, which the filters take for its left.</summary>
    internal int RowStart { get; }

    /// <summary>The row, until the next one is read.</summary>
    internal byte[] Row { get; private set; }

    /// <summary>Reads the next row; false where there is no whole one.</summary>
    /// <exception cref="InvalidDataException">The data cannot be unpacked.</exception>
    internal bool MoveNext()
    {
        (_previousRow, Row) = (Row, _previousRow);
        // The last of the zeros before the row is first its filter.
        if (!Fill(RowStart - 1)) return false;

        int filter = Row[RowStart - 1];
        Row[RowStart - 1] = 0;
        Unfilter(filter);
        return true;
    }

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
