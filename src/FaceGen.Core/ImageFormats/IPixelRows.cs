namespace FaceGen.ImageFormats;

/// <summary>A picture whose pixels come row after row.</summary>
internal interface IPixelRows
{
    int Width { get; }

    int Height { get; }

    /// <summary>The rows, four bytes a pixel; each is good until the next.</summary>
    /// <exception cref="FaceGenException">The pixels do not unpack.</exception>
    IEnumerable<byte[]> ReadRows();
}
