using System.Buffers.Binary;
using System.Security.Cryptography;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>What the seed decides: two seeds give two pictures that differ a little, as the service's do.</summary>
internal sealed record Variation
{
    /// <summary>How much closer than necessary the face is framed: 1 to 1.08.</summary>
    internal required float Zoom { get; init; }

    /// <summary>Where in the room that framing leaves the picture is taken from, each -1 to 1.</summary>
    internal required SKPoint Shift { get; init; }

    /// <summary>The direction that light comes from: to the left or right, always from above.</summary>
    internal required SKPoint Light { get; init; }

    /// <summary>A hue for tints and backgrounds, 0 to 360.</summary>
    internal required float Hue { get; init; }

    /// <summary>Seeds the grain.</summary>
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
