namespace FaceGen.Emulator.Drawing.Pixels;

/// <summary>
/// Finds the lines that a pen would draw: the difference of two blurs, sharpened (after Winnemöller's XDoG, 2012).
/// </summary>
internal static class InkLines
{
    /// <param name="luminance">The picture's brightness.</param>
    /// <param name="radius">Half the width of a line, in pixels.</param>
    /// <param name="threshold">How much darker than its surroundings a place must be; about 0.01 to 0.05.</param>
    /// <returns>How much ink lies on each pixel, 0 to 1.</returns>
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
