using System.Security.Cryptography;

namespace FaceGen.Contract;

/// <summary>Computes SHA-256 hashes as text on every target framework.</summary>
internal static class Sha256
{
    /// <summary>Returns the hash as lower-case hexadecimal digits.</summary>
    internal static string ComputeHex(byte[] bytes) => ToHex(Compute(bytes));

    /// <summary>Returns the hash in base64, as a content security policy requires it.</summary>
    internal static string ComputeBase64(byte[] bytes) => Convert.ToBase64String(Compute(bytes));

    /// <summary>Returns bytes as lower-case hexadecimal digits.</summary>
    internal static string ToHex(byte[] bytes)
    {
        const string Digits = "0123456789abcdef";
        char[] text = new char[2 * bytes.Length];
        for (int i = 0; i < bytes.Length; i++) (text[2 * i], text[(2 * i) + 1]) = (Digits[bytes[i] >> 4], Digits[bytes[i] & 15]);
        return new string(text);
    }

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
