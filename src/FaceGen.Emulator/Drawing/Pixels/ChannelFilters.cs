namespace FaceGen.Emulator.Drawing.Pixels;

/// <summary>
/// The guided filter (He, Sun and Tang, 2010) with the channel as its own guide: flat windows become their mean and
/// edges stay. It resembles a bilateral filter at a fraction of the cost, and runs at half the size.
/// </summary>
internal static class GuidedFilter
{
    /// <summary>Flattens small detail.</summary>
    /// <param name="channel">The channel to flatten.</param>
    /// <param name="radius">Half the window's side, in pixels.</param>
    /// <param name="detail">The variance that counts as detail; higher flattens more.</param>
    internal static Channel Flatten(Channel channel, int radius, float detail)
    {
        int halfRadius = Math.Max(1, radius / 2);
        Channel half = channel.Halve();
        Channel squares = new(half.Width, half.Height);
        for (int i = 0; i < squares.Values.Length; i++)
            squares.Values[i] = half.Values[i] * half.Values[i];

        Channel mean = half.BoxBlur(halfRadius);
        Channel slope = squares.BoxBlur(halfRadius);
        for (int i = 0; i < slope.Values.Length; i++)
        {
            float variance = MathF.Max(0, slope.Values[i] - (mean.Values[i] * mean.Values[i]));
            slope.Values[i] = variance / (variance + detail);
            mean.Values[i] *= 1 - slope.Values[i];
        }

        Channel slopes = slope.BoxBlur(halfRadius).Double(channel.Width, channel.Height);
        Channel result = mean.BoxBlur(halfRadius).Double(channel.Width, channel.Height);
        for (int i = 0; i < result.Values.Length; i++)
            result.Values[i] += slopes.Values[i] * channel.Values[i];
        return result;
    }
}

/// <summary>Finds pen lines: the sharpened difference of two blurs (after Winnemöller's XDoG, 2012).</summary>
internal static class InkLines
{
    /// <summary>Finds the lines of a picture.</summary>
    /// <param name="luminance">The picture's brightness.</param>
    /// <param name="radius">Half the width of a line, in pixels.</param>
    /// <param name="threshold">How much darker than its surroundings a line must be; about 0.01 to 0.05.</param>
    /// <returns>The amount of ink at each pixel, 0 to 1.</returns>
    internal static Channel Find(Channel luminance, int radius, float threshold)
    {
        Channel narrow = luminance.Blur(radius);
        Channel wide = narrow.Blur(radius * 2);
        for (int i = 0; i < narrow.Values.Length; i++)
        {
            float darker = wide.Values[i] - narrow.Values[i];
            narrow.Values[i] = Shade.SmoothStep(threshold, threshold * 2.5f, darker);
        }

        return narrow;
    }
}
