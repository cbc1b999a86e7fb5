using System.Data.Common;
using System.Text;
using System.Text.RegularExpressions;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>One option of a connection string.</summary>
/// <param name="Name">The name as it was written.</param>
/// <param name="Value">The value, which may be a password.</param>
/// <param name="CanShowName">
/// True if a message may quote an unknown name. After a password it may not, since an unquoted password can look like a name.
/// </param>
internal sealed record ConnectionOption(string Name, string Value, bool CanShowName);

/// <summary>
/// Parses the three forms of a connection string: a URI, keywords and values of PostgreSQL's own library (libpq) separated by blanks, and
/// those of .NET separated by semicolons.
/// </summary>
/// <remarks>https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING</remarks>
internal static class ConnectionStringParser
{
    private static readonly string[] UriPrefixes = ["postgresql://", "postgres://"];

    /// <summary>
    /// Matches libpq's form: a value without a semicolon, a blank, and a second keyword of libpq. In .NET's form that would be one option
    /// whose value contains all others.
    /// </summary>
    private static readonly Regex KeywordForm = new(
        @"^\s*\w+\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'"";\\]|\\.)(?:[^\s;\\]|\\.)*)\s+(\w+)\s*=", RegexOptions.CultureInvariant | RegexOptions.Singleline);

    private static readonly Regex Password = new("pass|pwd|secret", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Parses a connection string.</summary>
    /// <exception cref="FormatException">The text has none of the forms. The message does not quote it.</exception>
    internal static IReadOnlyList<ConnectionOption> Parse(string text)
    {
        string trimmed = text.Trim();
        if (FindUriPrefix(trimmed) is { } prefix) return ParseUri(trimmed.Substring(prefix.Length));

        return KeywordForm.Match(text) is { Success: true } match && ConnectionOptionMapper.IsLibpqOption(match.Groups[2].Value)
            ? MarkShownNames(ParseKeywords(text))
            : MarkShownNames(ParseSemicolons(text));
    }

    private static string? FindUriPrefix(string text) =>
        UriPrefixes.FirstOrDefault(prefix => text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Returns options of which only those before the first password may be shown.</summary>
    private static ConnectionOption[] MarkShownNames(IReadOnlyList<(string Name, string Value)> options)
    {
        int first = options.Select(option => option.Name).TakeWhile(name => !Password.IsMatch(name)).Count();
        return [.. options.Select((option, index) => new ConnectionOption(option.Name, option.Value, index < first))];
    }

    private static List<(string, string)> ParseSemicolons(string text)
    {
        try
        {
            var options = new DbConnectionStringBuilder { ConnectionString = text };
            return [.. options.Keys.Cast<string>().Select(name => (name, (string)options[name]))];
        }
        catch (ArgumentException)
        {
            throw new FormatException();
        }
    }

    /// <summary>Parses <c>keyword = value</c>, where a value may be between single quotes, and a backslash escapes.</summary>
    private static List<(string, string)> ParseKeywords(string text)
    {
        List<(string, string)> options = [];
        int at = 0;
        while (true)
        {
            SkipBlanks();
            if (at == text.Length) return options;

            int start = at;
            while (at < text.Length && text[at] != '=' && !char.IsWhiteSpace(text[at])) at++;
            string name = text.Substring(start, at - start);
            SkipBlanks();
            if (name.Length == 0 || at == text.Length || text[at] != '=') throw new FormatException();

            at++;
            SkipBlanks();
            options.Add((name, ReadValue()));
        }

        void SkipBlanks()
        {
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        }

        string ReadValue()
        {
            var value = new StringBuilder();
            bool isQuoted = at < text.Length && text[at] == '\'';
            if (isQuoted) at++;
            for (; at < text.Length; at++)
            {
                if (isQuoted ? text[at] == '\'' : char.IsWhiteSpace(text[at])) break;
                if (text[at] == '\\' && at + 1 < text.Length) at++;
                value.Append(text[at]);
            }

            if (!isQuoted) return value.ToString();
            if (at == text.Length) throw new FormatException();

            at++;
            return value.ToString();
        }
    }

    /// <summary>
    /// Parses the part after the scheme: <c>[user[:password]@][host][:port][,...][/database][?option=value[&amp;...]]</c>. As in libpq,
    /// user and password end at the last @ before the first slash.
    /// </summary>
    private static List<ConnectionOption> ParseUri(string rest)
    {
        int slash = rest.IndexOf('/');
        string authority = slash < 0 ? rest : rest.Substring(0, slash);
        int at = authority.LastIndexOf('@');
        string user = at < 0 ? "" : authority.Substring(0, at);
        string hosts = authority.Substring(at + 1);
        string path = slash < 0 ? "" : rest.Substring(slash + 1);
        string query = "";
        if (SplitAt(ref hosts, '?') is { } early) query = slash < 0 ? early : $"{early}/{path}";
        else if (SplitAt(ref path, '?') is { } late) query = late;
        // An unescaped slash in a password ends the hosts: the rest of the password would be shown as the database.
        if (path.Contains('@') || path.Contains('#') || (at < 0 && hosts.Contains(':') && query.Contains('@'))) throw new FormatException();

        List<(string, string)> options = [];
        string name = user;
        if (SplitAt(ref name, ':') is { } password) options.Add(("password", Uri.UnescapeDataString(password)));
        if (name.Length > 0) options.Insert(0, ("user", Uri.UnescapeDataString(name)));
        ParseHosts(hosts, options);
        if (path.Length > 0) options.Add(("dbname", Uri.UnescapeDataString(path)));

        // With no @ after them, these are not parts of a password.
        List<ConnectionOption> known = [.. options.Select(option => new ConnectionOption(option.Item1, option.Item2, true))];
        List<(string, string)> further = [];
        foreach (string pair in query.Split(['&'], StringSplitOptions.RemoveEmptyEntries))
        {
            string key = pair;
            string value = SplitAt(ref key, '=') ?? throw new FormatException();
            further.Add((Uri.UnescapeDataString(key), Uri.UnescapeDataString(value)));
        }

        return [.. known, .. MarkShownNames(further).Select(option => option with { CanShowName = option.CanShowName && !query.Contains('@') })];
    }

    private static void ParseHosts(string text, List<(string, string)> options)
    {
        if (text.Length == 0) return;

        List<string> hosts = [], ports = [];
        foreach (string host in text.Split(','))
        {
            int end = host.Length > 0 && host[0] == '[' ? host.IndexOf(']') : 0;
            if (end < 0) throw new FormatException();

            int colon = host.IndexOf(':', end);
            hosts.Add(Uri.UnescapeDataString(colon < 0 ? host : host.Substring(0, colon)));
            ports.Add(colon < 0 ? "" : host.Substring(colon + 1));
        }

        options.Add(("host", string.Join(",", hosts)));
        if (ports.Exists(port => port.Length > 0)) options.Add(("port", string.Join(",", ports)));
    }

    /// <summary>Truncates a text before the first separator and returns the part after it; null if there is no separator.</summary>
    private static string? SplitAt(ref string text, char separator)
    {
        int at = text.IndexOf(separator);
        if (at < 0) return null;

        string rest = text.Substring(at + 1);
        text = text.Substring(0, at);
        return rest;
    }
}
