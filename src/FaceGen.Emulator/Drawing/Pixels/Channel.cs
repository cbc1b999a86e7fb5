namespace FaceGen.Emulator.Drawing.Pixels;

/// <summary>One value per pixel, row by row; brightness and colors are 0 to 1.</summary>
internal sealed class Channel(int width, int height)
{
    internal int Width => width;

    internal int Height => height;

    internal float[] Values { get; } = GC.AllocateUninitializedArray<float>(width * height);

    /// <summary>Gets the value at a pixel within the picture.</summary>
    internal float this[int x, int y] => Values[(y * width) + x];

    /// <summary>Returns the value at a pixel; outside the picture, that of the nearest pixel.</summary>
    internal float At(int x, int y) =>
        Values[(Math.Clamp(y, 0, height - 1) * width) + Math.Clamp(x, 0, width - 1)];

    /// <summary>Applies two box blurs, which approximate a Gaussian at a cost independent of the radius.</summary>
    internal Channel Blur(int radius) => BoxBlur(radius).BoxBlur(radius);

    /// <summary>Returns the mean over a square of 2 x radius + 1 pixels; border pixels repeat outward.</summary>
    internal Channel BoxBlur(int radius)
    {
        var rows = new Channel(width, height);
        BlurRows(rows, radius);
        var result = new Channel(width, height);
        rows.BlurColumns(result, radius);
        return result;
    }

    /// <summary>Returns a channel of half the size, rounded up; each pixel is the mean of four.</summary>
    internal Channel Halve()
    {
        var half = new Channel((width + 1) / 2, (height + 1) / 2);
        for (int y = 0, i = 0; y < half.Height; y++)
        {
            ReadOnlySpan<float> upper = Row(2 * y);
            ReadOnlySpan<float> lower = Row((2 * y) + 1);
            for (int x = 0; x < half.Width; x++, i++)
            {
                int left = 2 * x;
                int right = Math.Min(left + 1, width - 1);
                half.Values[i] = 0.25f * (upper[left] + upper[right] + lower[left] + lower[right]);
            }
        }

        return half;
    }

    /// <summary>Reverses <see cref="Halve"/> with linear interpolation.</summary>
    internal Channel Double(int doubleWidth, int doubleHeight)
    {
        var result = new Channel(doubleWidth, doubleHeight);
        for (int y = 0, i = 0; y < doubleHeight; y++)
        {
            // A pixel's center lies a quarter of a half-size pixel from the nearest center there.
            ReadOnlySpan<float> near = Row(y / 2);
            ReadOnlySpan<float> far = Row((y / 2) + ((y & 1) == 0 ? -1 : 1));
            for (int x = 0; x < doubleWidth; x++, i++)
            {
                int column = x / 2;
                int beside = Math.Clamp(column + ((x & 1) == 0 ? -1 : 1), 0, width - 1);
                float nearest = (0.75f * near[column]) + (0.25f * near[beside]);
                float farther = (0.75f * far[column]) + (0.25f * far[beside]);
                result.Values[i] = (0.75f * nearest) + (0.25f * farther);
            }
        }

        return result;
    }

    private void BlurRows(Channel target, int radius)
    {
        float scale = 1f / ((2 * radius) + 1);
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<float> source = Values.AsSpan(y * width, width);
            Span<float> result = target.Values.AsSpan(y * width, width);
            float sum = source[0] * (radius + 1);
            for (int i = 1; i <= radius; i++)
                sum += source[Math.Min(i, width - 1)];

            for (int x = 0; x < result.Length; x++)
            {
                result[x] = sum * scale;
                sum += source[Math.Min(x + radius + 1, width - 1)] - source[Math.Max(x - radius, 0)];
            }
        }
    }

    private void BlurColumns(Channel target, int radius)
    {
        float scale = 1f / ((2 * radius) + 1);
        var sums = new float[width];
        for (int i = -radius; i <= radius; i++)
            Accumulate(sums, Row(i), sign: 1);

        for (int y = 0; y < height; y++)
        {
            Span<float> result = target.Values.AsSpan(y * width, width);
            for (int x = 0; x < result.Length; x++)
                result[x] = sums[x] * scale;
            Accumulate(sums, Row(y + radius + 1), sign: 1);
            Accumulate(sums, Row(y - radius), sign: -1);
        }
    }

    private static void Accumulate(Span<float> sums, ReadOnlySpan<float> row, float sign)
    {
        for (int x = 0; x < row.Length; x++)
            sums[x] += sign * row[x];
    }

    private ReadOnlySpan<float> Row(int y) => Values.AsSpan(Math.Clamp(y, 0, height - 1) * width, width);
}
