using FaceGen.ImageFormats;

namespace FaceGen.Preview;

/// <summary>Draws image files in a terminal.</summary>
internal static class ImagePreview
{
    /// <summary>The largest height in pixels that is drawn.</summary>
    private const int MaxHeight = 8192;

    /// <summary>The largest image that is decoded as a whole: 256 MB of pixels. Images of the service have less than half a million.</summary>
    private const long MaxPixels = 64L * 1024 * 1024;

    /// <summary>Returns the characters that draw an image, without a line end.</summary>
    /// <param name="image">The content of the file.</param>
    /// <param name="terminal">The terminal.</param>
    /// <param name="window">The columns and lines of the terminal.</param>
    /// <param name="columns">The width; null for the size of the image, within the window.</param>
    /// <param name="decoder">Creates the decoder of JPEGs for a terminal that does not decode them; null if there is none.</param>
    /// <exception cref="FaceGenException">The file is not an image, or not one that the terminal can show.</exception>
    internal static string Draw(byte[] image, Terminal terminal, (int Columns, int Lines) window, int? columns = null, Func<IImageDecoder>? decoder = null)
    {
        ImageInfo info = ImageInfo.Read(image)
            ?? throw new FaceGenException(ErrorCode.ImageInvalid, "It is not a complete image.");
        bool isReadable = info.Format == ImageFormat.Png || (info.Format == ImageFormat.Jpeg && decoder is not null);
        if (!isReadable && terminal.Protocol != TerminalProtocol.ITerm2)
            throw new FaceGenException(ErrorCode.ImageInvalid, $"It is a {info.Format} image, which {terminal.Protocol} cannot show. The protocol ITerm2 shows all formats.");

        (int Width, int Height) cell = terminal.Protocol == TerminalProtocol.HalfBlock ? (1, 2) : terminal.CellSize;
        int width = Math.Max(1, Math.Min(columns ?? FitColumns(info, cell, window.Lines), window.Columns));
        switch (terminal.Protocol)
        {
            case TerminalProtocol.Kitty when info.Format == ImageFormat.Png: return InlineImages.Kitty(image, width);
            case TerminalProtocol.ITerm2: return InlineImages.ITerm2(image, width);
        }

        int maxWidth = width * cell.Width;
        double scale = Math.Min((columns is null ? Math.Min(maxWidth, info.Width) : maxWidth) / (double)info.Width, (double)MaxHeight / info.Height);
        RgbaImage scaled = ImageScaler.Scale(ReadPixels(image, info, decoder), ScaleLength(info.Width, scale), ScaleLength(info.Height, scale));
        return terminal.Protocol switch
        {
            TerminalProtocol.Kitty => InlineImages.Kitty(scaled, width),
            TerminalProtocol.Sixel => Sixel.Draw(scaled),
            _ => HalfBlocks.Draw(scaled, terminal.HasTrueColor).TrimEnd('\n'),
        };
    }

    private static IPixelRows ReadPixels(byte[] image, ImageInfo info, Func<IImageDecoder>? decoder)
    {
        if (info.Format == ImageFormat.Png) return new PngReader(image);

        return (long)info.Width * info.Height <= MaxPixels ? decoder!().Decode(image)
            : throw new FaceGenException(ErrorCode.ImageInvalid, $"It has {info.Width} × {info.Height} pixels. FaceGen decodes up to {MaxPixels / (1024 * 1024)} million.");
    }

    /// <summary>Returns the columns of an image in its own size, or scaled to the height of the window without the line of the prompt.</summary>
    private static int FitColumns(ImageInfo info, (int Width, int Height) cell, int lines)
    {
        double scale = Math.Max(1, lines - 1) * (double)cell.Height / info.Height;
        return scale < 1 ? (int)(info.Width * scale / cell.Width) : (info.Width + cell.Width - 1) / cell.Width;
    }

    private static int ScaleLength(int length, double scale) => Math.Max(1, (int)Math.Round(length * scale));
}
