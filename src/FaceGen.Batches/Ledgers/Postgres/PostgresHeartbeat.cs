using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>
/// The heartbeat of a worker: its own connection holds a lock on the worker's number, which the server releases when the process dies,
/// and writes the server's time every half second.
/// </summary>
internal sealed class PostgresHeartbeat : IAsyncDisposable
{
    /// <summary>The server's time in milliseconds; the clocks of the workers do not matter.</summary>
    private const string Now = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

    /// <summary>The interval of heartbeats; all times here are derived in docs/architecture.md#worker-lease.</summary>
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The gap between two heartbeats from which on it counts as an outage, which may affect other workers too.</summary>
    private static readonly TimeSpan OutageThreshold = TimeSpan.FromMilliseconds(1500);

    /// <summary>The silence, four heartbeats, after which a worker whose lock is free is dead.</summary>
    private static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(2);

    /// <summary>How long other workers have to send a heartbeat after an outage.</summary>
    private static readonly TimeSpan RecoveryTime = TimeSpan.FromSeconds(3);

    /// <summary>A worker that is silent for longer than this and the outage is dead.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(45);

    /// <summary>The timeout of a heartbeat's statement.</summary>
    private const int StatementTimeoutSeconds = 5;

    /// <summary>The interval of the search for sessions that block others forever.</summary>
    private static readonly TimeSpan BlockerInterval = TimeSpan.FromSeconds(5);

    /// <summary>How long closing waits for the server.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Terminates sessions of ledgers that wait in the middle of a statement for their client, while others wait for their locks. The
    /// server's own timeout ends only sessions that are idle between two statements. Half of it more is granted: 30 seconds
    /// (docs/architecture.md#worker-lease).
    /// </summary>
    private const string TerminateBlockers =
        """
        SELECT pg_terminate_backend(blocker.pid) FROM pg_stat_activity blocker
        WHERE blocker.datname = current_database() AND blocker.usename = current_user AND blocker.pid <> pg_backend_pid()
            AND blocker.state <> 'idle' AND blocker.wait_event_type = 'Client'
            AND blocker.state_change < clock_timestamp() - 1.5 * CAST(current_setting('idle_in_transaction_session_timeout') AS interval)
            AND blocker.pid IN (SELECT pid FROM pg_locks WHERE relation IN (CAST('items' AS regclass), CAST('workers' AS regclass)))
            AND blocker.pid IN (
                SELECT unnest(pg_blocking_pids(waiting.pid)) FROM pg_stat_activity waiting
                WHERE waiting.datname = current_database() AND waiting.usename = current_user AND waiting.wait_event_type = 'Lock')
        """;

    private readonly PostgresConnections _connections;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;
    private NpgsqlConnection? _connection;
    private bool _isLocked;
    private long _blockersCheckedAt = TimeProvider.System.GetTimestamp();
    private long _lastHeartbeat = TimeProvider.System.GetTimestamp();
    private long _recoveryEnd;
    private TimeSpan _lastOutage;

    private PostgresHeartbeat(PostgresConnections connections, NpgsqlConnection connection, long number, bool isLocked)
    {
        (_connections, _connection, Number, _isLocked) = (connections, connection, number, isLocked);
        _running = RunAsync();
    }

    internal long Number { get; }

    /// <summary>
    /// Gets a value that is true if this worker had an outage until just now: then the silence of others does not mean that they are dead.
    /// An outage longer than the lease, while the ledger is reachable, is this worker's own.
    /// </summary>
    internal bool HadOutage => IsRecovering || (TimeSinceHeartbeat > OutageThreshold && TimeSinceHeartbeat < Lease);

    /// <summary>Gets the duration of the outage, for which live workers may have been silent.</summary>
    internal TimeSpan Outage => IsRecovering && _lastOutage > TimeSinceHeartbeat ? _lastOutage : TimeSinceHeartbeat;

    private bool IsRecovering => TimeProvider.System.GetTimestamp() < Volatile.Read(ref _recoveryEnd);

    private TimeSpan TimeSinceHeartbeat => TimeProvider.System.GetElapsedTime(Volatile.Read(ref _lastHeartbeat));

    /// <summary>
    /// Returns a query of the responsive workers: those with a recent heartbeat, and those whose lock is held. A lock outlives its process
    /// if the machine or the network is gone, so it counts only within the lease.
    /// </summary>
    internal static string ResponsiveWorkersQuery(long worker) => FormattableString.Invariant(
        $"""
        SELECT w.worker FROM workers w WHERE w.worker = {worker} OR (w.ended_at IS NULL AND (
            w.seen_at > {Now} - {MaxSilence.TotalMilliseconds}
            OR (w.seen_at > {Now} - {Lease.TotalMilliseconds} AND w.worker IN (
                SELECT CAST(l.objid AS BIGINT) FROM pg_locks l
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = CAST('workers' AS regclass)
                    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())))))
        """);

    /// <summary>
    /// Returns a query of the live workers: the responsive ones, and those that an outage may have silenced. After an outage all locks are
    /// free and all workers silent, so none of them is dead until it had time to send a heartbeat.
    /// </summary>
    internal static string LiveWorkersQuery(long worker, bool hadOutage, TimeSpan outage) => FormattableString.Invariant(
        $"""
        {ResponsiveWorkersQuery(worker)}
        UNION SELECT w.worker FROM workers w WHERE w.ended_at IS NULL
            AND w.seen_at > {Now} - {(long)(Lease + outage).TotalMilliseconds}
            AND ({hadOutage} OR pg_postmaster_start_time() > clock_timestamp() - INTERVAL '{RecoveryTime.TotalSeconds} seconds')
        """);

    internal static async Task<PostgresHeartbeat> RegisterAsync(PostgresConnections connections, DriverCall call)
    {
        NpgsqlConnection connection = await connections.OpenUnpooledAsync(call.DriverToken).ConfigureAwait(false);
        try
        {
            using NpgsqlCommand command = connection.CreateCommand();
            command.CommandText = $"INSERT INTO workers (machine, process, started_at, seen_at) VALUES (@machine, @process, {Now}, {Now}) RETURNING worker";
            command.Parameters.AddWithValue("machine", WorkerProcess.MachineName);
            command.Parameters.AddWithValue("process", WorkerProcess.Id);
            long number = (long)(await command.ExecuteScalarAsync(call.DriverToken).ConfigureAwait(false))!;
            bool isLocked = await LockAsync(connection, number, call.DriverToken).ConfigureAwait(false);
            if (!call.TryBeginCompletion()) throw new OperationCanceledException();

            return new PostgresHeartbeat(connections, connection, number, isLocked);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Records at once that this worker has ended. If the server does not respond, the lock shows the same once the connection is gone.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        // No driver call has this token: its callbacks would run on this thread.
        _end.Cancel();
        await Task.WhenAny(_running, Task.Delay(CloseTimeout)).ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        // The system's clock, since the server's time decides which worker is alive.
        while (await WaitForNextAsync().ConfigureAwait(false)) await TryAsync(BeatAsync).ConfigureAwait(false);

        // On another thread, so that the caller of DisposeAsync does not wait here.
        await Task.Run(() => _connection is null ? Task.CompletedTask : TryAsync(() => UpdateWorkerAsync(_connection, $"ended_at = {Now}"))).ConfigureAwait(false);
        _connection?.Dispose();
        _end.Dispose();
    }

    /// <summary>Waits until the next heartbeat is due; false if the worker has ended.</summary>
    private async Task<bool> WaitForNextAsync()
    {
        await Task.WhenAny(Task.Delay(HeartbeatInterval, _end.Token)).ConfigureAwait(false);
        return !_end.IsCancellationRequested;
    }

    private async Task BeatAsync()
    {
        _connection ??= await _connections.OpenUnpooledAsync(CancellationToken.None).ConfigureAwait(false);
        // Until the server has noticed that the former connection is gone, that connection's lock counts.
        if (!_isLocked) _isLocked = await LockAsync(_connection, Number, CancellationToken.None).ConfigureAwait(false);
        await UpdateWorkerAsync(_connection, $"seen_at = {Now}, ended_at = NULL").ConfigureAwait(false);
        RecordHeartbeat();
        if (TimeProvider.System.GetElapsedTime(_blockersCheckedAt) < BlockerInterval) return;

        _blockersCheckedAt = TimeProvider.System.GetTimestamp();
        try
        {
            using NpgsqlCommand command = _connection.CreateCommand();
            command.CommandText = TerminateBlockers;
            command.CommandTimeout = StatementTimeoutSeconds;
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // The worker may not terminate sessions; it is alive all the same.
        }
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Any exception means a lost connection; a host that cannot be resolved, for example, is not an NpgsqlException. Other
            // workers may claim this worker's rows until it is back.
            _connection?.Dispose();
            _connection = null;
            _isLocked = false;
        }
    }

    private void RecordHeartbeat()
    {
        long now = TimeProvider.System.GetTimestamp();
        if (TimeProvider.System.GetElapsedTime(_lastHeartbeat, now) is var outage && outage > OutageThreshold)
        {
            _lastOutage = outage;
            Volatile.Write(ref _recoveryEnd, now + (long)(RecoveryTime.TotalSeconds * TimeProvider.System.TimestampFrequency));
        }

        Volatile.Write(ref _lastHeartbeat, now);
    }

    private async Task UpdateWorkerAsync(NpgsqlConnection connection, string values)
    {
        using NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = $"UPDATE workers SET {values} WHERE worker = @worker";
        command.CommandTimeout = StatementTimeoutSeconds;
        command.Parameters.AddWithValue("worker", Number);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private static async Task<bool> LockAsync(NpgsqlConnection connection, long number, CancellationToken cancellationToken)
    {
        using NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = "SELECT pg_try_advisory_lock(CAST(CAST(CAST('workers' AS regclass) AS oid) AS int), CAST(@worker AS int))";
        command.Parameters.AddWithValue("worker", number);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }
}
