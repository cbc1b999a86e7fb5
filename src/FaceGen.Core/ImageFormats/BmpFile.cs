using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>Reads the header of a BMP, which gives the position of its pixels.</summary>
internal static class BmpFile
{
    private const int FileHeader = 14, CoreHeader = 12, InfoHeader = 40;

    /// <summary>Returns the size of a BMP; null if pixels are missing.</summary>
    internal static ImageSize? Read(ReadOnlySpan<byte> bmp)
    {
        if (bmp.Length < FileHeader + InfoHeader) return null;

        long pixels = BinaryPrimitives.ReadUInt32LittleEndian(bmp.Slice(10));
        bool isCore = BinaryPrimitives.ReadInt32LittleEndian(bmp.Slice(FileHeader)) == CoreHeader;
        int width = isCore ? BinaryPrimitives.ReadUInt16LittleEndian(bmp.Slice(18)) : BinaryPrimitives.ReadInt32LittleEndian(bmp.Slice(18));
        int height = isCore ? BinaryPrimitives.ReadUInt16LittleEndian(bmp.Slice(20)) : BinaryPrimitives.ReadInt32LittleEndian(bmp.Slice(22));
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(bmp.Slice(isCore ? 24 : 28));
        uint compression = isCore ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bmp.Slice(30));
        if (height == int.MinValue || bits is not (1 or 4 or 8 or 16 or 24 or 32)) return null;

        // The height is negative if the rows are in order from top to bottom.
        height = Math.Abs(height);
        // Without compression, or with color masks, the length of a row is a multiple of 4 bytes.
        long length = compression is 0 or 3 or 6
            ? (((long)width * bits) + 31) / 32 * 4 * height
            : BinaryPrimitives.ReadUInt32LittleEndian(bmp.Slice(34));
        return length > 0 && length <= bmp.Length - pixels ? new ImageSize(width, height) : null;
    }
}
