using FaceGen.ImageFormats;
using System.Globalization;
using System.Text;

namespace FaceGen.Preview;

/// <summary>Draws an image in Sixel graphics: in bands of six rows, each color by color.</summary>
internal static class Sixel
{
    private const int BandHeight = 6;

    /// <summary>The length from which a run is written as its count.</summary>
    private const int MinRunLength = 4;

    internal static string Draw(RgbaImage image)
    {
        Palette palette = Palette.Create(image);
        var text = new StringBuilder();
        // Transparent pixels keep the terminal's color; pixels are square.
        text.Append(FormattableString.Invariant($"\u001BP0;1;0q\"1;1;{image.Width};{image.Height}"));
        for (int i = 0; i < palette.Colors.Count; i++)
        {
            (byte r, byte g, byte b) = palette.Colors[i];
            text.Append(FormattableString.Invariant($"#{i};2;{ToPercent(r)};{ToPercent(g)};{ToPercent(b)}"));
        }

        byte[]?[] dots = new byte[]?[palette.Colors.Count];
        List<int> used = [];
        for (int top = 0; top < image.Height; top += BandHeight)
        {
            if (top > 0) text.Append('-');
            CollectDots(image, palette, top, dots, used);
            foreach (int color in used)
            {
                if (color != used[0]) text.Append('$');
                text.Append('#').Append(color.ToString(CultureInfo.InvariantCulture));
                AppendRuns(text, dots[color]!);
                dots[color] = null;
            }

            used.Clear();
        }

        return text.Append("\u001B\\").ToString();
    }

    /// <summary>Collects, for each color of a band, its dots among the six of each column.</summary>
    private static void CollectDots(RgbaImage image, Palette palette, int top, byte[]?[] dots, List<int> used)
    {
        for (int row = 0; row < BandHeight && top + row < image.Height; row++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                if (image[x, top + row] is not { } pixel) continue;

                int color = palette[pixel];
                if (dots[color] is null)
                {
                    dots[color] = new byte[image.Width];
                    used.Add(color);
                }

                dots[color]![x] |= (byte)(1 << row);
            }
        }
    }

    private static void AppendRuns(StringBuilder text, byte[] columns)
    {
        int end = columns.Length;
        while (end > 0 && columns[end - 1] == 0) end--;
        for (int x = 0; x < end;)
        {
            int start = x;
            while (x < end && columns[x] == columns[start]) x++;
            char sixel = (char)('?' + columns[start]);
            if (x - start < MinRunLength) text.Append(sixel, x - start);
            else text.Append('!').Append((x - start).ToString(CultureInfo.InvariantCulture)).Append(sixel);
        }
    }

    private static int ToPercent(byte value) => ((value * 100) + 127) / 255;
}
