namespace FaceGen.ImageFormats;

/// <summary>The decoded pixels of an image.</summary>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="Pixels">Red, green, blue and opacity of each pixel, row by row.</param>
internal sealed record RgbaImage(int Width, int Height, byte[] Pixels) : IPixelRows
{
    /// <summary>The opacity from which a pixel is drawn, because a terminal has no partly transparent pixels.</summary>
    private const int MinOpacity = 128;

    /// <summary>Gets the color of a pixel; null if none is drawn.</summary>
    internal (byte R, byte G, byte B)? this[int x, int y]
    {
        get
        {
            int at = ((y * Width) + x) * 4;
            return y < Height && Pixels[at + 3] >= MinOpacity ? (Pixels[at], Pixels[at + 1], Pixels[at + 2]) : null;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<byte[]> ReadRows()
    {
        byte[] row = new byte[Width * 4];
        for (int y = 0; y < Height; y++)
        {
            Buffer.BlockCopy(Pixels, y * row.Length, row, 0, row.Length);
            yield return row;
        }
    }
}

/// <summary>An image whose pixels are read row by row.</summary>
internal interface IPixelRows
{
    int Width { get; }

    int Height { get; }

    /// <summary>Returns the rows, with four bytes per pixel. Each row is valid until the next one.</summary>
    /// <exception cref="FaceGenException">The pixels cannot be decompressed.</exception>
    IEnumerable<byte[]> ReadRows();
}

/// <summary>Decodes images that Core itself cannot decode.</summary>
internal interface IImageDecoder
{
    /// <summary>Decodes a JPEG that has been checked.</summary>
    /// <exception cref="FaceGenException">The pixels cannot be decoded.</exception>
    RgbaImage Decode(byte[] image);
}
