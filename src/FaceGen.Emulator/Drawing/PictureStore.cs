using FaceGen.Emulator.Generating;
using Microsoft.Extensions.Caching.Memory;

namespace FaceGen.Emulator.Drawing;

/// <summary>
/// The pictures of generations, drawn when first asked for. Only the latest are kept: any other is drawn again, to the
/// same bytes.
/// </summary>
internal sealed class PictureStore : IDisposable
{
    private const long MaxCachedBytes = 64 * 1024 * 1024;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxCachedBytes });
    private readonly Painter _painter = new();

    /// <summary>The picture as PNG.</summary>
    internal byte[] Get(EmulatedGeneration generation, int index)
    {
        (EmulatedGeneration, int) key = (generation, index);
        if (_cache.TryGetValue(key, out byte[]? cached))
            return cached!;

        byte[] png = _painter.Paint(PictureSpec.Create(generation.Parameters, index));
        return _cache.Set(key, png, new MemoryCacheEntryOptions { Size = png.Length });
    }

    public void Dispose()
    {
        _cache.Dispose();
        _painter.Dispose();
    }
}
