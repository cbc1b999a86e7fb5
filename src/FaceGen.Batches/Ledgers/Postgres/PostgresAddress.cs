using System.Text.RegularExpressions;
using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>The address of a ledger on PostgreSQL: a connection string whose search path is the ledger's schema.</summary>
internal sealed class PostgresAddress
{
    private const string DefaultSchema = "facegen";

    /// <summary>Matches a host with a port; the last part of an IPv6 address without brackets is not a port.</summary>
    private static readonly Regex HostWithPort = new(@"^(\[.*\]|[^:]+):\d+$", RegexOptions.CultureInvariant);

    private PostgresAddress(NpgsqlConnectionStringBuilder settings)
    {
        Schema = settings.SearchPath?.Trim() is { Length: > 0 } path ? path.Trim('"') : DefaultSchema;
        if (Schema.Contains(','))
            throw new FaceGenException(ErrorCode.LedgerInvalid, "The connection string's search path names several schemas. Nothing was sent. Name one schema, which is the ledger's.");

        // A pooler may not forward the search path: a statement sets it for the lifetime of the connection.
        settings.SearchPath = null;
        settings.NoResetOnClose = true;
        settings.Enlist = false;
        settings.Multiplexing = false;
        settings.PersistSecurityInfo = false;
        settings.IncludeErrorDetail = false;
        settings.LogParameters = false;
        settings.TcpKeepAlive = true;
        if (settings.TcpKeepAliveTime == 0) settings.TcpKeepAliveTime = 30;
        if (settings.TcpKeepAliveInterval == 0) settings.TcpKeepAliveInterval = 10;
        // A ledger's columns have built-in types, so that the catalog need not be read.
        settings.ServerCompatibilityMode = ServerCompatibilityMode.NoTypeLoading;
        // The same few statements are repeated.
        if (settings.MaxAutoPrepare == 0) settings.MaxAutoPrepare = 20;
        settings.ApplicationName ??= "FaceGen";
        ConnectionString = settings.ToString();
        settings.Pooling = false;
        UnpooledConnectionString = settings.ToString();
        settings.MaxAutoPrepare = 0;
        PlainConnectionString = settings.ToString();
        IEnumerable<string> servers = settings.Host!.Split(',').Select(host => HostWithPort.IsMatch(host) ? host : $"{host}:{settings.Port}");
        Name = $"{string.Join(",", servers)}/{settings.Database ?? settings.Username ?? Environment.UserName}/{Schema}";
    }

    /// <summary>Gets the server, the database and the schema; never the password.</summary>
    internal string Name { get; }

    /// <summary>Gets the schema, one for each batch.</summary>
    internal string Schema { get; }

    /// <summary>Gets the quoted schema for SQL.</summary>
    internal string QuotedSchema => $"\"{Schema.Replace("\"", "\"\"")}\"";

    internal string ConnectionString { get; }

    /// <summary>Gets the connection string of a connection that is not pooled.</summary>
    internal string UnpooledConnectionString { get; }

    /// <summary>Gets the connection string of a connection that is not pooled and prepares no statements.</summary>
    internal string PlainConnectionString { get; }

    /// <summary>Parses a connection string.</summary>
    /// <exception cref="FaceGenException">The text is not a connection string of PostgreSQL, or has an unsupported option.</exception>
    internal static PostgresAddress Parse(string ledger)
    {
        IReadOnlyList<ConnectionOption> options;
        try
        {
            options = ConnectionStringParser.Parse(ledger);
        }
        catch (FormatException)
        {
            throw new FaceGenException(
                ErrorCode.LedgerInvalid,
                "The ledger's connection string cannot be read. Nothing was sent. Write 'Host=...;Database=...;Username=...;Password=...' and put a value "
                + "that contains ; or = between double quotes; or write 'postgresql://host/database?user=...&password=...' with ; as %3B, / as %2F and @ as %40.");
        }

        return new PostgresAddress(ConnectionOptionMapper.Apply(options));
    }
}
