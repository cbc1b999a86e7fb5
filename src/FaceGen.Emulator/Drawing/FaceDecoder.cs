using FaceGen.Emulator.Images;
using Microsoft.Extensions.Caching.Memory;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>
/// Decodes face images, once for many pictures: no larger than a picture can use, turned upright, without transparency.
/// </summary>
internal sealed class FaceDecoder : IDisposable
{
    private const int MaxSide = 960;
    private const int CachedFaces = 32;
    private static readonly SKSamplingOptions Smooth = new(SKFilterMode.Linear, SKMipmapMode.Linear);

    // Images are left to the garbage collector: one that the cache lets go may still be being drawn.
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = CachedFaces });

    internal FacePyramid Decode(FaceReference face)
    {
        string key = face.Identity;
        if (_cache.TryGetValue(key, out FacePyramid? cached))
            return cached!;

        var pyramid = new FacePyramid(face.Image is null ? Placeholder.Draw(face.Link) : Decode(face.Image));
        return _cache.Set(key, pyramid, new MemoryCacheEntryOptions { Size = 1 });
    }

    public void Dispose() => _cache.Dispose();

    private static SKImage Decode(ReceivedImage face)
    {
        float scale = Math.Min(1, (float)MaxSide / Math.Max(face.Size.Width, face.Size.Height));
        int width = Math.Max(1, (int)(face.Size.Width * scale));
        int height = Math.Max(1, (int)(face.Size.Height * scale));

        using SKSurface surface = Surfaces.Create(width, height);
        surface.Canvas.Clear(SKColors.White);
        using SKData data = SKData.CreateCopy(face.Bytes);
        using SKImage encoded = SKImage.FromEncodedData(data);
        surface.Canvas.DrawImage(encoded, SKRect.Create(width, height), Smooth);
        return surface.Snapshot();
    }
}

/// <summary>
/// A decoded face image in its own size, half of it, a quarter and so on, so that a picture of any size is drawn from
/// one that is hardly larger: quick, and without the jagged edges of a large step down.
/// </summary>
internal sealed class FacePyramid
{
    private const int SmallestSide = 16;
    private static readonly SKSamplingOptions Linear = new(SKFilterMode.Linear);

    private readonly List<SKImage> _levels = [];

    internal FacePyramid(SKImage face)
    {
        _levels.Add(face);
        while (Math.Min(_levels[^1].Width, _levels[^1].Height) >= 2 * SmallestSide)
            _levels.Add(Halve(_levels[^1]));
    }

    /// <summary>The smallest level that covers a picture of this size.</summary>
    internal SKImage GetLevel(int width, int height) =>
        _levels.FindLast(level => level.Width >= width && level.Height >= height) ?? _levels[0];

    private static SKImage Halve(SKImage image)
    {
        using SKSurface surface = Surfaces.Create(image.Width / 2, image.Height / 2);
        surface.Canvas.DrawImage(image, SKRect.Create(image.Width / 2, image.Height / 2), Linear);
        return surface.Snapshot();
    }
}

/// <summary>Crops the face image to the asked size: covering it all, and rather high, where faces are.</summary>
internal static class Framer
{
    /// <summary>Where a portrait's face lies in what is cut off above and below: a third from the top.</summary>
    private const float VerticalCenter = 0.33f;

    /// <summary>How much of the spare room the seed may use.</summary>
    private const float ShiftRange = 0.25f;

    private static readonly SKSamplingOptions Linear = new(SKFilterMode.Linear);

    internal static SKBitmap Frame(FacePyramid faces, PictureSpec spec, Variation variation)
    {
        SKImage face = faces.GetLevel(spec.Width, spec.Height);
        float scale = Math.Max((float)spec.Width / face.Width, (float)spec.Height / face.Height) * variation.Zoom;
        float width = face.Width * scale;
        float height = face.Height * scale;
        float left = (spec.Width - width) * (0.5f + (ShiftRange * variation.Shift.X));
        float top = (spec.Height - height) * (VerticalCenter + (ShiftRange * variation.Shift.Y));

        var picture = new SKBitmap(Surfaces.Info(spec.Width, spec.Height));
        using var canvas = new SKCanvas(picture);
        canvas.DrawImage(face, SKRect.Create(left, top, width, height), Linear);
        return picture;
    }
}

/// <summary>Makes what is drawn on: always in the one pixel format that the styles work in.</summary>
internal static class Surfaces
{
    internal static SKImageInfo Info(int width, int height) =>
        new(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);

    internal static SKSurface Create(int width, int height) => SKSurface.Create(Info(width, height))
        ?? throw new InvalidOperationException($"Skia could not make a surface of {width} x {height}.");
}
