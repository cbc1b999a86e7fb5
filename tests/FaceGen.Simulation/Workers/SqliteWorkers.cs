using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Sqlite;
using FaceGen.BatchModel;
using FaceGen.Simulation.Disk;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace FaceGen.Simulation.Workers;

/// <summary>A ledger in a file, which one run has at a time by the lock of a file.</summary>
/// <param name="path">The path of the ledger.</param>
internal sealed class SqliteWorkers(string path) : WorkerLedgers
{
    internal override bool OpensInOneStep => false;

    internal override bool IsShared => false;

    internal override Task BeginAsync()
    {
        // The creation of a ledger is a matter of one process.
        SqliteLedgerDatabase.Create(path, TimeProvider.System);
        return Task.CompletedTask;
    }

    internal override async Task<ILedger> OpenAsync(Worker worker, CancellationToken cancellationToken)
    {
        ILedger ledger = await LedgerFactory.OpenAsync(LedgerLocation.Parse(path), LedgerMode.RunAndCreateOnImport, worker.Time, worker, cancellationToken);
        worker.Number = await QueryAsync("SELECT max(worker) FROM workers", async command => Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture));
        return ledger;
    }

    internal override Task<ILedger> OpenToReadAsync() => LedgerFactory.OpenAsync(LedgerLocation.Parse(path), LedgerMode.Read, TimeProvider.System, new NullLog(), default);

    internal override Task<WorkerRow[]> ReadRowsAsync() => QueryAsync(WorkerRow.Query, WorkerRow.ReadAsync);

    internal override Task OnKilledAsync(Worker worker)
    {
        // The system releases the lock, and the file stays: a copy replaces it, which the process, whose file is still open
        // here, does not have locked.
        string lockFile = SqliteLock.PathOf(path), copy = lockFile + ".copy";
        if (worker.HasLapsed || worker.Number == 0) return Task.CompletedTask;

        using (SafeFileHandle held = UnixFile.OpenToRead(lockFile))
        {
            byte[] mark = new byte[RandomAccess.GetLength(held)];
            RandomAccess.Read(held, mark, 0);
            File.WriteAllBytes(copy, mark);
        }

        File.Move(copy, lockFile, overwrite: true);
        return Task.CompletedTask;
    }

    internal override Task OnLapsedAsync(Worker worker)
    {
        // A user thinks that the run is dead and deletes the lock file.
        if (worker.Number > 0) File.Delete(SqliteLock.PathOf(path));
        return Task.CompletedTask;
    }

    // The holder of the lock treats all others as dead.
    internal override bool IsDeadFor(Worker worker, Worker other) => worker != other;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Queries the file while a worker has it open, so that closing this connection changes nothing.</summary>
    private async Task<T> QueryAsync<T>(string sql, Func<SqliteCommand, Task<T>> read)
    {
        await using SqliteConnection connection = SqliteConnections.Open(path, SqliteOpenMode.ReadWrite);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return await read(command);
    }
}
