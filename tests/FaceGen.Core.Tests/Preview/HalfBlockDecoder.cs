using System.Globalization;
using System.Text.RegularExpressions;

namespace FaceGen.Core.Tests.Preview;

/// <summary>Decodes half blocks, and fails for anything unknown.</summary>
internal static partial class HalfBlockDecoder
{
    /// <summary>Returns the color of each pixel by column and row; null for the color of the terminal.</summary>
    internal static (int R, int G, int B)?[,] Decode(string text)
    {
        string[] lines = text.Split('\n');
        int width = Block().Count(lines[0]);
        var pixels = new (int, int, int)?[width, lines.Length * 2];
        for (int line = 0; line < lines.Length; line++)
        {
            Assert.Matches(Line(), lines[line]);
            (int, int, int)? ink = null, paper = null;
            int x = 0;
            foreach (Match step in Step().Matches(lines[line]))
            {
                int[] style = [.. step.Groups["style"].Value.Split(';').Where(part => part.Length > 0).Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
                switch (step.Value)
                {
                    case "▀": (pixels[x, line * 2], pixels[x++, (line * 2) + 1]) = (ink, paper); break;
                    case "▄": (pixels[x, line * 2], pixels[x++, (line * 2) + 1]) = (paper, ink); break;
                    case " ": (pixels[x, line * 2], pixels[x++, (line * 2) + 1]) = (paper, paper); break;
                    default:
                        if (style[0] == 38) ink = Colour(style);
                        else if (style[0] == 48) paper = Colour(style);
                        else if (style[0] == 49) paper = null;
                        else Assert.Equal(0, style[0]);
                        break;
                }
            }

            Assert.Equal(width, x);
        }

        return pixels;
    }

    private static (int, int, int) Colour(int[] style)
    {
        if (style[1] == 2) return (style[2], style[3], style[4]);

        Assert.Equal(5, style[1]);
        Assert.InRange(style[2], 16, 255);
        if (style[2] >= 232) return (8 + ((style[2] - 232) * 10), 8 + ((style[2] - 232) * 10), 8 + ((style[2] - 232) * 10));
        static int Level(int step) => step == 0 ? 0 : 55 + (step * 40);
        return (Level((style[2] - 16) / 36), Level((style[2] - 16) / 6 % 6), Level((style[2] - 16) % 6));
    }

    [GeneratedRegex("[▀▄ ]")]
    private static partial Regex Block();

    [GeneratedRegex("\u001B\\[(?<style>[0-9;]+)m|[▀▄ ]")]
    private static partial Regex Step();

    [GeneratedRegex("^(\u001B\\[[0-9;]+m|[▀▄ ])+\u001B\\[0m$")]
    private static partial Regex Line();
}
