using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Fonts;

/// <summary>
/// The one font that pictures are lettered in; it travels with the assembly, since Linux may have none.
/// </summary>
internal static class EmulatorFont
{
    private const string Resource = "DejaVuSans-subset.ttf";

    internal static SKTypeface Typeface { get; } = Load();

    private static SKTypeface Load()
    {
        using Stream stream = typeof(EmulatorFont).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {Resource}.");
        return SKTypeface.FromStream(stream)
            ?? throw new InvalidOperationException($"Skia could not read the font {Resource}.");
    }
}
