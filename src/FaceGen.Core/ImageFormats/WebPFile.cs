using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>Reads the chunks of a WebP: the RIFF header has the length, the first chunk the size, and another one the image.</summary>
internal static class WebPFile
{
    private const int RiffHeaderLength = 12;
    private const int ChunkHeaderLength = 8;

    /// <summary>The length of the header of an animation's frame, before the chunks in it.</summary>
    private const int FrameHeaderLength = 16;

    private const int LossyHeaderLength = 10;
    private const int LosslessHeaderLength = 5;
    private const int ExtendedHeaderLength = 10;

    /// <summary>
    /// The numbers of zeros at the end of lossy pixels that mean a broken download, between which an eighth of the pixels decides:
    /// pixels of one color end in fewer, about 6 percent.
    /// </summary>
    private const int MinZeros = 64, MaxZeros = 8192;

    /// <summary>Returns the size of a WebP; null if a chunk is incomplete, or none has an image.</summary>
    internal static ImageSize? Read(ReadOnlySpan<byte> webP)
    {
        if (webP.Length < 30 || !HasDeclaredLength(webP)) return null;

        var chunks = new RiffChunks(SliceChunks(webP));
        ImageSize? size = null;
        bool hasImage = false;
        while (chunks.MoveNext())
        {
            size ??= ReadSize(chunks.Type, chunks.Data);
            hasImage |= (chunks.Type.SequenceEqual("VP8 "u8) && chunks.Data.Length > LossyHeaderLength)
                || (chunks.Type.SequenceEqual("VP8L"u8) && chunks.Data.Length > LosslessHeaderLength)
                || (chunks.Type.SequenceEqual("ANMF"u8) && chunks.Data.Length > FrameHeaderLength + ChunkHeaderLength);
        }

        return hasImage && chunks.IsAtEnd ? size : null;
    }

    /// <summary>Returns why other programs cannot decode a WebP; null if they can.</summary>
    internal static string? FindFault(ReadOnlySpan<byte> webP)
    {
        if (webP.Length < RiffHeaderLength + ChunkHeaderLength || !HasDeclaredLength(webP)) return ImageFault.CutOff;
        if (Read(webP) is not { } size) return ImageFault.CutOffOrDamaged;
        if (ImageFault.OfSize((uint)size.Width, (uint)size.Height) is { } sizeFault) return sizeFault;

        ReadOnlySpan<byte> chunks = SliceChunks(webP);
        bool isExtended = chunks.StartsWith("VP8X"u8);
        return FindFrameFault(chunks, isExtended && (chunks[ChunkHeaderLength] & 2) != 0 ? null : size);
    }

    /// <summary>Returns the fault of the first frame that has one.</summary>
    /// <param name="chunks">The chunks of the file, or of one frame.</param>
    /// <param name="size">The size that each frame must have; null for any.</param>
    private static string? FindFrameFault(ReadOnlySpan<byte> chunks, ImageSize? size)
    {
        for (var each = new RiffChunks(chunks); each.MoveNext();)
        {
            if (each.Type.SequenceEqual("\0\0\0\0"u8)) return ImageFault.ZeroFilled;

            string? fault = null;
            if (each.Type.SequenceEqual("ANMF"u8)) fault = FindAnimationFault(each.Data);
            else if (each.Type.SequenceEqual("VP8 "u8) || each.Type.SequenceEqual("VP8L"u8)) fault = FindPixelFault(each.Type, each.Data, size);
            if (fault is not null) return fault;
        }

        return null;
    }

    private static string? FindAnimationFault(ReadOnlySpan<byte> frame)
    {
        if (frame.Length <= FrameHeaderLength) return ImageFault.CutOffOrDamaged;

        var size = new ImageSize(ReadUInt24(frame.Slice(6)) + 1, ReadUInt24(frame.Slice(9)) + 1);
        return FindFrameFault(frame.Slice(FrameHeaderLength), size);
    }

    private static string? FindPixelFault(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, ImageSize? size)
    {
        bool isLossy = type.SequenceEqual("VP8 "u8);
        if (!(isLossy ? IsLossyHeader(data) : IsLosslessHeader(data))) return "is damaged: the header of its pixels is invalid";
        ImageSize declared = ReadSize(type, data)!.Value;
        if (size is not null && declared != size) return "is damaged: it declares two sizes";

        if (!isLossy) return ImageFault.OfSize((uint)declared.Width, (uint)declared.Height) ?? WebPLosslessPixels.FindFault(data, declared);

        ReadOnlySpan<byte> pixels = data.Slice(LossyHeaderLength);
        return ImageFault.CountEndingZeros(pixels) >= Math.Min(MaxZeros, Math.Max(MinZeros, pixels.Length / 8)) ? ImageFault.ZeroFilled : null;
    }

    /// <summary>True if the data begins with the header of a VP8 key frame that is shown (RFC 6386, section 9.1).</summary>
    private static bool IsLossyHeader(ReadOnlySpan<byte> data)
    {
        if (data.Length <= LossyHeaderLength) return false;

        int tag = ReadUInt24(data), firstPartition = tag >> 5;
        bool isShownKeyFrame = (tag & 0b1_0001) == 0b1_0000 && ((tag >> 1) & 7) <= 3;
        return isShownKeyFrame && firstPartition > 0 && firstPartition < data.Length - LossyHeaderLength && data.Slice(3).StartsWith((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A]);
    }

    /// <summary>True if the data begins with the signature of a lossless image, and the only version there is.</summary>
    private static bool IsLosslessHeader(ReadOnlySpan<byte> data) => data.Length > LosslessHeaderLength && data[0] == 0x2F && data[4] >> 5 == 0;

    private static bool HasDeclaredLength(ReadOnlySpan<byte> webP) => ReadRiffLength(webP) <= webP.Length - ChunkHeaderLength;

    private static uint ReadRiffLength(ReadOnlySpan<byte> webP) => BinaryPrimitives.ReadUInt32LittleEndian(webP.Slice(4));

    private static ReadOnlySpan<byte> SliceChunks(ReadOnlySpan<byte> webP) =>
        webP.Slice(RiffHeaderLength, Math.Max(0, (int)ReadRiffLength(webP) + ChunkHeaderLength - RiffHeaderLength));

    private static ImageSize? ReadSize(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        if (type.SequenceEqual("VP8X"u8) && data.Length >= ExtendedHeaderLength) return new ImageSize(ReadUInt24(data.Slice(4)) + 1, ReadUInt24(data.Slice(7)) + 1);
        if (type.SequenceEqual("VP8 "u8) && data.Length >= LossyHeaderLength)
        {
            return new ImageSize(
                BinaryPrimitives.ReadUInt16LittleEndian(data.Slice(6)) & 0x3FFF,
                BinaryPrimitives.ReadUInt16LittleEndian(data.Slice(8)) & 0x3FFF);
        }

        if (type.SequenceEqual("VP8L"u8) && data.Length >= LosslessHeaderLength)
        {
            uint bits = BinaryPrimitives.ReadUInt32LittleEndian(data.Slice(1));
            return new ImageSize((int)(bits & 0x3FFF) + 1, (int)((bits >> 14) & 0x3FFF) + 1);
        }

        return null;
    }

    private static int ReadUInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}
