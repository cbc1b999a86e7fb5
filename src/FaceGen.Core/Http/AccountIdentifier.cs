namespace FaceGen.Http;

/// <summary>
/// Creates and compares identifiers of accounts: the service's address and a fingerprint of the key, such as
/// <c>https://modelslab.com/#1f6ab03c94de</c>.
/// </summary>
/// <remarks>
/// The fingerprint is the first 48 bits of an HMAC-SHA256 of the address with the key. The key cannot be computed from it, and is
/// too long to be guessed. 48 bits distinguish the accounts of one user. A ledger of an older version has only the address.
/// </remarks>
internal static class AccountIdentifier
{
    private const int FingerprintDigits = 12;

    private const char Separator = '#';

    /// <summary>Returns the identifier of an account.</summary>
    /// <param name="scope">The address (<see cref="ServiceAddress.AccountScope"/>).</param>
    /// <param name="signature">The signature of the address with the account's key.</param>
    internal static string Create(Uri scope, string signature) => $"{scope.AbsoluteUri}{Separator}{signature.Substring(0, FingerprintDigits)}";

    /// <summary>True if an identifier is of the connection's account; without a fingerprint only the address is compared.</summary>
    internal static bool Matches(string identifier, Connection connection) =>
        identifier == (identifier.Contains(Separator) ? connection.Account : connection.Address.AccountScope.AbsoluteUri);

    /// <summary>Returns a text if it has the form of an identifier; otherwise null.</summary>
    internal static string? TryParse(string? text)
    {
        string[] parts = (text ?? "").Split(Separator);
        return parts.Length <= 2 && Uri.TryCreate(parts[0], UriKind.Absolute, out Uri? home)
            && (home.Scheme == Uri.UriSchemeHttps || home.Scheme == Uri.UriSchemeHttp) && home.AbsoluteUri == parts[0]
            && (parts.Length == 1 || (parts[1].Length == FingerprintDigits && parts[1].All(IsLowerHexDigit)))
            ? text
            : null;
    }

    private static bool IsLowerHexDigit(char c) => c is (>= '0' and <= '9') or (>= 'a' and <= 'f');
}
