namespace FaceGen;

/// <summary>How a picture is drawn in a terminal.</summary>
public enum TerminalProtocol
{
    /// <summary>The best of what the terminal says that it can.</summary>
    Auto,

    /// <summary>The graphics protocol of Kitty, which takes PNG files as they are.</summary>
    Kitty,

    /// <summary>The inline images of iTerm2, which takes PNG, JPEG and WebP files as they are.</summary>
    ITerm2,

    /// <summary>Sixel graphics, in 256 colours of the picture's own.</summary>
    Sixel,

    /// <summary>Characters whose upper and lower half are a pixel each: any terminal with colours shows them.</summary>
    HalfBlock,
}
