using FaceGen.ImageFormats;

namespace FaceGen.Preview;

/// <summary>Draws picture files for a terminal.</summary>
internal static class ImagePreview
{
    /// <summary>No picture is drawn higher: a long one that is made wide would never end.</summary>
    private const int MaxHeight = 8192;

    /// <summary>The largest picture that is decoded whole: 256 MB of pixels. The service makes none of half a million.</summary>
    private const long MaxPixels = 64L * 1024 * 1024;

    /// <summary>The characters that draw a picture; a new line is to follow.</summary>
    /// <param name="image">The file.</param>
    /// <param name="terminal">What draws it.</param>
    /// <param name="window">The terminal's columns and lines.</param>
    /// <param name="columns">How wide it shall be; null for as large as it is and the window allows.</param>
    /// <param name="decoder">Decodes JPEGs for a terminal that does not; null where nothing does.</param>
    /// <exception cref="FaceGenException">It is no picture, or not one that the terminal can show.</exception>
    internal static string Draw(byte[] image, Terminal terminal, (int Columns, int Lines) window, int? columns = null, Func<IImageDecoder>? decoder = null)
    {
        ImageInfo info = ImageInfo.Read(image)
            ?? throw new FaceGenException(ErrorCode.ImageInvalid, "It is not a complete image.");
        bool isReadable = info.Format == ImageFormat.Png || (info.Format == ImageFormat.Jpeg && decoder is not null);
        if (!isReadable && terminal.Protocol != TerminalProtocol.ITerm2)
            throw new FaceGenException(ErrorCode.ImageInvalid, $"It is a {info.Format} image, which {terminal.Protocol} does not take; ITerm2 takes all.");

        (int Width, int Height) cell = terminal.Protocol == TerminalProtocol.HalfBlock ? (1, 2) : terminal.CellSize;
        int width = Math.Max(1, Math.Min(columns ?? FitColumns(info, cell, window.Lines), window.Columns));
        switch (terminal.Protocol)
        {
            case TerminalProtocol.Kitty when info.Format == ImageFormat.Png: return InlineImages.Kitty(image, width);
            case TerminalProtocol.ITerm2: return InlineImages.ITerm2(image, width);
        }

        int most = width * cell.Width;
        double scale = Math.Min((columns is null ? Math.Min(most, info.Width) : most) / (double)info.Width, (double)MaxHeight / info.Height);
        RgbaImage picture = ImageScaler.Scale(ReadPixels(image, info, decoder), ScaleLength(info.Width, scale), ScaleLength(info.Height, scale));
        return terminal.Protocol switch
        {
            TerminalProtocol.Kitty => InlineImages.Kitty(picture, width),
            TerminalProtocol.Sixel => Sixel.Draw(picture),
            _ => HalfBlocks.Draw(picture, terminal.HasTrueColor).TrimEnd('\n'),
        };
    }

    private static IPixelRows ReadPixels(byte[] image, ImageInfo info, Func<IImageDecoder>? decoder)
    {
        if (info.Format == ImageFormat.Png) return new PngReader(image);

        return (long)info.Width * info.Height <= MaxPixels ? decoder!().Decode(image)
            : throw new FaceGenException(ErrorCode.ImageInvalid, $"It has {info.Width} × {info.Height} pixels, too many to be decoded.");
    }

    /// <summary>The columns of a picture as large as it is, or as the window is high: the prompt comes below it.</summary>
    private static int FitColumns(ImageInfo info, (int Width, int Height) cell, int lines)
    {
        double scale = Math.Max(1, lines - 1) * (double)cell.Height / info.Height;
        return scale < 1 ? (int)(info.Width * scale / cell.Width) : (info.Width + cell.Width - 1) / cell.Width;
    }

    private static int ScaleLength(int length, double scale) => Math.Max(1, (int)Math.Round(length * scale));
}
