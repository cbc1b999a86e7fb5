using System.Security.Cryptography;

namespace FaceGen.Contract;

/// <summary>The SHA-256 of bytes as text, alike on every framework.</summary>
internal static class Sha256
{
    /// <summary>Lower-case hexadecimal.</summary>
    internal static string ComputeHex(byte[] bytes)
    {
        byte[] hash = Compute(bytes);
#if NETSTANDARD
        return string.Concat(hash.Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
#else
        return Convert.ToHexString(hash).ToLowerInvariant();
#endif
    }

    /// <summary>Base64, as a content security policy takes it.</summary>
    internal static string ComputeBase64(byte[] bytes) => Convert.ToBase64String(Compute(bytes));

    private static byte[] Compute(byte[] bytes)
    {
#if NETSTANDARD
        using var sha = SHA256.Create();
        return sha.ComputeHash(bytes);
#else
        return SHA256.HashData(bytes);
#endif
    }
}
