using SkiaSharp;

namespace FaceGen.Emulator.Tests.Support;

/// <summary>Compares pictures by their pixels.</summary>
internal static class Pixels
{
    /// <summary>Returns the mean difference of a color component, 0 to 255, over the picture or a part of its height.</summary>
    public static double MeanDifference(SKBitmap a, SKBitmap b, double fromHeight = 0, double toHeight = 1)
    {
        Assert.Equal(a.Info.Size, b.Info.Size);
        double sum = 0;
        int count = 0;
        for (int y = (int)(a.Height * fromHeight); y < (int)(a.Height * toHeight); y++)
        {
            for (int x = 0; x < a.Width; x++, count++)
            {
                SKColor p = a.GetPixel(x, y);
                SKColor q = b.GetPixel(x, y);
                sum += (Math.Abs(p.Red - q.Red) + Math.Abs(p.Green - q.Green) + Math.Abs(p.Blue - q.Blue)) / 3.0;
            }
        }

        return sum / Math.Max(1, count);
    }

    public static IEnumerable<SKColor> Colors(SKBitmap picture, double fromHeight, double toHeight) =>
        from y in Enumerable.Range((int)(picture.Height * fromHeight), (int)(picture.Height * (toHeight - fromHeight)))
        from x in Enumerable.Range(0, picture.Width)
        select picture.GetPixel(x, y);
}
