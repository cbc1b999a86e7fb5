using System.Text.RegularExpressions;
using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>Where a ledger on PostgreSQL is: a connection string, of which the search path names the ledger's schema.</summary>
internal sealed class PostgresAddress
{
    private const string DefaultSchema = "facegen";

    /// <summary>A host that has its own port; the last part of an IPv6 address without brackets is not one.</summary>
    private static readonly Regex HostWithPort = new(@"^(\[.*\]|[^:]+):\d+$", RegexOptions.CultureInvariant);

    private PostgresAddress(NpgsqlConnectionStringBuilder settings)
    {
        Schema = settings.SearchPath?.Trim() is { Length: > 0 } path ? path.Trim('"') : DefaultSchema;
        if (Schema.Contains(','))
            throw new FaceGenException(ErrorCode.LedgerInvalid, "The connection string's search path must be one schema: that of the ledger.");

        // With a pooler between, the search path is set by a statement, and stays as long as the connection.
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
        // A ledger's columns are of built-in types: no catalogue is read for others.
        settings.ServerCompatibilityMode = ServerCompatibilityMode.NoTypeLoading;
        // The same few statements come again and again.
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

    /// <summary>The server, the database and the schema; never the password.</summary>
    internal string Name { get; }

    /// <summary>The schema, which is the batch.</summary>
    internal string Schema { get; }

    /// <summary>The schema as SQL names it.</summary>
    internal string QuotedSchema => $"\"{Schema.Replace("\"", "\"\"")}\"";

    internal string ConnectionString { get; }

    /// <summary>The same for a connection that is closed when it is closed.</summary>
    internal string UnpooledConnectionString { get; }

    /// <summary>The same for a connection that also prepares no statements.</summary>
    internal string PlainConnectionString { get; }

    /// <exception cref="FaceGenException">The text is not a connection string of PostgreSQL, or has an option that cannot be used.</exception>
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
                "The ledger's connection string cannot be read. Nothing was sent. Write 'Host=...;Database=...;Username=...;Password=...', with a value "
                + "that has ; or = in it between double quotes, or 'postgresql://host/database?user=...&password=...' with such characters as %3B, / as %2F "
                + "and @ as %40.");
        }

        return new PostgresAddress(ConnectionOptionMapper.Apply(options));
    }
}
