using System.Data.Common;
using FaceGen.Batches.Ledgers.Sqlite;
using FaceGen.Generating;
using Npgsql;
using NpgsqlTypes;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>The database of a ledger in a schema of PostgreSQL, for any number of workers on any number of machines.</summary>
internal sealed class PostgresLedgerDatabase : LedgerDatabase
{
    private const int MinServerVersion = 15;

    /// <summary>
    /// The maximum number of concurrent transactions, so that a worker has eight connections with that of its heartbeat: a server usually
    /// allows 100 to all its clients.
    /// </summary>
    private const int MaxTransactions = 7;

    /// <summary>
    /// How long opening a ledger retries a database that has accepted a connection before. An address that never accepted one is most
    /// likely wrong, which is an error at once.
    /// </summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(5);

    private readonly PostgresAddress _address;
    private readonly PostgresConnections _connections;
    private readonly PostgresWriter _writer;
    private readonly SemaphoreSlim _transactions = new(MaxTransactions);
    private readonly TimeProvider _time;
    private readonly IEngineLog _log;
    private PostgresHeartbeat? _heartbeat;
    private int _isUnreachable;
    private volatile bool _hasConnected;

    private PostgresLedgerDatabase(PostgresAddress address, TimeProvider time, IEngineLog log)
    {
        (_address, _time, _log) = (address, time, log);
        _connections = new PostgresConnections(address);
        _writer = new PostgresWriter((work, tryBeginCommit) => RunTransactionAsync(
            async connection =>
            {
                await work(connection).ConfigureAwait(false);
                return true;
            }, commit: true, tryBeginCommit, CancellationToken.None));
    }

    /// <inheritdoc/>
    internal override string Name => _address.Name;

    /// <inheritdoc/>
    internal override long Worker => _heartbeat?.Number ?? 0;

    /// <inheritdoc/>
    internal override bool IsShared => true;

    /// <inheritdoc/>
    internal override string LiveWorkersQuery => PostgresHeartbeat.LiveWorkersQuery(Worker, _heartbeat is { HadOutage: true }, _heartbeat?.Outage ?? TimeSpan.Zero);

    /// <inheritdoc/>
    internal override string IsWorkerRunning => $"worker IN ({ResponsiveWorkersQuery})";

    /// <inheritdoc/>
    internal override string ResponsiveWorkersQuery => PostgresHeartbeat.ResponsiveWorkersQuery(Worker);

    /// <inheritdoc/>
    internal override string RowLockClause => "FOR UPDATE SKIP LOCKED";

    /// <inheritdoc/>
    /// <remarks>It follows the locale of the database: with the locale C it knows only ASCII.</remarks>
    internal override string CaseFoldFunction => "lower";

    /// <summary>Opens a ledger's schema.</summary>
    /// <param name="address">The address.</param>
    /// <param name="mode">The purpose.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives a warning when the database is unreachable.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FaceGenException">The database is unreachable, or the schema is not a ledger.</exception>
    internal static async Task<LedgerDatabase> OpenAsync(
        PostgresAddress address, LedgerMode mode, TimeProvider time, IEngineLog log, CancellationToken cancellationToken)
    {
        var store = new PostgresLedgerDatabase(address, time, log);
        try
        {
            // Before anything is set on a session, which behind such a pooler belongs to other programs too.
            await store.RetryAsync(async call =>
            {
                await PoolerCheck.RunAsync(store._connections, store.Name, call.DriverToken).ConfigureAwait(false);
                return true;
            }, cancellationToken).ConfigureAwait(false);
            bool isThere = await store.RunOnOpenAsync(store.LedgerExistsAsync, cancellationToken).ConfigureAwait(false);
            if (mode == LedgerMode.Run || (mode == LedgerMode.RunAndCreateOnImport && isThere))
            {
                if (!isThere) await store.RunOnOpenAsync(store.CreateTablesAsync, cancellationToken).ConfigureAwait(false);
                store._heartbeat = await store.RetryAsync(call => PostgresHeartbeat.RegisterAsync(store._connections, call), cancellationToken).ConfigureAwait(false);
                return store;
            }

            if (isThere) return store;
            if (mode == LedgerMode.Read) throw new FaceGenException(ErrorCode.LedgerNotFound, $"The ledger '{address.Name}' does not exist. Nothing was read. Check -Ledger.");

            await store.DisposeAsync().ConfigureAwait(false);
            return SqliteLedgerDatabase.CreateEmpty(address.Name, time);
        }
        catch (Exception e)
        {
            await store.DisposeAsync().ConfigureAwait(false);
            if (PostgresErrors.IsConnectionLost(e, null)) throw PostgresErrors.CreateUnreachableError(address.Name, e);
            if (PostgresErrors.Explain(e, address.Name) is { } explained && explained != e) throw explained;
            throw;
        }
    }

    /// <inheritdoc/>
    internal override Task LockAsync(LedgerSession session, string key) => session.ExecuteAsync(
        "SELECT pg_advisory_xact_lock(hashtextextended(@text, CAST(CAST(CAST('items' AS regclass) AS oid) AS BIGINT)))", ("text", key));

    /// <inheritdoc/>
    internal override Task AnalyzeAsync(LedgerSession session, string table) => session.ExecuteAsync($"ANALYZE {table}");

    /// <inheritdoc/>
    internal override bool IsUniqueViolation(DbException error) => error is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    /// <inheritdoc/>
    internal override Task<T> WriteAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        Worker == 0
            ? throw new InvalidOperationException("The ledger was not opened to be written.")
            : RetryAsync(work, commit: true, timeout: null, cancellationToken);

    /// <inheritdoc/>
    internal override Task<T> WriteGroupedAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken)
    {
        return RetryAsync(TryAsync, timeout: null, cancellationToken);

        async Task<T> TryAsync(DriverCall call, bool isRepeat)
        {
            if (isRepeat) return await RunTransactionAsync(work, commit: true, isRepeat, call).ConfigureAwait(false);

            try
            {
                return await _writer.WriteAsync(work, call).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not LostConnectionException)
            {
                // Nothing of the group was committed: the error, or the cancellation, may be that of another write.
                return await RunTransactionAsync(work, commit: true, isRepeat, call).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    internal override Task<T> ReadAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        RetryAsync(work, commit: false, Worker == 0 ? ConnectTimeout : null, cancellationToken);

    /// <inheritdoc/>
    internal override Task<T> WriteWithInputAsync<T>(InputStage input, Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        WriteAsync(session => LoadAndRunAsync(session, input, work), cancellationToken);

    /// <inheritdoc/>
    internal override Task<T> ReadWithInputAsync<T>(InputStage input, Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        ReadAsync(session => LoadAndRunAsync(session, input, work), cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_heartbeat is not null) await _heartbeat.DisposeAsync().ConfigureAwait(false);
        await _connections.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Copies the staged rows to a temporary table, and runs work with it.</summary>
    private static async Task<T> LoadAndRunAsync<T>(LedgerSession session, InputStage input, Func<LedgerSession, Task<T>> work)
    {
        session.Timeout = TimeSpan.Zero;
        await session.ExecuteAsync(LedgerSchema.CreateInput("TEMPORARY TABLE", "BIGINT", "ON COMMIT DROP")).ConfigureAwait(false);
        await CopyAsync((NpgsqlConnection)session.Connection, input, session.CancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync("CREATE INDEX input_hash ON input (hash, occurrence)").ConfigureAwait(false);
        await session.ExecuteAsync("ANALYZE input").ConfigureAwait(false);
        return await work(session).ConfigureAwait(false);
    }

    private static async Task CopyAsync(NpgsqlConnection connection, InputStage input, CancellationToken cancellationToken)
    {
        using DbCommand select = input.GetNumbered().CreateCommand();
        select.CommandText = "SELECT * FROM input ORDER BY position";
        using DbDataReader row = select.ExecuteReader();
        using NpgsqlBinaryImporter copy = await connection
            .BeginBinaryImportAsync("COPY input FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false);
        copy.Timeout = TimeSpan.Zero;
        while (row.Read())
        {
            await copy.StartRowAsync(cancellationToken).ConfigureAwait(false);
            for (int column = 0; column < row.FieldCount; column++)
            {
                await (row.GetValue(column) switch
                {
                    string text => copy.WriteAsync(LedgerSession.ToStorable(text), NpgsqlDbType.Text, cancellationToken),
                    long number => copy.WriteAsync(number, NpgsqlDbType.Bigint, cancellationToken),
                    _ => copy.WriteNullAsync(cancellationToken),
                }).ConfigureAwait(false);
            }
        }

        await copy.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task<bool> RunOnOpenAsync(Func<LedgerSession, Task<bool>> work, CancellationToken cancellationToken) =>
        RetryAsync(work, commit: true, ConnectTimeout, cancellationToken);

    private Task<T> RetryAsync<T>(Func<LedgerSession, Task<T>> work, bool commit, TimeSpan? timeout, CancellationToken cancellationToken) =>
        RetryAsync((call, isRepeat) => RunTransactionAsync(work, commit, isRepeat, call), timeout, cancellationToken);

    /// <summary>Runs attempts until one succeeds; waits between them while the database is unreachable.</summary>
    private async Task<T> RetryAsync<T>(Func<DriverCall, bool, Task<T>> attempt, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        DateTimeOffset? end = _time.GetUtcNow() + timeout;
        TimeSpan pause = TimeSpan.FromMilliseconds(50);
        for (bool isRepeat = false; ; isRepeat = true)
        {
            try
            {
                bool isFurther = isRepeat;
                T result = await DriverCall.RunAsync(call => attempt(call, isFurther), cancellationToken).ConfigureAwait(false);
                if (Interlocked.Exchange(ref _isUnreachable, 0) == 1) _log.LogVerbose($"The ledger's database '{Name}' is reachable again.");
                return result;
            }
            catch (Exception e) when (PostgresErrors.Explain(e, Name) is { } explained && explained != e)
            {
                throw explained;
            }
            catch (LostConnectionException e)
            {
                if (_time.GetUtcNow() >= end || (end is not null && !_hasConnected)) throw PostgresErrors.CreateUnreachableError(Name, e.InnerException!);
                if (end is null && !PostgresErrors.IsConflict(e.InnerException!) && Interlocked.Exchange(ref _isUnreachable, 1) == 0)
                    _log.LogWarning($"The ledger's database '{Name}' is unreachable: {PostgresErrors.Describe(e.InnerException!)}. The run waits for it, and nothing that was paid for is lost.");
            }

            await _time.DelayAsync(pause, cancellationToken).ConfigureAwait(false);
            pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, MaxRetryDelay.Ticks));
        }
    }

    private Task<T> RunTransactionAsync<T>(Func<LedgerSession, Task<T>> work, bool commit, bool isRepeat, DriverCall call) => RunTransactionAsync(
        connection => work(new LedgerSession(connection, isRepeat, call.DriverToken)), commit, call.TryBeginCompletion, call.DriverToken);

    private async Task<T> RunTransactionAsync<T>(Func<NpgsqlConnection, Task<T>> work, bool commit, Func<bool> tryBeginCompletion, CancellationToken cancellationToken)
    {
        await _transactions.WaitAsync(cancellationToken).ConfigureAwait(false);
        NpgsqlConnection? connection = null;
        try
        {
            connection = await _connections.OpenAsync(cancellationToken).ConfigureAwait(false);
            _hasConnected = true;
            // BEGIN is sent with the first statement.
            using NpgsqlTransaction transaction = connection.BeginTransaction();
            T result = await work(connection).ConfigureAwait(false);
            if (!tryBeginCompletion()) throw new OperationCanceledException();

            // A commit is not canceled, since the caller must know its outcome.
            if (commit) await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            else await transaction.RollbackAsync(CancellationToken.None).ConfigureAwait(false);
            return result;
        }
        catch (Exception e) when (IsRetryable(e, connection))
        {
            throw new LostConnectionException(e);
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
            _transactions.Release();
        }
    }

    /// <summary>Runs work that opens its own connections, before the ledger is open.</summary>
    private Task<T> RetryAsync<T>(Func<DriverCall, Task<T>> work, CancellationToken cancellationToken)
    {
        return RetryAsync((call, _) => TryAsync(call), ConnectTimeout, cancellationToken);

        async Task<T> TryAsync(DriverCall call)
        {
            try
            {
                return await work(call).ConfigureAwait(false);
            }
            catch (Exception e) when (IsRetryable(e, null))
            {
                throw new LostConnectionException(e);
            }
        }
    }

    private bool IsRetryable(Exception error, NpgsqlConnection? connection)
    {
        if (!PostgresErrors.IsConnectionLost(error, connection) && !PostgresErrors.IsConflict(error)) return false;

        if (error is PostgresException) _hasConnected = true;
        return true;
    }

    /// <summary>Returns true if the schema contains a ledger; false if it is missing or empty.</summary>
    private async Task<bool> LedgerExistsAsync(LedgerSession session)
    {
        int server = ((NpgsqlConnection)session.Connection).PostgreSqlVersion.Major;
        if (server < MinServerVersion)
            throw new FaceGenException(ErrorCode.LedgerInvalid, $"The server of '{Name}' is PostgreSQL {server}. Nothing was sent. Use version {MinServerVersion} or later.");

        List<string> tables = await session.QueryAsync(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = @schema AND c.relkind IN ('r', 'v', 'm', 'p')",
            row => row.GetString(0), ("schema", _address.Schema)).ConfigureAwait(false);
        if (tables.Count == 0) return false;
        if (!tables.Contains("ledger"))
            throw new FaceGenException(ErrorCode.LedgerInvalid, $"The schema of '{Name}' contains other tables and no ledger. Nothing was sent. Name another schema with 'Search Path=' in the connection string.");

        LedgerSchema.ThrowIfNewer(await session.QueryNumberAsync("SELECT max(version) FROM ledger").ConfigureAwait(false), Name);
        return true;
    }

    private async Task<bool> CreateTablesAsync(LedgerSession session)
    {
        await session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('FaceGen ' || @schema, 0))", ("schema", _address.Schema)).ConfigureAwait(false);
        if (await LedgerExistsAsync(session).ConfigureAwait(false)) return true;

        if (await session.QueryNumberAsync("SELECT 1 FROM pg_namespace WHERE nspname = @schema", ("schema", _address.Schema)).ConfigureAwait(false) is null)
            await session.ExecuteAsync($"CREATE SCHEMA {_address.QuotedSchema}").ConfigureAwait(false);
        await session.ExecuteAsync(LedgerSchema.CreateTables("BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "BYTEA")).ConfigureAwait(false);
        await session.ExecuteAsync(LedgerSchema.CreateHashIndex).ConfigureAwait(false);
        await session.ExecuteAsync(LedgerSchema.InsertVersion, LedgerSchema.GetVersionValues(_time)).ConfigureAwait(false);
        // Only its owner can read it, whatever the default privileges of the database are.
        await session.ExecuteAsync($"REVOKE ALL ON ALL TABLES IN SCHEMA {_address.QuotedSchema} FROM PUBLIC").ConfigureAwait(false);
        return true;
    }

    /// <summary>Signals that the work can be repeated.</summary>
    private sealed class LostConnectionException(Exception cause) : Exception(cause.Message, cause);
}
