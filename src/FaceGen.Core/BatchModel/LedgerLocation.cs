using System.Text.RegularExpressions;
using FaceGen.Http;

namespace FaceGen.BatchModel;

/// <summary>
/// The location of a batch's ledger: a file, or a database by its connection string. The string may hold a password, so that
/// only <see cref="Reveal"/> returns it.
/// </summary>
internal sealed class LedgerLocation : IEquatable<LedgerLocation>
{
    /// <summary>The default name of the ledger's file, in the folder of the images.</summary>
    internal const string DefaultName = "facegen" + Extension;

    /// <summary>The extension of ledger files.</summary>
    internal const string Extension = ".ledger";

    private const RegexOptions Flags = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>Matches the scheme of an address. A single letter is a drive of Windows.</summary>
    private static readonly Regex Scheme = new(
        @"^\s*(?<scheme>[a-z][a-z0-9+.\-]+)://|^\s*(?<scheme>(jdbc|r2dbc|odbc|pdo|pgsql|postgres(ql)?|mysql|mariadb|sqlserver|mssql|oracle|sqlite|mongodb|redis)(\+\w+)?):", Flags);

    private static readonly Regex Server = new(@"(^|[;\s])\s*(host|hostaddr|server)\s*=", Flags);

    private static readonly Regex OtherKeyword = new(
        @"(^|[;\s])\s*(port|database|db|dbname|user|user\s?name|user\s?id|uid|service|ssl\s?mode|data\s?source|initial\s?catalog|driver|dsn)\s*=", Flags);

    /// <summary>Matches what a secret follows, in a connection string of any kind, in JSON or in a list.</summary>
    private static readonly Regex Password = new(@"(password|passwd|pwd|passfile|passphrase|secret|token)['""]?\s*(=|:(?![/\\]))", Flags);

    /// <summary>Matches a user and a password before a host, without a scheme or with a mistyped one: <c>me:secret@db/faces</c>.</summary>
    private static readonly Regex UserInfo = new(@"^\s*(//|postgres(ql)?/+)?[^/\\:@\s=]+:(?![/\\:])[^@]*@", Flags);

    /// <summary>Matches the beginning of a text that can only be a path.</summary>
    private static readonly Regex PathStart = new(@"^(\.{0,2}[/\\](?!/)|~|[a-z]:[/\\])", Flags);

    private readonly SecretText _text;

    private LedgerLocation(string text, bool isDatabase) => (_text, IsDatabase) = (new SecretText(text), isDatabase);

    /// <summary>True if the ledger is a database.</summary>
    internal bool IsDatabase { get; }

    /// <summary>Returns the location of a file.</summary>
    /// <param name="path">A full path.</param>
    internal static LedgerLocation ForFile(string path) => new(path, isDatabase: false);

    /// <summary>Returns the location of a file, or of the ledger with the default name in a folder.</summary>
    /// <param name="path">A full path.</param>
    internal static LedgerLocation ForPath(string path) => ForFile(Directory.Exists(path) ? Path.Combine(path, DefaultName) : path);

    /// <summary>Returns true if the name of a file ends in the extension of ledgers.</summary>
    internal static bool HasExtension(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the location that a connection string names; null if the text is a path.</summary>
    /// <exception cref="FaceGenException">The text is neither. The message does not quote it, because it may hold a password.</exception>
    internal static LedgerLocation? ParseDatabase(string text)
    {
        if (!IsConnectionString(text)) return null;

        if (Scheme.Match(text) is { Success: true } match)
        {
            string scheme = match.Groups["scheme"].Value.ToLowerInvariant();
            return scheme is "postgres" or "postgresql" && match.Value.EndsWith("//", StringComparison.Ordinal)
                ? new LedgerLocation(text, isDatabase: true)
                : throw new FaceGenException(ErrorCode.LedgerInvalid,
                    $"-Ledger is an address that begins with '{scheme}:', which FaceGen cannot use. Nothing was sent. Give a file, "
                    + "or a database as 'postgresql://host/database?user=...&password=...' or 'Host=...;Database=...;Username=...;Password=...'.");
        }

        if (Server.IsMatch(text)) return new LedgerLocation(text, isDatabase: true);
        if (UserInfo.IsMatch(text))
            throw new FaceGenException(ErrorCode.LedgerInvalid,
                "-Ledger looks like an address with a user and a password. Nothing was sent. Begin a connection string with 'postgresql://', and a path with './'.");

        throw new FaceGenException(ErrorCode.LedgerInvalid, "-Ledger is a connection string without Host=. Nothing was sent. Add Host=, or begin a path with './'.");
    }

    /// <summary>Returns the location that a text names: a connection string, or a file's full path.</summary>
    /// <exception cref="FaceGenException">The text is neither.</exception>
    internal static LedgerLocation Parse(string text) => ParseDatabase(text) ?? ForFile(text);

    /// <summary>
    /// True if a text was meant as a connection string of any database. Then it is not a path, which messages would quote.
    /// </summary>
    internal static bool IsConnectionString(string text) => Scheme.IsMatch(text) || Password.IsMatch(text)
        || (!PathStart.IsMatch(text) && (Server.IsMatch(text) || OtherKeyword.IsMatch(text) || UserInfo.IsMatch(text)));

    /// <summary>True if messages must not quote a text that should be a path.</summary>
    internal static bool MayHoldPassword(string text) =>
        IsConnectionString(text) && (text.Contains('@') || !text.StartsWith("http", StringComparison.OrdinalIgnoreCase));

    /// <summary>Returns the path, or the connection string with its password, which must not be shown.</summary>
    internal string Reveal() => _text.Reveal();

    /// <inheritdoc/>
    public bool Equals(LedgerLocation? other) => other is not null && _text.Equals(other._text);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LedgerLocation);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode();

    /// <summary>Returns the path; never a connection string. The name of an opened ledger has its host, database and schema.</summary>
    public override string ToString() => IsDatabase ? "a PostgreSQL database" : _text.Reveal();
}
