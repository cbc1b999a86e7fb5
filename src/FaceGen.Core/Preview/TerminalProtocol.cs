namespace FaceGen;

/// <summary>The protocol that draws an image in a terminal.</summary>
public enum TerminalProtocol
{
    /// <summary>The best protocol of the terminal.</summary>
    Auto,

    /// <summary>The graphics protocol of Kitty, which shows PNG files directly.</summary>
    Kitty,

    /// <summary>The inline images of iTerm2, which shows PNG, JPEG and WebP files directly.</summary>
    ITerm2,

    /// <summary>Sixel graphics, in 256 colors chosen for the image.</summary>
    Sixel,

    /// <summary>Characters whose upper and lower half are one pixel each: every terminal with colors shows them.</summary>
    HalfBlock,
}
