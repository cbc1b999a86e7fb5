using FaceGen.Emulator.Images;
using Microsoft.Extensions.Caching.Memory;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Framing;

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
