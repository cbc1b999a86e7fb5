using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Postgres;
using FaceGen.Tests.Shared;
using Npgsql;

namespace FaceGen.Simulation.Workers;

/// <summary>
/// A ledger in a schema of a real server. The workers of all histories use the same few databases, since opening one takes longer
/// than a history does.
/// </summary>
/// <remarks>
/// A worker is alive, or not, by <c>workers.seen_at</c>, which its store sets to the server's time every half second. Here a
/// trigger leaves the table as it is where a store writes it, and the simulation sets the time that the server would find: now,
/// as after a heartbeat; a while ago, if the worker's lock still shows that it is alive; or long ago, as after a silence that
/// ends the lease whatever the lock says. So a worker's death, the end of its lease and its return are steps like any other, and
/// no history depends on its duration.
/// </remarks>
internal sealed class PostgresWorkers : WorkerLedgers
{
    private const string Schema = "simulation";

    /// <summary>The name by which the trigger knows the simulation's own connection.</summary>
    private const string Application = "Simulation";

    /// <summary>How often the tables are made anew: deleted rows slow them down.</summary>
    private const int TruncateInterval = 100;

    private const string Now = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

    private static readonly Stack<LedgerDatabase> Spare = [];
    private static NpgsqlConnection? _connection;
    private static int _histories;

    private readonly Dictionary<Worker, LedgerDatabase> _databases = [];
    private readonly List<LedgerDatabase> _others = [];

    /// <summary>Gets why no server is available; null if one is.</summary>
    internal static string? UnavailableReason => PostgresServer.SkipReason;

    internal override bool OpensInOneStep => true;

    internal override bool IsShared => true;

    internal override async Task BeginAsync()
    {
        _connection ??= await PrepareAsync();
        await ExecuteAsync(
            $"""
            {(++_histories % TruncateInterval == 0 ? "TRUNCATE files, former, items, faces" : "DELETE FROM files; DELETE FROM former; DELETE FROM items; DELETE FROM faces")};
            UPDATE workers SET seen_at = 0, ended_at = 0;
            SELECT setval(pg_get_serial_sequence('items', 'item'), 1, false)
            """);
    }

    internal override async Task<ILedger> OpenAsync(Worker worker, CancellationToken cancellationToken)
    {
        LedgerDatabase store = Spare.TryPop(out LedgerDatabase? spare) ? spare : await OpenDatabaseAsync();
        _databases.Add(worker, store);
        worker.Number = store.Worker;
        await SetAsync(worker, $"seen_at = {Now} + 3600000, ended_at = NULL");
        return new DatabaseLedger(new ReusableDatabase(store, () => CloseAsync(worker)), worker.Time);
    }

    internal override async Task<ILedger> OpenToReadAsync()
    {
        LedgerDatabase store = Spare.TryPop(out LedgerDatabase? spare) ? spare : await OpenDatabaseAsync();
        return new DatabaseLedger(
            new ReusableDatabase(store, () =>
            {
                Spare.Push(store);
                return Task.CompletedTask;
            }),
            TimeProvider.System);
    }

    internal override async Task<WorkerRow[]> ReadRowsAsync()
    {
        await using NpgsqlCommand command = _connection!.CreateCommand();
        command.CommandText = WorkerRow.Query;
        return await WorkerRow.ReadAsync(command);
    }

    internal override Task OnKilledAsync(Worker worker) => OnLapsedAsync(worker);

    internal override Task OnSilentAsync(Worker worker) => SetAsync(worker, $"seen_at = {Now} - 10000");

    internal override Task OnLapsedAsync(Worker worker) => SetAsync(worker, "seen_at = 0");

    internal override Task OnHeartbeatAsync(Worker worker) => SetAsync(worker, $"seen_at = {Now} + 3600000");

    internal override bool IsDeadFor(Worker worker, Worker other) => worker != other && (other.IsKilled || other.IsLapsed || other.IsClosed);

    public override ValueTask DisposeAsync()
    {
        foreach (LedgerDatabase store in _databases.Values) Spare.Push(store);
        foreach (LedgerDatabase store in _others) Spare.Push(store);
        _databases.Clear();
        _others.Clear();
        return ValueTask.CompletedTask;
    }

    /// <summary>Returns stores of workers that are alive, for calls that are not a history's.</summary>
    /// <remarks>They are given back by <see cref="DisposeAsync"/>.</remarks>
    internal async Task<LedgerDatabase[]> OpenDatabasesAsync(int count)
    {
        for (int opened = 0; opened < count; opened++)
        {
            LedgerDatabase store = Spare.TryPop(out LedgerDatabase? spare) ? spare : await OpenDatabaseAsync();
            _others.Add(store);
            await ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"UPDATE workers SET seen_at = {Now} + 3600000, ended_at = NULL WHERE worker = {store.Worker}"));
        }

        return [.. _others];
    }

    /// <summary>True if a session waits for a lock.</summary>
    internal static async Task<bool> IsBlockedAsync(int process)
    {
        await using NpgsqlCommand command = _connection!.CreateCommand();
        command.CommandText = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE pid = @pid AND NOT granted)";
        command.Parameters.AddWithValue("pid", process);
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    internal static async Task ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = _connection!.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<NpgsqlConnection> PrepareAsync()
    {
        Spare.Push(await OpenDatabaseAsync());
        var connection = new NpgsqlConnection(PostgresServer.Instance.GetConnectionString(Schema, $"Application Name={Application};Pooling=false;Max Auto Prepare=20"));
        await connection.OpenAsync();
        await using NpgsqlCommand command = connection.CreateCommand();
        command.CommandText =
            $"""
            CREATE FUNCTION keep_time() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN IF current_setting(''application_name'') = ''{Application}'' THEN RETURN NEW; ELSE RETURN NULL; END IF; END';
            CREATE TRIGGER keep_time BEFORE UPDATE ON workers FOR EACH ROW EXECUTE FUNCTION keep_time()
            """;
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private static Task<LedgerDatabase> OpenDatabaseAsync() =>
        PostgresLedgerDatabase.OpenAsync(PostgresAddress.Parse(PostgresServer.Instance.GetConnectionString(Schema, "Max Auto Prepare=100")), LedgerMode.Run, TimeProvider.System, new NullLog(), default);

    private static Task SetAsync(Worker worker, string values) => worker.Number == 0 ? Task.CompletedTask
        : ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"UPDATE workers SET {values} WHERE worker = {worker.Number}"));

    /// <summary>A worker that has ended records that itself.</summary>
    private static Task CloseAsync(Worker worker) => worker.IsKilled ? Task.CompletedTask : SetAsync(worker, "ended_at = 1");
}
