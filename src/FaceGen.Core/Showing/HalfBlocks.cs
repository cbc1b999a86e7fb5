using System.Globalization;
using System.Text;

namespace FaceGen.Showing;

/// <summary>Draws a picture in characters: each has one pixel in its upper half and one in its lower.</summary>
internal static class HalfBlocks
{
    private const char Upper = '▀';
    private const char Lower = '▄';

    internal static string Draw(Picture picture, bool trueColour)
    {
        var text = new StringBuilder();
        for (int y = 0; y < picture.Height; y += 2)
        {
            string ink = "", paper = "";
            for (int x = 0; x < picture.Width; x++)
            {
                (byte, byte, byte)? upper = picture[x, y], lower = picture[x, y + 1];
                char block = upper is not null ? Upper : lower is not null ? Lower : ' ';
                if ((upper ?? lower) is { } colour) Change(ref ink, $"\u001B[38;{Name(colour, trueColour)}m");
                Change(ref paper, upper is not null && lower is { } below ? $"\u001B[48;{Name(below, trueColour)}m" : "\u001B[49m");
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

    private static string Name((byte R, byte G, byte B) colour, bool trueColour) => trueColour
        ? string.Format(CultureInfo.InvariantCulture, "2;{0};{1};{2}", colour.R, colour.G, colour.B)
        : string.Format(CultureInfo.InvariantCulture, "5;{0}", NearestOf256(colour));

    /// <summary>The nearest of the colours 16 to 255: a cube of 6 by 6 by 6, and 24 greys.</summary>
    private static int NearestOf256((byte R, byte G, byte B) colour)
    {
        static int Step(int value) => value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
        static int Level(int step) => step == 0 ? 0 : 55 + (step * 40);
        int Distance(int r, int g, int b) => Square(r - colour.R) + Square(g - colour.G) + Square(b - colour.B);
        static int Square(int value) => value * value;

        (int r, int g, int b) = (Step(colour.R), Step(colour.G), Step(colour.B));
        int grey = Math.Max(0, Math.Min(23, ((((colour.R + colour.G + colour.B) / 3) - 8) + 5) / 10));
        int shade = 8 + (grey * 10);
        return Distance(shade, shade, shade) < Distance(Level(r), Level(g), Level(b)) ? 232 + grey : 16 + (36 * r) + (6 * g) + b;
    }
}
