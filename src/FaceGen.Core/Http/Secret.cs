using System.Net;
using System.Security;

namespace FaceGen.Http;

/// <summary>A secret as a session holds it.</summary>
internal static class Secret
{
    internal static SecureString Protect(string text)
    {
        SecureString secret = new NetworkCredential("", text).SecurePassword;
        secret.MakeReadOnly();
        return secret;
    }

    internal static string Reveal(SecureString secret) => new NetworkCredential("", secret).Password;
}
