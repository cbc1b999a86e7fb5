using FaceGen.Emulator.Images;
using Microsoft.Extensions.Caching.Memory;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>Decodes face images to at most the usable size, upright and opaque, and caches them for many pictures.</summary>
internal sealed class FaceDecoder : IDisposable
{
    private const int MaxSide = 960;
    private const int CachedFaces = 32;
    private static readonly SKSamplingOptions Smooth = new(SKFilterMode.Linear, SKMipmapMode.Linear);

    // Evicted images are left to the garbage collector: they may still be in use.
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
/// A decoded face image at full size, half, a quarter and so on. A picture is drawn from the level just above its own
/// size, which is fast and free of jagged edges.
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

    /// <summary>Returns the smallest level that covers a picture of this size.</summary>
    internal SKImage GetLevel(int width, int height) =>
        _levels.FindLast(level => level.Width >= width && level.Height >= height) ?? _levels[0];

    private static SKImage Halve(SKImage image)
    {
        using SKSurface surface = Surfaces.Create(image.Width / 2, image.Height / 2);
        surface.Canvas.DrawImage(image, SKRect.Create(image.Width / 2, image.Height / 2), Linear);
        return surface.Snapshot();
    }
}

/// <summary>Crops a face image to the requested size, slightly above the center, where faces are.</summary>
internal static class Framer
{
    /// <summary>The vertical position of the crop: a third of the surplus is cut off above.</summary>
    private const float VerticalCenter = 0.33f;

    /// <summary>The share of the surplus that the seed may shift the crop by.</summary>
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

/// <summary>Creates drawing surfaces in the pixel format that all styles use.</summary>
internal static class Surfaces
{
    internal static SKImageInfo Info(int width, int height) =>
        new(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);

    internal static SKSurface Create(int width, int height) => SKSurface.Create(Info(width, height))
        ?? throw new InvalidOperationException($"Skia could not create a surface of {width} x {height}.");
}
