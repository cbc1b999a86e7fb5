using System.Globalization;
using System.Text.RegularExpressions;
using FaceGen.Contract;
using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>
/// Maps the options of a connection string to settings of the driver (Npgsql): those of PostgreSQL's own library (libpq) by their
/// meaning, and the driver's own. An option that the driver does not support is refused by name.
/// </summary>
internal sealed class ConnectionOptionMapper
{
    private const int DefaultPort = 5432;

    /// <summary>The options of libpq that the driver has under another name.</summary>
    private static readonly Dictionary<string, string> RenamedOptions = new(StringComparer.Ordinal)
    {
        ["user"] = "Username",
        ["dbname"] = "Database",
        ["passfile"] = "Passfile",
        ["password"] = "Password",
        ["options"] = "Options",
        ["application_name"] = "Application Name",
        ["channel_binding"] = "Channel Binding",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["krbsrvname"] = "Kerberos Service Name",
        ["keepalives_idle"] = "Tcp Keepalive Time",
        ["keepalives_interval"] = "Tcp Keepalive Interval",
    };

    /// <summary>The options of libpq that the driver does not support, with the values that equal the driver's behavior.</summary>
    private static readonly Dictionary<string, string[]> UnsupportedOptions = new(StringComparer.Ordinal)
    {
        ["client_encoding"] = ["auto", "utf8", "utf-8", "unicode"],
        ["gssdelegation"] = ["0"],
        ["gssencmode"] = ["disable", "prefer"],
        ["gsslib"] = [],
        ["hostaddr"] = [],
        ["keepalives_count"] = [],
        ["max_protocol_version"] = ["3.0"],
        ["min_protocol_version"] = ["3.0"],
        ["oauth_client_id"] = [],
        ["oauth_client_secret"] = [],
        ["oauth_issuer"] = [],
        ["oauth_scope"] = [],
        ["replication"] = ["false", "off", "no", "0"],
        ["require_auth"] = [],
        ["requirepeer"] = [],
        ["requiressl"] = ["0"],
        ["scram_client_key"] = [],
        ["scram_server_key"] = [],
        ["service"] = [],
        ["servicefile"] = [],
        ["ssl_max_protocol_version"] = [],
        ["ssl_min_protocol_version"] = [],
        ["sslcertmode"] = ["allow"],
        ["sslcompression"] = ["0"],
        ["sslcrl"] = [],
        ["sslcrldir"] = [],
        ["sslkeylogfile"] = [],
        ["sslnegotiation"] = ["postgres"],
        ["sslsni"] = ["1"],
        ["tcp_user_timeout"] = ["0"],
        // Options of other programs that are used together with those of libpq.
        ["connection_limit"] = [],
        ["currentschema"] = [],
        ["driver"] = [],
        ["pgbouncer"] = ["false"],
        ["pool_timeout"] = [],
        ["schema"] = [],
        ["socket_timeout"] = [],
        ["sslaccept"] = [],
        ["sslfactory"] = [],
        ["sslidentity"] = [],
        ["statement_cache_size"] = [],
    };

    /// <summary>The options of libpq whose values are converted.</summary>
    private static readonly HashSet<string> ConvertedOptions = new(StringComparer.Ordinal)
    {
        "host", "port", "connect_timeout", "fallback_application_name", "keepalives", "load_balance_hosts", "ssl", "sslmode", "sslrootcert", "target_session_attrs",
    };

    private static readonly Regex HostName = new(@"^(\[[\w:.%]+\]|[\w.:%-]+)$", RegexOptions.CultureInvariant);

    private readonly NpgsqlConnectionStringBuilder _settings = new();
    private string _hosts = "", _ports = "", _rootCertificate = "";
    private string? _fallbackName;

    private ConnectionOptionMapper()
    {
    }

    /// <summary>Returns true if a name is an option of libpq.</summary>
    internal static bool IsLibpqOption(string name) =>
        NormalizeName(name) is var normal && (RenamedOptions.ContainsKey(normal) || ConvertedOptions.Contains(normal) || UnsupportedOptions.ContainsKey(normal));

    /// <summary>Returns the driver's settings.</summary>
    /// <exception cref="FaceGenException">An option is unknown, or its value cannot be used.</exception>
    internal static NpgsqlConnectionStringBuilder Apply(IReadOnlyList<ConnectionOption> options)
    {
        var applied = new ConnectionOptionMapper();
        if (options.Any(option => NormalizeName(option.Name) is "host" or "server") && options.Any(option => NormalizeName(option.Name) == "hostaddr"))
            throw CreateUnusableOptionError("hostaddr", "together with 'host', since the driver resolves the host itself");

        foreach (ConnectionOption option in options) applied.Apply(option);
        applied.Complete();
        return applied._settings;
    }

    private static string NormalizeName(string name) => name.Trim().ToLowerInvariant().Replace(' ', '_');

    private void Apply(ConnectionOption option)
    {
        string name = NormalizeName(option.Name);
        string value = option.Value;
        switch (name)
        {
            case "host" or "server" or "hostaddr":
                _hosts = value;
                break;
            case "port":
                _ports = value;
                break;
            case "sslmode" or "ssl_mode":
                SetSslMode(option.Name, value);
                break;
            // The spelling of Java drivers, which libpq reads too.
            case "ssl" when value == "true":
                _settings.SslMode = SslMode.Require;
                break;
            case "sslrootcert":
                _rootCertificate = value;
                break;
            case "connect_timeout":
                Set("connect_timeout", "Timeout", ParseSeconds(value) is { } seconds ? Math.Min(Math.Max(seconds, 0), 1024).ToString(CultureInfo.InvariantCulture) : value);
                break;
            case "fallback_application_name":
                _fallbackName = value;
                break;
            case "keepalives":
                Set(name, "Tcp Keepalive", value switch { "0" => "false", "1" => "true", _ => value });
                break;
            case "load_balance_hosts" when value is "disable" or "random":
                _settings.LoadBalanceHosts = value == "random";
                break;
            case "target_session_attrs" or "target_session_attributes":
                // A ledger is written, and a standby may be behind.
                if (value is not ("any" or "read-write" or "primary")) throw CreateUnusableOptionError(option.Name, $"with the value '{DisplayText.Clean(value, 40)}', since a ledger is written");
                break;
            case var _ when RenamedOptions.TryGetValue(name, out string? renamed):
                Set(option.Name, renamed, value);
                break;
            case var _ when UnsupportedOptions.TryGetValue(name, out string[]? harmless):
                if (!harmless.Contains(value.ToLowerInvariant())) throw CreateUnusableOptionError(name, "");
                break;
            default:
                string own = name.Replace('_', ' ');
                if (_settings.ContainsKey(own)) Set(option.Name, own, value);
                else throw CreateUnknownOptionError(option);
                break;
        }
    }

    private static int? ParseSeconds(string value) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seconds) ? seconds : null;

    private void Set(string name, string setting, string value)
    {
        try
        {
            _settings[setting] = value;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
            // The exception quotes the value, which may be a password: it is not passed on.
            throw CreateInvalidValueError(name);
        }
    }

    private void SetSslMode(string name, string value)
    {
        if (value.Length == 0 || !char.IsLetter(value[0]) || !Enum.TryParse(value.Replace("-", ""), ignoreCase: true, out SslMode mode)) throw CreateInvalidValueError(name);

        _settings.SslMode = mode;
    }

    private void Complete()
    {
        SetHosts();
        SetRootCertificate();
        _settings.ApplicationName ??= _fallbackName;
        ThrowIfContainsEqualsSign("database", _settings.Database);
        ThrowIfContainsEqualsSign("user", _settings.Username);
        ThrowIfContainsEqualsSign("search path", _settings.SearchPath);
    }

    /// <summary>Throws if a value that messages show contains another option, which may be a password.</summary>
    private static void ThrowIfContainsEqualsSign(string name, string? value)
    {
        if (value?.Contains('=') == true)
            throw new FaceGenException(ErrorCode.LedgerInvalid,
                $"The ledger's connection string has = inside the value of '{name}'. Nothing was sent. Separate all options with ; or all with blanks.");
    }

    private void SetHosts()
    {
        string[] hosts = _hosts.Split(',');
        string[] ports = _ports.Length == 0 ? [] : _ports.Split(',');
        if (_hosts.Trim().Length == 0)
            throw new FaceGenException(ErrorCode.LedgerInvalid, "The ledger's connection string has no host. Nothing was sent. Add Host=.");
        if (ports.Length > 1 && ports.Length != hosts.Length)
            throw new FaceGenException(ErrorCode.LedgerInvalid,
                $"The ledger's connection string has {hosts.Length} hosts and {ports.Length} ports. Nothing was sent. Give one port for all hosts, or one for each.");

        int? only = null;
        if (ports.Length == 1 || (ports.Length > 1 && ports.Distinct().Count() == 1)) only = ParsePort(ports[0]);
        for (int index = 0; index < hosts.Length; index++)
        {
            string host = hosts[index].Trim();
            bool isSocket = host.Length > 0 && host[0] is '/' or '@';
            if (isSocket ? host.Contains('=') : !HostName.IsMatch(host)) throw CreateInvalidValueError("host");

            if (hosts.Length == 1) host = host.Trim('[', ']');
            else if (only is null && ports.Length > 1) host = FormattableString.Invariant($"{(host.Contains(':') && host[0] != '[' ? $"[{host}]" : host)}:{ParsePort(ports[index])}");
            hosts[index] = host;
        }

        _settings.Host = string.Join(",", hosts);
        if (only is { } port) _settings.Port = port;
    }

    private static int ParsePort(string text) => text.Trim() is not { Length: > 0 } port ? DefaultPort
        : ParseSeconds(port) is { } number and > 0 and <= 65535 ? number
        : throw CreateInvalidValueError("port");

    /// <summary>Sets the root certificate. As in libpq, an encrypted connection with one is always verified.</summary>
    private void SetRootCertificate()
    {
        if (_rootCertificate.Length == 0) return;

        bool isModeGiven = _settings.ContainsKey("SSL Mode") && _settings.ShouldSerialize("SSL Mode");
        if (_rootCertificate == "system")
        {
            // The driver uses the system's certificates by default.
            if (!isModeGiven) _settings.SslMode = SslMode.VerifyFull;
            if (_settings.SslMode != SslMode.VerifyFull) throw CreateUnusableOptionError("sslrootcert", "with the value 'system' and another sslmode than verify-full");
            return;
        }

        _settings.RootCertificate = _rootCertificate;
        if (_settings.SslMode == SslMode.Require) _settings.SslMode = SslMode.VerifyCA;
    }

    private static FaceGenException CreateUnknownOptionError(ConnectionOption option)
    {
        string which = option.CanShowName ? $"the option '{DisplayText.Clean(option.Name, 60)}', which FaceGen does not support" : "an option that FaceGen does not support";
        return new FaceGenException(ErrorCode.LedgerInvalid,
            $"The ledger's connection string has {which}. Nothing was sent. Remove it. Put a password that contains ; or = between double quotes, "
            + "or write these characters as %3B and %3D in a URI.");
    }

    private static FaceGenException CreateUnusableOptionError(string name, string why) => new(
        ErrorCode.LedgerInvalid,
        $"The ledger's connection string has the option '{name}', which FaceGen cannot use{(why.Length == 0 ? "" : $" {why}")}. Nothing was sent. Remove it.");

    private static FaceGenException CreateInvalidValueError(string name) => new(
        ErrorCode.LedgerInvalid, $"The ledger's connection string gives the option '{name}' a value that cannot be used. Nothing was sent. Correct it.");
}
