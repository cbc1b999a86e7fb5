using System.Numerics;
using System.Runtime.CompilerServices;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Pixels;

/// <summary>
/// Color arithmetic on red, green and blue in a <see cref="Vector3"/>. 0 to 1 is visible; intermediate values may
/// exceed it.
/// </summary>
internal static class Colors
{
    private static readonly Vector3 EyeWeights = new(0.299f, 0.587f, 0.114f);

    /// <summary>Creates a color.</summary>
    /// <param name="hue">0 to 360.</param>
    /// <param name="saturation">0 to 1.</param>
    /// <param name="lightness">0 to 1.</param>
    internal static Vector3 FromHsl(float hue, float saturation, float lightness)
    {
        var color = SKColor.FromHsl(hue, saturation * 100, lightness * 100);
        return new Vector3(color.Red, color.Green, color.Blue) / byte.MaxValue;
    }

    extension(Vector3 color)
    {
        /// <summary>Gets the perceived brightness.</summary>
        internal float Luminance
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => Vector3.Dot(color, EyeWeights);
        }

        /// <summary>Interpolates to another color: 0 is this color, 1 the other.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector3 Towards(Vector3 other, float part) => color + ((other - color) * part);

        /// <summary>Raises saturation for a factor above 1 and lowers it below; the brightness stays.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector3 Saturate(float factor)
        {
            var gray = new Vector3(color.Luminance);
            return gray + ((color - gray) * factor);
        }

        /// <summary>Returns the color with another brightness.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector3 WithLuminance(float luminance) => color * (luminance / MathF.Max(color.Luminance, 0.02f));

        /// <summary>Blends with a light so that the sum does not overexpose (screen blend mode).</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector3 Screen(Vector3 light) => color + light - (color * light);
    }
}

/// <summary>Shading functions.</summary>
internal static class Shade
{
    /// <summary>Interpolates smoothly from 0 at <paramref name="from"/> to 1 at <paramref name="to"/>.</summary>
    internal static float SmoothStep(float from, float to, float value)
    {
        float t = Math.Clamp((value - from) / (to - from), 0, 1);
        return t * t * (3 - (2 * t));
    }

    /// <summary>Quantizes a brightness to a number of levels, with a short slope between two levels.</summary>
    internal static float Posterize(float value, int levels, float softness)
    {
        float scaled = Math.Clamp(value, 0, 1) * levels;
        float level = MathF.Floor(scaled);
        return (level + SmoothStep(1 - softness, 1, scaled - level)) / levels;
    }

    /// <summary>Returns deterministic noise, -1 to 1, for a pixel and seed.</summary>
    internal static float Noise(int x, int y, uint seed)
    {
        uint hash = ((uint)x * 0x9E3779B1u) ^ ((uint)y * 0x85EBCA77u) ^ seed;
        hash = (hash ^ (hash >> 15)) * 0x2C1B3C6Du;
        hash = (hash ^ (hash >> 12)) * 0x297A2D39u;
        hash ^= hash >> 15;
        return (hash * (2f / uint.MaxValue)) - 1;
    }
}
