using System.Buffers.Binary;
using System.Text;

namespace FaceGen.ImageFormats;

/// <summary>Reads the chunks of a PNG, and checks that all of its pixels are there.</summary>
internal static class PngFile
{
    private const int HeaderLength = 13;
    private const int PaletteColorType = 3;

    /// <summary>Returns the size of a PNG, and whether it has its end marker; null if pixels are missing.</summary>
    internal static ImageSize? Read(ReadOnlySpan<byte> png) => Read(png, out _);

    /// <summary>Returns why other programs cannot decode a PNG; null if they can.</summary>
    internal static string? FindFault(ReadOnlySpan<byte> png)
    {
        Read(png, out string? fault);
        return fault;
    }

    private static ImageSize? Read(ReadOnlySpan<byte> png, out string? fault)
    {
        var chunks = new PngChunks(png);
        bool hasHeader = chunks.MoveNext();
        fault = hasHeader switch
        {
            true when chunks.Type.SequenceEqual("CgBI"u8) => "was optimized for iOS (CgBI), which other programs cannot read; export it as PNG again",
            true when !chunks.Type.SequenceEqual("IHDR"u8) || chunks.Data.Length != HeaderLength => "is damaged: it does not begin with a PNG header",
            false => chunks.HasWrongSum ? DescribeWrongSum(chunks) : ImageFault.CutOff,
            _ => null,
        };
        if (fault is not null) return null;

        ReadOnlySpan<byte> header = chunks.Data;
        (int width, int height) = (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.Slice(4)));
        fault = ImageFault.OfSize((uint)width, (uint)height);
        if (fault is not null) return null;

        bool hasEnd = false, hasPalette = false;
        while (!hasEnd && chunks.MoveNext())
        {
            hasEnd = chunks.Type.SequenceEqual("IEND"u8);
            hasPalette |= chunks.Type.SequenceEqual("PLTE"u8);
        }

        bool isComplete = PngPixels.AreComplete(png, header, width, height);
        fault = chunks.HasWrongSum ? DescribeWrongSum(chunks)
            : !isComplete ? (hasEnd ? ImageFault.CutOffOrDamaged : ImageFault.CutOff)
            : header[9] == PaletteColorType && !hasPalette ? "is damaged: it has no palette"
            : null;
        return isComplete ? new ImageSize(width, height, hasEnd) : null;
    }

    private static string DescribeWrongSum(PngChunks chunks) => $"is damaged: its chunk {Encoding.ASCII.GetString(chunks.Type.ToArray())} has a wrong checksum";
}
