using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Sqlite;

namespace FaceGen.Simulation.Disk;

public sealed class FailingFlushTests : SimulationTests, IDisposable
{
    private readonly string _folder = SimulatedDisk.NewFolder();
    private int _disks;

    private string NextFolder => Path.Combine(_folder, $"disk-{_disks++}");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>
    /// Pages that a flush failed to write may be only in the system's memory, where a new connection finds them, and no later flush
    /// writes them. Later commits must not be lost in a loss of power.
    /// </summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Commits_after_the_disk_has_failed_for_a_while_survive_a_loss_of_power(bool isReading, bool isKilled)
    {
        for (int first = 0; first < 12; first++)
        {
            foreach (int count in new[] { 1, 2, 5 })
            {
                (long[] committed, long[] found) = await RunAsync(first, first + count, isReading, isKilled);
                Assert.True(committed.All(found.Contains), $"Operations {first} to {first + count - 1} failed: of {string.Join(' ', committed)} only {string.Join(' ', found)} survived.");
            }
        }
    }

    private async Task<(long[] Committed, long[] Found)> RunAsync(int first, int end, bool isReading, bool isKilled)
    {
        List<long> committed = [];
        using var disk = new SimulatedDisk(NextFolder);
        SqliteLedgerDatabase store = await OpenAsync(disk);
        await WriteAsync(store, 1);
        committed.Add(1);
        if (isReading) await ReadAsync(store);
        int changes = 0;
        disk.OnOperation = operation =>
        {
            if (operation.Action == DiskAction.Read) return DiskFault.None;

            bool isFailing = changes >= first && changes < end;
            changes++;
            return isFailing ? DiskFault.Fail(DiskError.InputOutput) : DiskFault.None;
        };
        await WriteAllAsync(store, [2, 3, 4], committed);
        if (!isKilled) return await EndAsync(disk, store, committed);

        using SimulatedDisk next = disk.Restart(NextFolder);
        await store.DisposeAsync();
        store = await OpenAsync(next);
        await WriteAllAsync(store, [5, 6], committed);
        return await EndAsync(next, store, committed);
    }

    private async Task<(long[] Committed, long[] Found)> EndAsync(SimulatedDisk disk, SqliteLedgerDatabase database, List<long> committed)
    {
        string copy = NextFolder;
        disk.CopyTo(copy, powerIsLost: true, _ => 0);
        disk.Kill();
        await database.DisposeAsync();
        using var last = new SimulatedDisk(copy);
        database = await OpenAsync(last);
        long[] found = await ReadAsync(database);
        await database.DisposeAsync();
        return ([.. committed], found);
    }

    private static Task<SqliteLedgerDatabase> OpenAsync(SimulatedDisk disk) =>
        SqliteLedgerDatabase.OpenAsync(disk.PathOf("ledger"), LedgerMode.Run, TimeProvider.System, CancellationToken.None);

    private static async Task WriteAllAsync(SqliteLedgerDatabase database, long[] numbers, List<long> committed)
    {
        foreach (long number in numbers)
        {
            try
            {
                await WriteAsync(database, number);
                committed.Add(number);
            }
            catch (FaceGenException e)
            {
                Assert.Equal(ErrorCode.LedgerNotWritten, e.Code);
            }
        }
    }

    private static Task<int> WriteAsync(SqliteLedgerDatabase database, long number) => database.WriteAsync(
        session => session.ExecuteAsync(
            "INSERT INTO workers (machine, process, started_at, seen_at, ended_at) VALUES ('test', @number, 0, 0, 0)", ("number", number)),
        CancellationToken.None);

    private static async Task<long[]> ReadAsync(SqliteLedgerDatabase database) =>
        [.. await database.ReadAsync(
            session => session.QueryAsync("SELECT process FROM workers WHERE machine = 'test' ORDER BY worker", row => row.GetInt64(0)),
            CancellationToken.None)];
}
