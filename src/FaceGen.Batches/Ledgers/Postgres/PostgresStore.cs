using System.Data.Common;
using FaceGen.Batches.Ledgers.Sqlite;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using Npgsql;
using NpgsqlTypes;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>A ledger in a schema of PostgreSQL, for any number of workers on any number of machines.</summary>
internal sealed class PostgresStore : LedgerStore
{
    private const int OldestServer = 15;

    /// <summary>
    /// How long a database that has answered and cannot be reached is waited for where nothing was begun yet. An address
    /// where nobody has answered is most likely wrong, which is told at once.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly PostgresAddress _address;
    private readonly PostgresConnections _connections;
    private readonly TimeProvider _time;
    private readonly IListener _listener;
    private PostgresWorker? _worker;
    private int _isOut;
    private volatile bool _hasAnswered;

    private PostgresStore(PostgresAddress address, TimeProvider time, IListener listener)
    {
        (_address, _time, _listener) = (address, time, listener);
        _connections = new PostgresConnections(address);
    }

    /// <inheritdoc/>
    internal override string Name => _address.Name;

    /// <inheritdoc/>
    internal override long Worker => _worker?.Number ?? 0;

    /// <inheritdoc/>
    internal override bool IsShared => true;

    /// <inheritdoc/>
    internal override string Alive => PostgresWorker.Alive(Worker, _worker is { WasOut: true }, _worker?.Outage ?? TimeSpan.Zero);

    /// <inheritdoc/>
    internal override string HeardOf => PostgresWorker.HeardOf(Worker);

    /// <inheritdoc/>
    internal override string Exclusively => "FOR UPDATE SKIP LOCKED";

    /// <summary>Opens a ledger's schema.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="mode">What for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="listener">Is told when the database cannot be reached.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="FaceGenException">The database cannot be reached, or the schema is no ledger.</exception>
    internal static async Task<LedgerStore> OpenAsync(
        PostgresAddress address, LedgerMode mode, TimeProvider time, IListener listener, CancellationToken cancel)
    {
        var store = new PostgresStore(address, time, listener);
        try
        {
            // Before anything is set on a session, which behind such a pooler is another program's as well.
            await store.RepeatAsync(async call =>
            {
                await PoolerCheck.RunAsync(store._connections, store.Name, call.DriverToken).ConfigureAwait(false);
                return true;
            }, cancel).ConfigureAwait(false);
            bool isThere = await store.FirstAsync(store.IsLedgerAsync, cancel).ConfigureAwait(false);
            if (mode == LedgerMode.Run || (mode == LedgerMode.RunInput && isThere))
            {
                if (!isThere) await store.FirstAsync(store.CreateTablesAsync, cancel).ConfigureAwait(false);
                store._worker = await store.RepeatAsync(call => PostgresWorker.RegisterAsync(store._connections, call), cancel).ConfigureAwait(false);
                return store;
            }

            if (isThere) return store;
            if (mode == LedgerMode.Read) throw new FaceGenException(ErrorCode.LedgerInvalid, $"There is no ledger '{address.Name}'.");

            await store.DisposeAsync().ConfigureAwait(false);
            return SqliteStore.Empty(address.Name, time);
        }
        catch (Exception e)
        {
            await store.DisposeAsync().ConfigureAwait(false);
            if (PostgresErrors.IsLost(e, null)) throw PostgresErrors.Unreachable(address.Name, e);
            if (PostgresErrors.Explain(e, address.Name) is { } explained && explained != e) throw explained;
            throw;
        }
    }

    /// <inheritdoc/>
    internal override Task LockAsync(LedgerSession session, string text) => session.ExecuteAsync(
        "SELECT pg_advisory_xact_lock(hashtextextended(@text, CAST(CAST(CAST('items' AS regclass) AS oid) AS BIGINT)))", ("text", text));

    /// <inheritdoc/>
    internal override async Task FillAsync(LedgerSession session, IEnumerable<InputRow> rows)
    {
        var connection = (NpgsqlConnection)session.Connection;
        using NpgsqlBinaryImporter copy = await connection
            .BeginBinaryImportAsync("COPY input FROM STDIN (FORMAT BINARY)", session.Cancel).ConfigureAwait(false);
        copy.Timeout = TimeSpan.Zero;
        long position = 0;
        foreach (InputRow row in rows)
        {
            await copy.StartRowAsync(session.Cancel).ConfigureAwait(false);
            await copy.WriteAsync(++position, NpgsqlDbType.Bigint, session.Cancel).ConfigureAwait(false);
            await WriteAsync(copy, row.Hash, session.Cancel).ConfigureAwait(false);
            await WriteAsync(copy, row.Request, session.Cancel).ConfigureAwait(false);
            await copy.WriteAsync((long)row.Images, NpgsqlDbType.Bigint, session.Cancel).ConfigureAwait(false);
            await WriteAsync(copy, row.Face, session.Cancel).ConfigureAwait(false);
            await copy.WriteAsync((long)row.FaceLength, NpgsqlDbType.Bigint, session.Cancel).ConfigureAwait(false);
            await WriteAsync(copy, row.Source?.File, session.Cancel).ConfigureAwait(false);
            await WriteAsync(copy, row.Source?.Line, session.Cancel).ConfigureAwait(false);
            await WriteAsync(copy, row.Source?.Row, session.Cancel).ConfigureAwait(false);
            await WriteAsync(copy, row.Path, session.Cancel).ConfigureAwait(false);
            await WriteAsync(copy, row.FileAt?.ToUnixTimeMilliseconds(), session.Cancel).ConfigureAwait(false);
        }

        await copy.CompleteAsync(session.Cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    internal override Task MeasureAsync(LedgerSession session, string table) => session.ExecuteAsync($"ANALYZE {table}");

    /// <inheritdoc/>
    internal override bool IsDuplicate(DbException error) => error is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    /// <inheritdoc/>
    internal override Task<T> WriteAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancel) =>
        Worker == 0
            ? throw new InvalidOperationException("The ledger was not opened to be written.")
            : RepeatAsync(work, isKept: true, patience: null, cancel);

    /// <inheritdoc/>
    internal override Task<T> ReadAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancel) =>
        RepeatAsync(work, isKept: false, Worker == 0 ? Patience : null, cancel);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_worker is not null) await _worker.DisposeAsync().ConfigureAwait(false);
        await _connections.DisposeAsync().ConfigureAwait(false);
    }

    private static Task WriteAsync(NpgsqlBinaryImporter copy, string? text, CancellationToken cancel) =>
        text is null ? copy.WriteNullAsync(cancel) : copy.WriteAsync(LedgerSession.Storable(text), NpgsqlDbType.Text, cancel);

    private static Task WriteAsync(NpgsqlBinaryImporter copy, long? number, CancellationToken cancel) =>
        number is { } known ? copy.WriteAsync(known, NpgsqlDbType.Bigint, cancel) : copy.WriteNullAsync(cancel);

    private Task<bool> FirstAsync(Func<LedgerSession, Task<bool>> work, CancellationToken cancel) =>
        RepeatAsync(work, isKept: true, Patience, cancel);

    private Task<T> RepeatAsync<T>(Func<LedgerSession, Task<T>> work, bool isKept, TimeSpan? patience, CancellationToken cancel) =>
        RepeatAsync((call, isRepeat) => TransactAsync(work, isKept, isRepeat, call), patience, cancel);

    /// <summary>Makes an attempt, and further ones while the database cannot be reached.</summary>
    private async Task<T> RepeatAsync<T>(Func<DriverCall, bool, Task<T>> attempt, TimeSpan? patience, CancellationToken cancel)
    {
        DateTimeOffset? end = _time.GetUtcNow() + patience;
        TimeSpan pause = TimeSpan.FromMilliseconds(50);
        for (bool isRepeat = false; ; isRepeat = true)
        {
            try
            {
                bool isFurther = isRepeat;
                T result = await DriverCall.RunAsync(call => attempt(call, isFurther), cancel).ConfigureAwait(false);
                if (Interlocked.Exchange(ref _isOut, 0) == 1) _listener.Tell($"The ledger's database '{Name}' is reached again.");
                return result;
            }
            catch (Exception e) when (PostgresErrors.Explain(e, Name) is { } explained && explained != e)
            {
                throw explained;
            }
            catch (LostConnectionException e)
            {
                if (_time.GetUtcNow() >= end || (end is not null && !_hasAnswered)) throw PostgresErrors.Unreachable(Name, e.InnerException!);
                if (end is null && !PostgresErrors.IsCollision(e.InnerException!) && Interlocked.Exchange(ref _isOut, 1) == 0)
                    _listener.Warn($"The ledger's database '{Name}' cannot be reached and is waited for: {PostgresErrors.Words(e.InnerException!)}.");
            }

            await _time.Wait(pause, cancel).ConfigureAwait(false);
            pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
        }
    }

    private async Task<T> TransactAsync<T>(Func<LedgerSession, Task<T>> work, bool isKept, bool isRepeat, DriverCall call)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = await _connections.OpenAsync(call.DriverToken).ConfigureAwait(false);
            _hasAnswered = true;
            // It goes to the server with the first statement.
            using NpgsqlTransaction transaction = connection.BeginTransaction();
            T result = await work(new LedgerSession(connection, isRepeat, call.DriverToken)).ConfigureAwait(false);
            if (!call.TryComplete()) throw new OperationCanceledException();

            // A commit is not cut off: the caller has to know whether it was done.
            if (isKept) await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            else await transaction.RollbackAsync(CancellationToken.None).ConfigureAwait(false);
            return result;
        }
        catch (Exception e) when (IsRepeatable(e, connection))
        {
            throw new LostConnectionException(e);
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Does work on connections of its own before the ledger is open.</summary>
    private Task<T> RepeatAsync<T>(Func<DriverCall, Task<T>> work, CancellationToken cancel)
    {
        return RepeatAsync((call, _) => TryAsync(call), Patience, cancel);

        async Task<T> TryAsync(DriverCall call)
        {
            try
            {
                return await work(call).ConfigureAwait(false);
            }
            catch (Exception e) when (IsRepeatable(e, null))
            {
                throw new LostConnectionException(e);
            }
        }
    }

    private bool IsRepeatable(Exception error, NpgsqlConnection? connection)
    {
        if (!PostgresErrors.IsLost(error, connection) && !PostgresErrors.IsCollision(error)) return false;

        if (error is PostgresException) _hasAnswered = true;
        return true;
    }

    /// <summary>Whether the schema is a ledger; false where it is not there or empty.</summary>
    private async Task<bool> IsLedgerAsync(LedgerSession session)
    {
        int server = ((NpgsqlConnection)session.Connection).PostgreSqlVersion.Major;
        if (server < OldestServer)
            throw new FaceGenException(ErrorCode.LedgerInvalid, $"'{Name}' is PostgreSQL {server}; a ledger needs {OldestServer} or later.");

        List<string> tables = await session.QueryAsync(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = @schema AND c.relkind IN ('r', 'v', 'm', 'p')",
            row => row.GetString(0), ("schema", _address.Schema)).ConfigureAwait(false);
        if (tables.Count == 0) return false;
        if (!tables.Contains("ledger"))
            throw new FaceGenException(ErrorCode.LedgerInvalid, $"The schema of '{Name}' holds other tables and no ledger. Name another with 'Search Path=' in the connection string.");

        LedgerSchema.RefuseNewer(await session.NumberAsync("SELECT max(version) FROM ledger").ConfigureAwait(false), Name);
        return true;
    }

    private async Task<bool> CreateTablesAsync(LedgerSession session)
    {
        await session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('FaceGen ' || @schema, 0))", ("schema", _address.Schema)).ConfigureAwait(false);
        if (await IsLedgerAsync(session).ConfigureAwait(false)) return true;

        if (await session.NumberAsync("SELECT 1 FROM pg_namespace WHERE nspname = @schema", ("schema", _address.Schema)).ConfigureAwait(false) is null)
            await session.ExecuteAsync($"CREATE SCHEMA {_address.QuotedSchema}").ConfigureAwait(false);
        await session.ExecuteAsync(LedgerSchema.Create("BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "BYTEA")).ConfigureAwait(false);
        await session.ExecuteAsync(LedgerSchema.Sign, LedgerSchema.Signature(_time)).ConfigureAwait(false);
        // Its owner alone can read it, whatever the database's default rights are.
        await session.ExecuteAsync($"REVOKE ALL ON ALL TABLES IN SCHEMA {_address.QuotedSchema} FROM PUBLIC").ConfigureAwait(false);
        return true;
    }

    /// <summary>The work can be done again.</summary>
    private sealed class LostConnectionException(Exception cause) : Exception(cause.Message, cause);
}
