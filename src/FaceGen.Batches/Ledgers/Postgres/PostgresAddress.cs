using FaceGen.Contract;
using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>Where a ledger on PostgreSQL is: a connection string, of which the search path names the ledger's schema.</summary>
internal sealed class PostgresAddress
{
    private const string DefaultSchema = "facegen";

    private PostgresAddress(NpgsqlConnectionStringBuilder settings)
    {
        Schema = settings.SearchPath?.Trim() is { Length: > 0 } path ? path.Trim('"') : DefaultSchema;
        if (Schema.Contains(','))
            throw new FaceGenException(ErrorCode.LedgerInvalid, "The connection string's search path must be one schema: that of the ledger.");

        if (string.IsNullOrEmpty(settings.Host))
            throw new FaceGenException(ErrorCode.LedgerInvalid, "The ledger's connection string names no host.");

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
        Name = $"{settings.Host}:{settings.Port}/{settings.Database ?? settings.Username ?? Environment.UserName}/{Schema}";
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

    /// <exception cref="FaceGenException">The text is no connection string of PostgreSQL.</exception>
    internal static PostgresAddress Parse(string ledger)
    {
        try
        {
            return new PostgresAddress(IsUri(ledger) ? FromUri(ledger) : new NpgsqlConnectionStringBuilder(ledger));
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
            // The cause may quote a part of the password, so it goes no further.
            throw new FaceGenException(
                ErrorCode.LedgerInvalid,
                "The ledger's connection string cannot be read. Write 'Host=...;Database=...;Username=...;Password=...', with a value that "
                + "has ; or = in it between double quotes, or 'postgresql://user:password@host/database' with such characters as %3B.");
        }
    }

    private static bool IsUri(string ledger) =>
        ledger.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
        || ledger.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    private static NpgsqlConnectionStringBuilder FromUri(string ledger)
    {
        var uri = new Uri(ledger, UriKind.Absolute);
        // A password that is not escaped ends the address at its /, ? or #; what stands before that would be shown as host and database.
        if (uri.AbsolutePath.Contains('@') || (uri.UserInfo.Length == 0 && uri.Query.Contains('@')) || uri.Fragment.Length > 0) throw new FormatException();

        var settings = new NpgsqlConnectionStringBuilder { Host = uri.Host.Trim('[', ']') };
        if (uri.Port > 0) settings.Port = uri.Port;
        if (uri.AbsolutePath.Length > 1) settings.Database = Uri.UnescapeDataString(uri.AbsolutePath.Substring(1));
        string[] user = uri.UserInfo.Split([':'], 2);
        if (user[0].Length > 0) settings.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length == 2) settings.Password = Uri.UnescapeDataString(user[1]);
        foreach (string pair in uri.Query.TrimStart('?').Split(['&'], StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split(['='], 2);
            // The names that PostgreSQL's own library knows are Npgsql's with underscores.
            string name = Uri.UnescapeDataString(parts[0]).Replace('_', ' ');
            settings[name == "connect timeout" ? "Timeout" : name] = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "";
        }

        return settings;
    }
}
