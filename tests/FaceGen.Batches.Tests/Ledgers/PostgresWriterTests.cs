using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Postgres;
using FaceGen.Tests.Shared;
using Npgsql;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Writes of a worker that are committed together: each caller gets the result of its own write, whatever happens to the others.</summary>
public sealed class PostgresWriterTests : IAsyncLifetime
{
    /// <summary>The timeout of a wait, which is not reached if the test passes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>The keys of the advisory locks: the first write waits for one, so that the others form a group, and the group for the next.</summary>
    private readonly int _first = Random.Shared.Next(1, int.MaxValue - 1);

    private readonly string _schema = $"writer_{Guid.NewGuid():N}";
    private readonly TestLog _log = new();
    private PostgresProxy? _proxy;
    private LedgerDatabase? _database;
    private NpgsqlConnection? _locks;

    private int Second => _first + 1;

    private LedgerDatabase Database => _database!;

    private static CancellationToken None => CancellationToken.None;

    public async ValueTask InitializeAsync()
    {
        if (PostgresServer.SkipReason is { } hindrance) Assert.Skip(hindrance);
        _proxy = new PostgresProxy(PostgresServer.Instance);
        string address = PostgresServer.Instance.GetConnectionString(_schema, string.Create(CultureInfo.InvariantCulture, $"Port={_proxy.Port};Application Name={_schema}"));
        _database = await PostgresLedgerDatabase.OpenAsync(PostgresAddress.Parse(address), LedgerMode.Run, TimeProvider.System, _log, None);
        _locks = new NpgsqlConnection(PostgresServer.Instance.GetConnectionString(_schema, "Pooling=false"));
        await _locks.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_locks is not null) await _locks.DisposeAsync();
        _proxy?.Thaw();
        if (_database is not null) await _database.DisposeAsync();
        if (_proxy is not null) await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task Writes_that_wait_are_committed_together()
    {
        Task<int> first = await BeginGroupAsync();
        Task<int>[] writes = [.. Enumerable.Range(0, 20).Select(number => AddAsync($"{number}"))];
        await UnlockAsync(_first);

        Assert.All(await Task.WhenAll([first, .. writes]).WaitAsync(Limit), changed => Assert.Equal(1, changed));
        Assert.Equal(21L, await QueryAsync("SELECT count(*) FROM faces"));
        Assert.Equal(1L, await QueryAsync("SELECT count(DISTINCT CAST(xmin AS text)) FROM faces WHERE hash <> 'first'"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Write_that_fails_ends_only_that_write(bool isRefusedByServer)
    {
        Task<int> first = await BeginGroupAsync();
        Task<int> good = AddAsync("good");
        Task<int> bad = Database.WriteGroupedAsync(
            async session =>
            {
                await session.ExecuteAsync("INSERT INTO faces (hash, bytes) VALUES ('bad', '')");
                return isRefusedByServer
                    ? await session.ExecuteAsync("INSERT INTO faces (hash, bytes) VALUES ('bad', '')")
                    : throw new InvalidDataException("bad");
            }, None);
        Task<int> late = AddAsync("late");
        await UnlockAsync(_first);

        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => bad.WaitAsync(Limit));
        Assert.True(isRefusedByServer ? error is FaceGenException { Code: ErrorCode.LedgerNotWritten } : error is InvalidDataException, error.ToString());
        await Task.WhenAll(first, good, late).WaitAsync(Limit);
        Assert.Equal("first good late", await FacesAsync());
    }

    [Fact]
    public async Task Write_canceled_while_its_group_is_written_leaves_nothing_behind()
    {
        Task<int> first = await BeginGroupAsync();
        await LockAsync(Second);
        using var cancelSource = new CancellationTokenSource();
        Task<int> good = AddAsync("good");
        Task<int> canceled = AddAsync("canceled", Second, cancellationToken: cancelSource.Token);
        await UnlockAsync(_first);
        await WaitUntilBlockedAsync(Second);

        await cancelSource.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.WaitAsync(TimeSpan.FromSeconds(1)));
        Assert.False(good.IsCompleted);
        await UnlockAsync(Second);
        await Task.WhenAll(first, good).WaitAsync(Limit);
        Assert.Equal("first good", await FacesAsync());
    }

    [Fact]
    public async Task Write_canceled_before_its_group_begins_is_not_done()
    {
        Task<int> first = await BeginGroupAsync();
        using var cancelSource = new CancellationTokenSource();
        Task<int> canceled = AddAsync("canceled", cancellationToken: cancelSource.Token);
        Task<int> good = AddAsync("good");

        await cancelSource.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.WaitAsync(TimeSpan.FromSeconds(1)));
        await UnlockAsync(_first);
        await Task.WhenAll(first, good).WaitAsync(Limit);
        Assert.Equal("first good", await FacesAsync());
    }

    [Fact]
    public async Task Row_locked_by_another_session_delays_only_its_own_write()
    {
        await AddAsync("locked");
        Task<int> first = await BeginGroupAsync();
        await QueryAsync("BEGIN; SELECT 1 FROM faces WHERE hash = 'locked' FOR UPDATE");
        Task<int> locked = Database.WriteGroupedAsync(session => session.ExecuteAsync("UPDATE faces SET bytes = 'new' WHERE hash = 'locked'"), None);
        Task<int> good = AddAsync("good");
        await UnlockAsync(_first);

        // Sooner than the driver's timeout of a statement.
        await Task.WhenAll(first, good).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(locked.IsCompleted);

        await QueryAsync("ROLLBACK");
        Assert.Equal(1, await locked.WaitAsync(Limit));
    }

    [Fact]
    public async Task Connection_lost_while_a_group_is_written_repeats_its_writes()
    {
        Task<int> first = await BeginGroupAsync();
        await LockAsync(Second);
        Task<int> good = AddAsync("good"), late = AddAsync("late", Second);
        await UnlockAsync(_first);
        await WaitUntilBlockedAsync(Second);

        await QueryAsync($"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{_schema}'");
        await UnlockAsync(Second);

        await Task.WhenAll(first, good, late).WaitAsync(Limit);
        Assert.Equal("first good late", await FacesAsync());
    }

    [Fact]
    public async Task Response_to_commit_of_a_group_lost_repeats_its_writes_as_repeats()
    {
        Task<int> first = await BeginGroupAsync();
        await LockAsync(Second);
        List<bool> repeats = [];
        Task<int> good = AddAsync("good", repeats: repeats), late = AddAsync("late", Second);
        await UnlockAsync(_first);
        await WaitUntilBlockedAsync(Second);

        // The server gets it, and the response is lost.
        _proxy!.FreezeAt("COMMIT", forward: int.MaxValue);
        await UnlockAsync(Second);
        await _proxy.Held;
        await Wait.UntilAsync(async () => await FacesAsync() == "first good late");
        Assert.False(good.IsCompleted || late.IsCompleted);
        _proxy.Cut();
        _proxy.Thaw();

        await Task.WhenAll(first, good, late).WaitAsync(Limit);
        Assert.Equal("first good late", await FacesAsync());
        Assert.False(repeats[0]);
        Assert.True(repeats.Count > 1 && repeats.Skip(1).All(isRepeat => isRepeat), string.Join(", ", repeats));
    }

    [Fact]
    public async Task Writes_with_other_nulls_use_the_prepared_statement()
    {
        const int Rounds = 20, WritesBeforePrepare = 5;
        var ledger = new DatabaseLedger(Database, TimeProvider.System);
        await ledger.StageAsync([new InputRow("hash", "a", 1, null, null, new RequestSource("people.csv", 2, 1))], null, None);
        await ledger.ImportAsync(false, None);
        LedgerRow row = (await ledger.ClaimPendingAsync(new Uri("https://modelslab.example/"), 5, cancellationToken: None))!;

        // One after the other, so that they have one connection.
        for (int round = 0; round < Rounds; round++)
        {
            Assert.True(await ledger.WriteAsync(row, release: false, None));
            Assert.True(await ledger.WriteAsync(row with { GenerationId = "1", SubmittedAt = null, EndedAt = DateTimeOffset.UnixEpoch, Error = "why" }, release: false, None));
        }

        long? prepared = await Database.ReadAsync(session => session.QueryNumberAsync(
            "SELECT CAST(sum(generic_plans + custom_plans) AS BIGINT) FROM pg_prepared_statements WHERE statement LIKE 'UPDATE items%'"), None);
        Assert.InRange(prepared ?? 0, (2 * Rounds) - WritesBeforePrepare, 2 * Rounds);
    }

    /// <summary>Begins a write that waits for the first lock: those that follow are the next group.</summary>
    private async Task<Task<int>> BeginGroupAsync()
    {
        await LockAsync(_first);
        Task<int> first = AddAsync("first", _first);
        await WaitUntilBlockedAsync(_first);
        return first;
    }

    /// <summary>Adds a row, after waiting for a lock.</summary>
    private Task<int> AddAsync(string hash, int key = 0, List<bool>? repeats = null, CancellationToken cancellationToken = default) => Database.WriteGroupedAsync(
        async session =>
        {
            repeats?.Add(session.IsRepeat);
            if (key != 0) await session.ExecuteAsync(WaitFor(key));
            return await session.ExecuteAsync("INSERT INTO faces (hash, bytes) VALUES (@hash, '') ON CONFLICT DO NOTHING", ("hash", hash));
        }, cancellationToken);

    /// <summary>Returns a statement that waits until a lock is free, which is not a wait for a lock for the server.</summary>
    private static string WaitFor(int key) => string.Create(
        CultureInfo.InvariantCulture, $"DO 'BEGIN WHILE NOT pg_try_advisory_xact_lock({key}) LOOP PERFORM pg_sleep(0.01); END LOOP; END'");

    private Task<object?> LockAsync(int key) => QueryAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_lock({key})"));

    private Task<object?> UnlockAsync(int key) => QueryAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_unlock({key})"));

    private Task WaitUntilBlockedAsync(int key) => Wait.UntilAsync(
        async () => await QueryAsync($"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{_schema}' AND state = 'active' AND query = '{WaitFor(key).Replace("'", "''", StringComparison.Ordinal)}'") is 1L);

    private async Task<string> FacesAsync() => (string)(await QueryAsync("SELECT string_agg(hash, ' ' ORDER BY hash) FROM faces"))!;

    private async Task<object?> QueryAsync(string sql)
    {
        await using NpgsqlCommand command = new(sql, _locks);
        return await command.ExecuteScalarAsync();
    }
}
