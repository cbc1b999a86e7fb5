using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>Reads the blocks of a GIF.</summary>
internal static class GifBlocks
{
    private const int HeaderLength = 13, DescriptorLength = 10;

    /// <summary>Returns the size of a GIF, and whether it has its trailer; null if it has no complete image.</summary>
    internal static ImageSize? Read(ReadOnlySpan<byte> gif)
    {
        if (gif.Length < HeaderLength) return null;

        var size = new ImageSize(BinaryPrimitives.ReadUInt16LittleEndian(gif.Slice(6)), BinaryPrimitives.ReadUInt16LittleEndian(gif.Slice(8)));
        int at = HeaderLength + TableLength(gif[10]);
        bool hasImage = false;
        while (at < gif.Length)
        {
            switch (gif[at])
            {
                case 0x3B:
                    return hasImage ? size : null;
                case 0x21:
                    at += 2;
                    break;
                case 0x2C:
                    if (at + DescriptorLength >= gif.Length) return null;

                    // The byte after the colors is the code size of the pixels.
                    at += DescriptorLength + TableLength(gif[at + 9]) + 1;
                    hasImage |= at < gif.Length && gif[at] != 0;
                    break;
                default:
                    return null;
            }

            if (!TrySkipData(gif, ref at)) return null;
        }

        return hasImage && at == gif.Length ? size with { HasEndMarker = false } : null;
    }

    /// <summary>Skips data, which consists of blocks that begin with their lengths, and ends with an empty block.</summary>
    private static bool TrySkipData(ReadOnlySpan<byte> gif, ref int at)
    {
        while (at < gif.Length)
        {
            int length = gif[at];
            at += 1 + length;
            if (length == 0) return true;
        }

        return false;
    }

    private static int TableLength(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
}
