using FaceGen.ImageFormats;
namespace FaceGen.Preview;

/// <summary>
/// Scales an image row by row, without keeping the whole image: each pixel is the mean of the area that it covers.
/// </summary>
internal static class ImageScaler
{
    internal static RgbaImage Scale(IPixelRows source, int width, int height)
    {
        var scaled = new RgbaImage(width, height, new byte[width * height * 4]);
        double columns = (double)source.Width / width, rows = (double)source.Height / height;
        double[] sums = new double[width * 4];
        double[] line = new double[width * 4];
        int y = 0, target = 0;
        foreach (byte[] row in source.ReadRows())
        {
            SumColumns(row, columns, line);
            while (target < height)
            {
                double end = (target + 1) * rows;
                double share = Math.Min(end, y + 1) - Math.Max(target * rows, y);
                for (int i = 0; i < sums.Length; i++) sums[i] += line[i] * share;
                // The last row completes the last line, whatever the rounding errors.
                if (end > y + 1 && y + 1 < source.Height) break;

                WritePixels(sums, columns * rows, scaled.Pixels.AsSpan(target * width * 4));
                Array.Clear(sums, 0, sums.Length);
                target++;
            }

            y++;
        }

        return scaled;
    }

    /// <summary>Sums, for each pixel of a line, the part of a row that it covers; colors are weighted by opacity.</summary>
    private static void SumColumns(byte[] row, double columns, double[] line)
    {
        int last = (row.Length / 4) - 1;
        for (int x = 0; x * 4 < line.Length; x++)
        {
            double start = x * columns, end = start + columns;
            double red = 0, green = 0, blue = 0, opacity = 0;
            for (int at = Math.Min((int)start, last); at <= last && at < end; at++)
            {
                double share = (Math.Min(end, at + 1) - Math.Max(start, at)) * row[(at * 4) + 3];
                red += row[at * 4] * share;
                green += row[(at * 4) + 1] * share;
                blue += row[(at * 4) + 2] * share;
                opacity += share;
            }

            (line[x * 4], line[(x * 4) + 1], line[(x * 4) + 2], line[(x * 4) + 3]) = (red, green, blue, opacity);
        }
    }

    private static void WritePixels(double[] sums, double area, Span<byte> pixels)
    {
        for (int i = 0; i < sums.Length; i += 4)
        {
            double opacity = sums[i + 3];
            for (int c = 0; c < 3; c++) pixels[i + c] = ToByte(opacity > 0 ? sums[i + c] / opacity : 0);
            pixels[i + 3] = ToByte(opacity / area);
        }
    }

    private static byte ToByte(double value) => (byte)Math.Max(0, Math.Min(255, value + 0.5));
}
