using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>
/// Opens connections whose search path is the ledger's schema and whose commits are on disk when they return. Statements have no timeout,
/// since one that the server cancels would be repeated forever; but a worker that is idle inside a transaction loses it, and with it the
/// locks that others wait for.
/// </summary>
internal sealed class PostgresConnections : IAsyncDisposable
{
    /// <summary>
    /// How long a session may be idle inside a transaction, in milliseconds. A shorter limit of the server applies, but not less than a
    /// second, which a live worker on a busy machine may need (docs/architecture.md#worker-lease).
    /// </summary>
    private const int MaxIdleInTransaction = 20_000, MinIdleInTransaction = 1000;

    /// <summary>
    /// The server's TCP keepalive settings: idle time and interval in seconds, count, and the timeout of unacknowledged data in
    /// milliseconds. The server notices after 25 seconds that a machine is gone
    /// (docs/architecture.md#worker-lease).
    /// </summary>
    private const int KeepAliveIdle = 10, KeepAliveInterval = 5, KeepAliveCount = 3, UserTimeout = 25_000;

    private readonly NpgsqlDataSource _pool;
    private readonly NpgsqlDataSource _unpooled;
    private readonly NpgsqlDataSource _plain;

    /// <exception cref="FaceGenException">The settings of the connection string contradict each other.</exception>
    internal PostgresConnections(PostgresAddress address)
    {
        string prepare = FormattableString.Invariant(
            $"""
            SET search_path TO {address.QuotedSchema};
            SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout');
            SELECT set_config(name, CAST(CASE WHEN CAST(setting AS int) BETWEEN 1 AND max THEN greatest(CAST(setting AS int), min) ELSE max END AS text), false)
            FROM pg_settings JOIN (VALUES
                ('idle_in_transaction_session_timeout', {MinIdleInTransaction}, {MaxIdleInTransaction}),
                ('tcp_keepalives_idle', 0, {KeepAliveIdle}), ('tcp_keepalives_interval', 0, {KeepAliveInterval}),
                ('tcp_keepalives_count', 0, {KeepAliveCount}), ('tcp_user_timeout', 0, {UserTimeout})) AS limits (name, min, max) USING (name)
            WHERE name LIKE 'idle%' OR version() LIKE '%linux%';
            SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
            """);
        try
        {
            _pool = BuildDataSource(address.ConnectionString, prepare);
            _unpooled = BuildDataSource(address.UnpooledConnectionString, prepare);
            _plain = BuildDataSource(address.PlainConnectionString, null);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException)
        {
            throw new FaceGenException(
                ErrorCode.LedgerInvalid, $"The ledger's connection string cannot be used: {PostgresErrors.Describe(e)}. Nothing was sent. Correct it.", e);
        }
    }

    internal ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => OpenAsync(_pool, cancellationToken);

    /// <summary>Opens a connection that is not pooled.</summary>
    internal ValueTask<NpgsqlConnection> OpenUnpooledAsync(CancellationToken cancellationToken) => OpenAsync(_unpooled, cancellationToken);

    /// <summary>Opens a connection without any settings of FaceGen.</summary>
    internal ValueTask<NpgsqlConnection> OpenPlainAsync(CancellationToken cancellationToken) => OpenAsync(_plain, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync().ConfigureAwait(false);
        await _unpooled.DisposeAsync().ConfigureAwait(false);
        await _plain.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Opens a connection; of several servers, to one that accepts writes.</summary>
    private static ValueTask<NpgsqlConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken) =>
        source is NpgsqlMultiHostDataSource servers
            ? servers.OpenConnectionAsync(TargetSessionAttributes.ReadWrite, cancellationToken)
            : source.OpenConnectionAsync(cancellationToken);

    private static NpgsqlDataSource BuildDataSource(string connectionString, string? initializeSql)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        if (initializeSql is null) return builder.Build();

        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using NpgsqlCommand command = CreateCommand(connection, initializeSql);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                using NpgsqlCommand command = CreateCommand(connection, initializeSql);
                await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            });
        return builder.Build();
    }

    private static NpgsqlCommand CreateCommand(NpgsqlConnection connection, string sql)
    {
        NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}
