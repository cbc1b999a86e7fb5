using FaceGen.ImageFormats;
using System.Globalization;
using System.Text;

namespace FaceGen.Preview;

/// <summary>Draws an image with characters whose upper and lower half are one pixel each.</summary>
internal static class HalfBlocks
{
    private const char UpperHalf = '▀';
    private const char LowerHalf = '▄';

    internal static string Draw(RgbaImage image, bool hasTrueColor)
    {
        var text = new StringBuilder();
        for (int y = 0; y < image.Height; y += 2)
        {
            string foreground = "", background = "";
            for (int x = 0; x < image.Width; x++)
            {
                (byte, byte, byte)? upper = image[x, y], lower = image[x, y + 1];
                char block = upper is not null ? UpperHalf : lower is not null ? LowerHalf : ' ';
                if ((upper ?? lower) is { } color) Change(ref foreground, $"\u001B[38;{GetColorCode(color, hasTrueColor)}m");
                Change(ref background, upper is not null && lower is { } below ? $"\u001B[48;{GetColorCode(below, hasTrueColor)}m" : "\u001B[49m");
                text.Append(block);
            }

            text.Append("\u001B[0m\n");
        }

        return text.ToString();

        void Change(ref string style, string to)
        {
            if (style != to) text.Append(style = to);
        }
    }

    private static string GetColorCode((byte R, byte G, byte B) color, bool hasTrueColor) => hasTrueColor
        ? string.Format(CultureInfo.InvariantCulture, "2;{0};{1};{2}", color.R, color.G, color.B)
        : string.Format(CultureInfo.InvariantCulture, "5;{0}", GetNearestIndexedColor(color));

    /// <summary>Returns the nearest of the colors 16 to 255: a cube of 6 by 6 by 6, and 24 grays.</summary>
    private static int GetNearestIndexedColor((byte R, byte G, byte B) color)
    {
        static int Step(int value) => value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
        static int Level(int step) => step == 0 ? 0 : 55 + (step * 40);
        int Distance(int r, int g, int b) => Square(r - color.R) + Square(g - color.G) + Square(b - color.B);
        static int Square(int value) => value * value;

        (int r, int g, int b) = (Step(color.R), Step(color.G), Step(color.B));
        int gray = Math.Max(0, Math.Min(23, ((((color.R + color.G + color.B) / 3) - 8) + 5) / 10));
        int shade = 8 + (gray * 10);
        return Distance(shade, shade, shade) < Distance(Level(r), Level(g), Level(b)) ? 232 + gray : 16 + (36 * r) + (6 * g) + b;
    }
}
