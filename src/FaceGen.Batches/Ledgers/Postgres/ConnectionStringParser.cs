using System.Data.Common;
using System.Text;
using System.Text.RegularExpressions;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>One option of a connection string.</summary>
/// <param name="Name">The name as it was written.</param>
/// <param name="Value">The value, which may be a password.</param>
/// <param name="CanShowName">
/// True if a message may quote an unknown name. After a password it may not: what looks like a name can be a part of one that
/// was not quoted.
/// </param>
internal sealed record ConnectionOption(string Name, string Value, bool CanShowName);

/// <summary>
/// Reads the three forms of a connection string: a URI, the keywords and values of PostgreSQL's own library (libpq), with blanks
/// between, and those of .NET, with semicolons between.
/// </summary>
/// <remarks>https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING</remarks>
internal static class ConnectionStringParser
{
    private static readonly string[] UriPrefixes = ["postgresql://", "postgres://"];

    /// <summary>
    /// libpq's form: a value without a semicolon, and after a blank a second keyword of libpq. In .NET's form that would be one
    /// option, whose value holds all others.
    /// </summary>
    private static readonly Regex KeywordForm = new(
        @"^\s*\w+\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'"";\\]|\\.)(?:[^\s;\\]|\\.)*)\s+(\w+)\s*=", RegexOptions.CultureInvariant | RegexOptions.Singleline);

    private static readonly Regex Password = new("pass|pwd|secret", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Reads a connection string.</summary>
    /// <exception cref="FormatException">It has none of the forms. The message quotes nothing.</exception>
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

    /// <summary>Marks the names that stand before the first password.</summary>
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

    /// <summary>Reads <c>keyword = value</c>, where a value may stand between single quotes, and a backslash escapes.</summary>
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
    /// Reads what follows the scheme: <c>[user[:password]@][host][:port][,...][/database][?option=value[&amp;...]]</c>. As in libpq,
    /// a user and a password end at the last @ before the first slash, whatever else they hold.
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
        // A slash in a password that is not escaped ends the hosts: what follows would be shown as the database.
        if (path.Contains('@') || path.Contains('#') || (at < 0 && hosts.Contains(':') && query.Contains('@'))) throw new FormatException();

        List<(string, string)> options = [];
        string name = user;
        if (SplitAt(ref name, ':') is { } password) options.Add(("password", Uri.UnescapeDataString(password)));
        if (name.Length > 0) options.Insert(0, ("user", Uri.UnescapeDataString(name)));
        ParseHosts(hosts, options);
        if (path.Length > 0) options.Add(("dbname", Uri.UnescapeDataString(path)));

        // With no @ behind them these are names, and no part of a password.
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

    /// <summary>Cuts a text at the first character of a kind; gives what stood behind it, or null where there is none.</summary>
    private static string? SplitAt(ref string text, char separator)
    {
        int at = text.IndexOf(separator);
        if (at < 0) return null;

        string rest = text.Substring(at + 1);
        text = text.Substring(0, at);
        return rest;
    }
}
