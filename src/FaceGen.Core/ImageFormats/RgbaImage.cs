namespace FaceGen.ImageFormats;

/// <summary>The pixels of a picture, red, green, blue and opacity, row after row.</summary>
internal sealed record RgbaImage(int Width, int Height, byte[] Pixels) : IPixelRows
{
    /// <summary>Below this a pixel is not drawn: a terminal has no pixels that one sees through.</summary>
    private const int MinOpacity = 128;

    /// <summary>A pixel's colour; null where there is none to draw.</summary>
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
