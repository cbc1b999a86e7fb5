namespace FaceGen.ImageFormats;

/// <summary>
/// Reads the size of a JPEG XL image (ISO/IEC 18181). An image in boxes is checked completely; a bare codestream does not
/// contain its length.
/// </summary>
internal static class JpegXlFile
{
    /// <summary>The length of the largest size header: 67 bits after two bytes. Pixels follow.</summary>
    private const int HeaderLength = 12;

    private const int PartNumberLength = 4;

    /// <summary>Returns the size of a JPEG XL image; null if its boxes are incomplete.</summary>
    internal static ImageSize? Read(ReadOnlySpan<byte> file)
    {
        if (file[0] == 0xFF) return ReadCodestream(file);

        ImageSize? size = null;
        Span<byte> start = stackalloc byte[HeaderLength];
        int startLength = 0;
        bool hasParts = false, hasLastPart = false;
        var boxes = new IsoBoxes(file);
        while (boxes.MoveNext())
        {
            if (boxes.Type.SequenceEqual("jxlc"u8)) size ??= ReadCodestream(boxes.Data);
            if (!boxes.Type.SequenceEqual("jxlp"u8) || boxes.Data.Length < PartNumberLength) continue;

            // The codestream may be divided into parts: each begins with its number, and the last one is marked.
            hasParts = true;
            hasLastPart |= (boxes.Data[0] & 0x80) != 0;
            ReadOnlySpan<byte> part = boxes.Data.Slice(PartNumberLength);
            part = part.Slice(0, Math.Min(part.Length, HeaderLength - startLength));
            part.CopyTo(start.Slice(startLength));
            startLength += part.Length;
        }

        if (hasParts ? !hasLastPart : !boxes.IsAtEnd) return null;

        return hasParts ? ReadCodestream(start.Slice(0, startLength)) : size;
    }

    private static ImageSize? ReadCodestream(ReadOnlySpan<byte> stream)
    {
        if (stream.Length < HeaderLength || stream[0] != 0xFF || stream[1] != 0x0A) return null;

        var bits = new BitReader(stream.Slice(2));
        bool isSmall = bits.Read(1) == 1;
        long height = isSmall ? (bits.Read(5) + 1) * 8 : ReadSide(ref bits);
        long width = bits.Read(3) switch
        {
            0 => isSmall ? (bits.Read(5) + 1) * 8 : ReadSide(ref bits),
            1 => height,
            2 => height * 12 / 10,
            3 => height * 4 / 3,
            4 => height * 3 / 2,
            5 => height * 16 / 9,
            6 => height * 5 / 4,
            _ => height * 2,
        };
        return width <= int.MaxValue && height <= int.MaxValue ? new ImageSize((int)width, (int)height) : null;
    }

    private static long ReadSide(ref BitReader bits) => 1 + bits.Read(bits.Read(2) switch { 0 => 9, 1 => 13, 2 => 18, _ => 30 });

    /// <summary>Reads numbers of any count of bits, the lowest bit first.</summary>
    private ref struct BitReader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _position;

        internal long Read(long count)
        {
            long value = 0;
            for (int i = 0; i < count; i++, _position++) value |= (long)((_bytes[_position / 8] >> (_position % 8)) & 1) << i;
            return value;
        }
    }
}
