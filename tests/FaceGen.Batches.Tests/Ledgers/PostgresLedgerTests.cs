using FaceGen.Tests.Shared;
using Npgsql;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>The ledger in a schema of PostgreSQL.</summary>
public sealed class PostgresLedgerTests : LedgerTests
{
    private readonly string _schema = $"Batch {Guid.NewGuid():N}";

    private protected override string Ledger => PostgresServer.Instance.Connect(_schema);

    public override Task InitializeAsync()
    {
        Skip.If(PostgresServer.Hindrance is not null, PostgresServer.Hindrance);
        return Task.CompletedTask;
    }

    private protected override async Task ExecuteAsync(string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(PostgresServer.Instance.Connect($"'\"{_schema}\"'"));
        await using NpgsqlCommand command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
