using System.Diagnostics;
using System.Net;
using System.Security;

namespace FaceGen.Http;

/// <summary>
/// Represents a secret such as a key, a password or a connection string. No public member returns the text, so that no message,
/// formatter, serializer or debugger shows it by mistake; only <see cref="Reveal()"/> does.
/// </summary>
/// <param name="text">The text.</param>
[DebuggerDisplay("***")]
internal sealed class SecretText(string text) : IEquatable<SecretText>
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly string _text = text;

    /// <summary>Returns a text as a read-only secure string.</summary>
    internal static SecureString Protect(string text)
    {
        SecureString secret = new NetworkCredential("", text).SecurePassword;
        secret.MakeReadOnly();
        return secret;
    }

    /// <summary>Returns the text of a secure string.</summary>
    internal static string Reveal(SecureString secret) => new NetworkCredential("", secret).Password;

    /// <summary>Returns the text; not for messages.</summary>
    internal string Reveal() => _text;

    /// <inheritdoc/>
    public bool Equals(SecretText? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SecretText);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    /// <summary>Returns a mask.</summary>
    public override string ToString() => "***";
}
