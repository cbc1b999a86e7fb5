namespace FaceGen.Emulator.Drawing.Pixels;

/// <summary>
/// The guided filter (He, Sun and Tang, 2010) with the channel as its own guide: where a window varies little it becomes
/// its mean, where it holds an edge it stays. Like a bilateral filter at a fraction of the cost, and the more so since
/// the windows are looked at in half the size.
/// </summary>
internal static class GuidedFilter
{
    /// <param name="channel">What to flatten.</param>
    /// <param name="radius">Half the window's side, in pixels.</param>
    /// <param name="detail">The variance that still counts as detail; higher flattens more.</param>
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
