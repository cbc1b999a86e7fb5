using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>Reads the segments of a JPEG up to the first scan, whose data comes before the end marker.</summary>
internal static class JpegFile
{
    /// <summary>
    /// Returns the size of a JPEG, and whether it has its end marker; null if pixels are missing. The scans are read only if the
    /// end marker is missing.
    /// </summary>
    internal static ImageSize? Read(ReadOnlySpan<byte> jpeg)
    {
        if (ReadHeader(jpeg, out int scan) is not { } size) return null;
        if (HasEndMarker(jpeg.Slice(scan))) return size;

        return JpegScans.Check(jpeg) == JpegScanState.Complete ? size with { HasEndMarker = false } : null;
    }

    /// <summary>Returns why other programs cannot decode a JPEG; null if they can.</summary>
    internal static string? FindFault(ReadOnlySpan<byte> jpeg)
    {
        if (ReadHeader(jpeg, out int scan) is not { } size) return ImageFault.CutOffOrDamaged;
        if (ImageFault.OfSize((uint)size.Width, (uint)size.Height) is { } sizeFault) return sizeFault;

        return JpegScans.Check(jpeg) switch
        {
            JpegScanState.Complete => null,
            JpegScanState.ZeroFilled => ImageFault.ZeroFilled,
            JpegScanState.Unsupported when HasEndMarker(jpeg.Slice(scan)) => null,
            _ => ImageFault.CutOffOrDamaged,
        };
    }

    /// <summary>Returns the size that the frame declares, and the position of the first scan's data; null if there is none.</summary>
    private static ImageSize? ReadHeader(ReadOnlySpan<byte> jpeg, out int scan)
    {
        scan = 0;
        ImageSize? size = null;
        int at = 2;
        while (at + 4 <= jpeg.Length)
        {
            if (jpeg[at] != 0xFF) return null;
            byte marker = jpeg[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(jpeg.Slice(at + 2));
            if (length < 2 || at + 2 + length > jpeg.Length) return null;

            ReadOnlySpan<byte> data = jpeg.Slice(at + 4, length - 2);
            bool isFrame = marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
            if (isFrame && data.Length >= 5)
                size = new ImageSize(BinaryPrimitives.ReadUInt16BigEndian(data.Slice(3)), BinaryPrimitives.ReadUInt16BigEndian(data.Slice(1)));

            at += 2 + length;
            if (marker != 0xDA) continue;

            scan = at;
            return StartsWithMarker(jpeg.Slice(at)) ? null : size;
        }

        return null;
    }

    /// <summary>True if the bytes begin with a marker, so that the scan that should begin here is empty.</summary>
    private static bool StartsWithMarker(ReadOnlySpan<byte> jpeg) => jpeg.Length > 1 && jpeg[0] == 0xFF && jpeg[1] != 0;

    /// <summary>True if the end marker follows; inside a scan 0xFF is always followed by another byte.</summary>
    private static bool HasEndMarker(ReadOnlySpan<byte> scan) => scan.LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xD9]) >= 0;
}
