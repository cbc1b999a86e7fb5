using System.Buffers.Binary;
using System.Security.Cryptography;
using FaceGen.Emulator.Drawing.Styles;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;
using Microsoft.Extensions.Caching.Memory;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>
/// Draws a picture: crops the face, applies the style and the safety treatment, adds the caption and encodes a PNG.
/// </summary>
internal sealed class Painter : IDisposable
{
    /// <summary>Light compression: twice the bytes for a fifth of the time; loopback has bandwidth to spare.</summary>
    private static readonly SKPngEncoderOptions Png = new(SKPngEncoderFilterFlags.Sub, zLibLevel: 1);

    private readonly FaceDecoder _faces = new();

    internal byte[] Paint(PictureSpec spec)
    {
        Variation variation = Variation.Create(spec);
        using SKBitmap picture = Framer.Frame(_faces.Decode(spec.Face), spec, variation);
        Style.Get(spec.Style).Apply(picture, variation, spec.Strength);
        SafetyTreatments.Apply(picture, spec.Treatment);
        Caption.Draw(picture, spec);

        using SKPixmap pixels = picture.PeekPixels();
        using SKData data = pixels.Encode(Png)
            ?? throw new InvalidOperationException($"Skia could not write a PNG of {spec.Width} x {spec.Height}.");
        return data.ToArray();
    }

    public void Dispose() => _faces.Dispose();
}

/// <summary>
/// The pictures of generations, drawn on demand. Only the latest are cached; any other is drawn again with the same
/// bytes.
/// </summary>
internal sealed class PictureStore : IDisposable
{
    private const long MaxCachedBytes = 64 * 1024 * 1024;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxCachedBytes });
    private readonly Painter _painter = new();

    /// <summary>Returns a picture as PNG.</summary>
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

/// <summary>Everything that a picture depends on. Two equal specs are drawn to the same bytes.</summary>
internal sealed record PictureSpec
{
    internal required FaceReference Face { get; init; }
    internal required int Width { get; init; }
    internal required int Height { get; init; }
    internal required string Style { get; init; }
    internal required string Prompt { get; init; }

    /// <summary>Gets the seed that the caller knows, for the caption.</summary>
    internal required long Seed { get; init; }

    /// <summary>Gets the zero-based index of the picture within its request.</summary>
    internal required int Index { get; init; }

    /// <summary>Gets the strength of the style, about 1.</summary>
    internal required float Strength { get; init; }

    internal required SafetyTreatment Treatment { get; init; }

    internal static PictureSpec Create(GenerationParameters parameters, int index) => new()
    {
        Face = parameters.Face,
        Width = parameters.Width,
        Height = parameters.Height,
        Style = parameters.Style,
        Prompt = parameters.Prompt,
        Seed = parameters.Seed,
        Index = index,
        Strength = ComputeStrength(parameters),
        Treatment = SafetyChecker.Check(parameters),
    };

    /// <summary>
    /// Computes the strength: more guidance and more steps raise it, more weight on the face's structure lowers it.
    /// </summary>
    private static float ComputeStrength(GenerationParameters parameters)
    {
        double guidance = 0.2 * (parameters.GuidanceScale - 7.5) / 12.5;
        double steps = 0.1 * (parameters.NumInferenceSteps - 21) / 20;
        double structure = -0.2 * (parameters.SScale - 1);
        return (float)(1 + guidance + steps + structure);
    }
}

/// <summary>The random variation of a picture. Two seeds give two slightly different pictures, as with the service.</summary>
internal sealed record Variation
{
    /// <summary>Gets the magnification beyond the necessary crop, 1 to 1.08.</summary>
    internal required float Zoom { get; init; }

    /// <summary>Gets the shift of the crop in each direction, -1 to 1.</summary>
    internal required SKPoint Shift { get; init; }

    /// <summary>Gets the direction of the light: left or right, always from above.</summary>
    internal required SKPoint Light { get; init; }

    /// <summary>Gets the hue of tints and backgrounds, 0 to 360.</summary>
    internal required float Hue { get; init; }

    /// <summary>Gets the seed of the grain.</summary>
    internal required uint Grain { get; init; }

    internal static Variation Create(PictureSpec spec)
    {
        Span<byte> source = stackalloc byte[sizeof(long) + sizeof(int)];
        BinaryPrimitives.WriteInt64LittleEndian(source, spec.Seed);
        BinaryPrimitives.WriteInt32LittleEndian(source[sizeof(long)..], spec.Index);
        byte[] hash = SHA256.HashData(source);

        float angle = (0.15f + (0.7f * ToUnitInterval(hash, 3))) * MathF.PI;
        return new Variation
        {
            Zoom = 1 + (0.08f * ToUnitInterval(hash, 0)),
            Shift = new SKPoint((2 * ToUnitInterval(hash, 1)) - 1, (2 * ToUnitInterval(hash, 2)) - 1),
            Light = new SKPoint(MathF.Cos(angle), -MathF.Sin(angle)),
            Hue = 360 * ToUnitInterval(hash, 4),
            Grain = BinaryPrimitives.ReadUInt32LittleEndian(hash.AsSpan(20)),
        };
    }

    private static float ToUnitInterval(byte[] hash, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(hash.AsSpan(index * sizeof(uint))) / (float)uint.MaxValue;
}
