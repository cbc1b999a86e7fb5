using System.Globalization;
using System.Text.RegularExpressions;

namespace FaceGen.Core.Tests.Preview;

/// <summary>Decodes Sixel graphics, and fails for anything unknown.</summary>
internal static partial class SixelDecoder
{
    /// <summary>Returns the color of each pixel by column and row; null if none was drawn.</summary>
    internal static (int R, int G, int B)?[,] Decode(string text)
    {
        Match whole = Graphics().Match(text);
        Assert.True(whole.Success);
        (int width, int height) = (Number(whole.Groups["width"].Value), Number(whole.Groups["height"].Value));
        var pixels = new (int, int, int)?[width, height];
        Dictionary<int, (int, int, int)> registers = [];
        int x = 0, top = 0, colour = -1;
        foreach (Match step in Steps().Matches(whole.Groups["data"].Value))
        {
            string value = step.Value;
            switch (value[0])
            {
                case '$':
                    x = 0;
                    break;
                case '-':
                    (x, top) = (0, top + 6);
                    break;
                case '#':
                    int[] numbers = [.. value[1..].Split(';').Select(Number)];
                    Assert.True(numbers.Length is 1 or 5 && numbers[0] <= 255);
                    if (numbers.Length == 5)
                    {
                        Assert.True(numbers[1] == 2 && numbers.Skip(2).All(percent => percent <= 100));
                        registers.Add(numbers[0], (numbers[2] * 255 / 100, numbers[3] * 255 / 100, numbers[4] * 255 / 100));
                    }

                    colour = numbers[0];
                    break;
                default:
                    int count = value[0] == '!' ? Number(value[1..^1]) : 1;
                    for (int i = 0; i < count; i++, x++)
                    {
                        for (int row = 0; row < 6; row++)
                        {
                            if ((((value[^1] - '?') >> row) & 1) == 0) continue;
                            // No pixel is drawn twice.
                            Assert.Null(pixels[x, top + row]);
                            pixels[x, top + row] = registers[colour];
                        }
                    }

                    break;
            }
        }

        return pixels;
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex("^\u001BP0;1;0q\"1;1;(?<width>[0-9]+);(?<height>[0-9]+)(?<data>(\\$|-|#[0-9;]+|![0-9]+[?-~]|[?-~])*)\u001B\\\\$")]
    private static partial Regex Graphics();

    [GeneratedRegex("\\$|-|#[0-9;]+|![0-9]+[?-~]|[?-~]")]
    private static partial Regex Steps();
}
