namespace FaceGen.Emulator.Drawing.Pixels;

/// <summary>The small functions that shading is made of.</summary>
internal static class Shade
{
    /// <summary>Goes from 0 at <paramref name="from"/> to 1 at <paramref name="to"/>, without corners.</summary>
    internal static float SmoothStep(float from, float to, float value)
    {
        float t = Math.Clamp((value - from) / (to - from), 0, 1);
        return t * t * (3 - (2 * t));
    }

    /// <summary>Brings a brightness to one of so many levels, with a short slope between two.</summary>
    internal static float Posterize(float value, int levels, float softness)
    {
        float scaled = Math.Clamp(value, 0, 1) * levels;
        float level = MathF.Floor(scaled);
        return (level + SmoothStep(1 - softness, 1, scaled - level)) / levels;
    }

    /// <summary>The same noise, -1 to 1, for the same pixel and seed.</summary>
    internal static float Noise(int x, int y, uint seed)
    {
        uint hash = ((uint)x * 0x9E3779B1u) ^ ((uint)y * 0x85EBCA77u) ^ seed;
        hash = (hash ^ (hash >> 15)) * 0x2C1B3C6Du;
        hash = (hash ^ (hash >> 12)) * 0x297A2D39u;
        hash ^= hash >> 15;
        return (hash * (2f / uint.MaxValue)) - 1;
    }
}
