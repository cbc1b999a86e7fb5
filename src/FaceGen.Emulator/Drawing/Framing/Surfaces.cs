using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Framing;

/// <summary>Makes what is drawn on: always in the one pixel format that the styles work in.</summary>
internal static class Surfaces
{
    internal static SKImageInfo Info(int width, int height) =>
        new(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);

    internal static SKSurface Create(int width, int height) => SKSurface.Create(Info(width, height))
        ?? throw new InvalidOperationException($"Skia could not make a surface of {width} x {height}.");
}
