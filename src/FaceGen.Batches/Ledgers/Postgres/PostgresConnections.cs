using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>
/// Opens connections whose names mean the ledger's schema, whose commits reach the disk, and whose work takes the time that
/// it takes: what the server ended at its limit would be tried again for ever.
/// </summary>
internal sealed class PostgresConnections : IAsyncDisposable
{
    private readonly NpgsqlDataSource _pool;
    private readonly NpgsqlDataSource _unpooled;

    internal PostgresConnections(PostgresAddress address)
    {
        string prepare =
            $"SET search_path TO {address.QuotedSchema}; "
            + "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN "
            + "('statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout'); "
            + "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
        _pool = Source(address.ConnectionString, prepare);
        _unpooled = Source(address.UnpooledConnectionString, prepare);
    }

    internal ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel) => _pool.OpenConnectionAsync(cancel);

    internal ValueTask<NpgsqlConnection> OpenUnpooledAsync(CancellationToken cancel) => _unpooled.OpenConnectionAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync().ConfigureAwait(false);
        await _unpooled.DisposeAsync().ConfigureAwait(false);
    }

    private static NpgsqlDataSource Source(string connectionString, string prepare)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using NpgsqlCommand command = Command(connection, prepare);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                using NpgsqlCommand command = Command(connection, prepare);
                await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            });
        return builder.Build();
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql)
    {
        NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}
