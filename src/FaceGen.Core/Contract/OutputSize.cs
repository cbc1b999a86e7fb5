namespace FaceGen.Contract;

/// <summary>The size of the images of a request, which is that of the face image where the request gives none.</summary>
internal static class OutputSize
{
    /// <summary>
    /// Returns the size of the images. The documentation limits it, and does not say what happens to a larger face image: it is assumed to
    /// be scaled down in proportion.
    /// </summary>
    /// <param name="width">The requested width; null for that of the face image.</param>
    /// <param name="height">The requested height; null for that of the face image.</param>
    /// <param name="faceWidth">The width of the face image.</param>
    /// <param name="faceHeight">The height of the face image.</param>
    internal static (int Width, int Height) Resolve(int? width, int? height, int faceWidth, int faceHeight)
    {
        (int maxWidth, int maxHeight) = (RequestField.Width.Maximum!.Value, RequestField.Height.Maximum!.Value);
        double scale = width is null && height is null ? Math.Min(1, Math.Min((double)maxWidth / faceWidth, (double)maxHeight / faceHeight)) : 1;
        return (width ?? Limit(faceWidth * scale, maxWidth), height ?? Limit(faceHeight * scale, maxHeight));
    }

    /// <summary>True for the largest size, of which one image comes, whatever <c>samples</c> is (Q41).</summary>
    internal static bool IsLargest((int Width, int Height) size) => size == (RequestField.Width.Maximum!.Value, RequestField.Height.Maximum!.Value);

    private static int Limit(double side, int maximum) => Math.Min(Math.Max((int)Math.Round(side), 1), maximum);
}
