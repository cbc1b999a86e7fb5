using System.Security.Cryptography;

namespace FaceGen.Contract;

/// <summary>The SHA-256 of bytes as text, alike on every framework.</summary>
internal static class Sha256
{
    /// <summary>Lower-case hexadecimal.</summary>
    internal static string Hex(byte[] bytes)
    {
#if NETSTANDARD
        using var sha = SHA256.Create();
        return string.Concat(sha.ComputeHash(bytes).Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
#else
        return Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant();
#endif
    }
}
