using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Tests.Shared;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>How much memory a large batch needs. No other test runs meanwhile: the memory is that of the whole process.</summary>
[Collection(nameof(LedgerMemoryTests))]
[CollectionDefinition(nameof(LedgerMemoryTests), DisableParallelization = true)]
public sealed class LedgerMemoryTests
{
    private const int Count = 25_000;

    [Fact]
    public async Task Sqlite_many_rows_memory_stays_flat()
    {
        string folder = Directory.CreateTempSubdirectory("facegen-ledger-").FullName;
        await AssertFlatAsync(Path.Combine(folder, "batch.db"));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Postgres_many_rows_memory_stays_flat()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await AssertFlatAsync(PostgresServer.Instance.GetConnectionString("memory"));
    }

    private static async Task AssertFlatAsync(string name)
    {
        await using ILedger ledger = await FaceGen.Batches.Ledgers.LedgerFactory.OpenAsync(
            LedgerLocation.Parse(name), LedgerMode.Run, TimeProvider.System, new TestLog(), CancellationToken.None);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long max = 0;
        for (int time = 0; time < 2; time++)
        {
            for (int first = 0; first < Count; first += 1000)
            {
                await ledger.StageAsync([.. Enumerable.Range(first, 1000).Select(Row)], null, CancellationToken.None);
                if (first % 5_000 == 0) max = Math.Max(max, GC.GetTotalMemory(forceFullCollection: true) - before);
            }

            await ledger.ImportAsync(false, CancellationToken.None);
            max = Math.Max(max, GC.GetTotalMemory(forceFullCollection: true) - before);
        }

        Assert.Equal(Count, (await ledger.CountAsync(CancellationToken.None))[BatchItemStatus.Pending]);
        Assert.Equal(Count, ledger.Read([]).Count());
        // The rows themselves are more than 15 MB as text.
        Assert.InRange(max, long.MinValue, 5_000_000);
    }

    private static InputRow Row(int number) => new($"hash of {number}", $"row {number} {new string('x', 300)}", 1, null, null, null);
}
