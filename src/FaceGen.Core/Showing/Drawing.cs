using FaceGen.Contract;
using FaceGen.Saving;

namespace FaceGen.Showing;

/// <summary>Draws picture files for a terminal.</summary>
internal static class Drawing
{
    /// <summary>No picture is drawn higher: a long one that is made wide would never end.</summary>
    private const int MaxHeight = 8192;

    /// <summary>The characters that draw a picture; a new line is to follow.</summary>
    /// <param name="image">The file.</param>
    /// <param name="terminal">What draws it.</param>
    /// <param name="window">The terminal's columns and lines.</param>
    /// <param name="columns">How wide it shall be; null for as large as it is and the window allows.</param>
    /// <exception cref="FaceGenException">It is no picture, or not one that the terminal can show.</exception>
    internal static string Draw(byte[] image, Terminal terminal, (int Columns, int Lines) window, int? columns = null)
    {
        ImageInfo info = ImageInfo.Check(image)
            ?? throw new FaceGenException(ErrorCode.ImageInvalid, "It is no complete PNG, JPEG or WebP image.");
        if (info.Format != ImageFormat.Png && terminal.Protocol != TerminalProtocol.ITerm2)
        {
            throw new FaceGenException(ErrorCode.ImageInvalid,
                $"It is a {info.Format} image: {terminal.Protocol} takes PNG images only, and ITerm2 takes all.");
        }

        (int Width, int Height) cell = terminal.Protocol == TerminalProtocol.HalfBlock ? (1, 2) : terminal.Cell;
        int width = Math.Max(1, Math.Min(columns ?? Fit(info, cell, window.Lines), window.Columns));
        switch (terminal.Protocol)
        {
            case TerminalProtocol.Kitty: return InlineImages.Kitty(image, width);
            case TerminalProtocol.ITerm2: return InlineImages.ITerm2(image, width);
        }

        int most = width * cell.Width;
        double scale = Math.Min((columns is null ? Math.Min(most, info.Width) : most) / (double)info.Width, (double)MaxHeight / info.Height);
        Picture picture = Scaler.Scale(new PngReader(image), Pixels(info.Width, scale), Pixels(info.Height, scale));
        return terminal.Protocol == TerminalProtocol.Sixel
            ? Sixel.Draw(picture)
            : HalfBlocks.Draw(picture, terminal.TrueColour).TrimEnd('\n');
    }

    /// <summary>The columns of a picture as large as it is, or as the window is high: the prompt comes below it.</summary>
    private static int Fit(ImageInfo info, (int Width, int Height) cell, int lines)
    {
        double scale = Math.Max(1, lines - 1) * (double)cell.Height / info.Height;
        return scale < 1 ? (int)(info.Width * scale / cell.Width) : (info.Width + cell.Width - 1) / cell.Width;
    }

    private static int Pixels(int length, double scale) => Math.Max(1, (int)Math.Round(length * scale));
}
