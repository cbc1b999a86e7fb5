using FaceGen.Batches.Ledgers.Sqlite;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>The ledger in a file of SQLite.</summary>
public sealed class SqliteLedgerTests : LedgerTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("facegen-ledger-").FullName;

    private protected override string Ledger => Path.Combine(_folder, "out", "batch.db");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private protected override Task ExecuteAsync(string sql)
    {
        using SqliteConnection connection = SqliteDatabase.Open(Ledger, SqliteOpenMode.ReadWrite);
        SqliteDatabase.Execute(connection, sql);
        return Task.CompletedTask;
    }
}
