using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>Reads the pixels of a PNG of any depth and color type that is not interlaced.</summary>
internal sealed class PngReader : IPixelRows
{
    private readonly ReadOnlyMemory<byte> _png;
    private readonly int _depth;
    private readonly int _colorType;
    private readonly int _channels;
    private readonly byte[] _palette = [];
    private readonly byte[] _transparent = [];

    /// <summary>Reads the chunks before the pixels.</summary>
    /// <param name="png">A PNG that has been checked.</param>
    /// <exception cref="FaceGenException">The PNG is invalid or interlaced.</exception>
    internal PngReader(ReadOnlyMemory<byte> png)
    {
        _png = png;
        var chunks = new PngChunks(png.Span);
        chunks.MoveNext();
        ReadOnlySpan<byte> header = chunks.Data;
        (Width, Height) = (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.Slice(4)));
        (_depth, _colorType) = (header[8], header[9]);
        _channels = _colorType switch { 0 or 3 => 1, 2 => 3, 4 => 2, 6 => 4, _ => 0 };
        bool isKnown = _depth == 8 || (_depth == 16 && _colorType != 3) || (_depth is 1 or 2 or 4 && _colorType is 0 or 3);
        if (_channels == 0 || !isKnown) throw CreateInvalidError("has an invalid color type");
        if (header[12] != 0) throw CreateInvalidError("is interlaced, which FaceGen cannot read");

        while (chunks.MoveNext() && !chunks.Type.SequenceEqual("IDAT"u8))
        {
            if (chunks.Type.SequenceEqual("PLTE"u8)) _palette = chunks.Data.ToArray();
            if (chunks.Type.SequenceEqual("tRNS"u8)) _transparent = chunks.Data.ToArray();
        }

        if (_colorType == 3 && _palette.Length < 3) throw CreateInvalidError("has no palette");
    }

    public int Width { get; }

    public int Height { get; }

    private int MaxSample => (1 << _depth) - 1;

    /// <inheritdoc/>
    public IEnumerable<byte[]> ReadRows()
    {
        byte[] pixels = new byte[Width * 4];
        int bits = _channels * _depth;
        using var rows = new PngScanlines(_png, (int)((((long)Width * bits) + 7) / 8), Math.Max(1, bits / 8));
        for (int y = 0; y < Height; y++)
        {
            if (!MoveNext(rows)) throw CreateInvalidError("has fewer pixels than its header declares");

            for (int x = 0; x < Width; x++) ExpandPixel(rows.Row.AsSpan(rows.RowStart), x, pixels.AsSpan(x * 4, 4));
            yield return pixels;
        }
    }

    private static bool MoveNext(PngScanlines rows)
    {
        try
        {
            return rows.MoveNext();
        }
        catch (InvalidDataException e)
        {
            throw CreateInvalidError("has pixels that cannot be decompressed", e);
        }
    }

    private void ExpandPixel(ReadOnlySpan<byte> row, int x, Span<byte> pixel)
    {
        int first = x * _channels;
        if (_colorType == 3)
        {
            // A color beyond the palette becomes the last one.
            int index = Math.Min(ReadSample(row, first), (_palette.Length / 3) - 1);
            _palette.AsSpan(index * 3, 3).CopyTo(pixel);
            pixel[3] = index < _transparent.Length ? _transparent[index] : byte.MaxValue;
            return;
        }

        bool isGray = _channels < 3;
        for (int c = 0; c < 3; c++) pixel[c] = ToByte(ReadSample(row, first + (isGray ? 0 : c)));
        pixel[3] = _channels is 2 or 4 ? ToByte(ReadSample(row, first + _channels - 1))
            : IsTransparent(row, first) ? (byte)0
            : byte.MaxValue;
    }

    /// <summary>True if a pixel has the color that is transparent.</summary>
    private bool IsTransparent(ReadOnlySpan<byte> row, int first)
    {
        if (_transparent.Length < _channels * 2) return false;

        for (int c = 0; c < _channels; c++)
        {
            if (ReadSample(row, first + c) != BinaryPrimitives.ReadUInt16BigEndian(_transparent.AsSpan(c * 2))) return false;
        }

        return true;
    }

    private int ReadSample(ReadOnlySpan<byte> row, int index)
    {
        if (_depth == 8) return row[index];
        if (_depth == 16) return BinaryPrimitives.ReadUInt16BigEndian(row.Slice(index * 2));

        int bit = index * _depth;
        return (row[bit / 8] >> (8 - _depth - (bit % 8))) & MaxSample;
    }

    private byte ToByte(int sample) => _depth == 8 ? (byte)sample : (byte)(((sample * 255L) + (MaxSample / 2)) / MaxSample);

    private static FaceGenException CreateInvalidError(string fault, Exception? inner = null) => new(ErrorCode.ImageInvalid, $"The PNG {fault}.", inner);
}
