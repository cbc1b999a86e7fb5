using System.Collections.Concurrent;
using System.Diagnostics;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Postgres;
using FaceGen.Tests.Shared;
using Npgsql;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>The ledger in a schema of PostgreSQL.</summary>
public sealed class PostgresLedgerTests : LedgerTests
{
    private readonly string _schema = $"Batch {Guid.NewGuid():N}";

    private string QuotedSchema => $"'\"{_schema}\"'";

    private protected override string Ledger => PostgresServer.Instance.GetConnectionString(_schema);

    public override ValueTask InitializeAsync()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        return ValueTask.CompletedTask;
    }

    private protected override Task ExecuteAsync(string sql) => ExecuteAsync(sql, QuotedSchema);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Concurrent_workers_claim_each_row_once_within_queue_limit(int workers)
    {
        const int Count = 500;
        const int QueueLimit = 5;
        ILedger[] ledgers = await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => OpenAsync()));
        string[] input = [.. Enumerable.Range(0, Count).Select(number => $"row {number}")];
        await Task.WhenAll(ledgers.Select(ledger => ImportAsync(ledger, input)));
        var claimed = new ConcurrentBag<string>();
        int inUse = 0, max = 0;

        async Task WorkAsync(ILedger ledger)
        {
            while (claimed.Count < Count)
            {
                if (await ledger.ClaimPendingAsync(Service, QueueLimit, cancellationToken: CancellationToken.None) is not { } row) continue;

                // The counter decreases before the release is written, so it never exceeds the slots in use.
                int now = Interlocked.Increment(ref inUse);
                InterlockedMax(ref max, now);
                claimed.Add(row.Request);
                await AcceptAsync(ledger, row, row.Request);
                Interlocked.Decrement(ref inUse);
                await EndAsync(ledger, row, BatchItemStatus.Saved, row.Request);
            }
        }

        await Task.WhenAll(ledgers.SelectMany(ledger => Enumerable.Range(0, 3).Select(_ => Task.Run(() => WorkAsync(ledger)))));

        Assert.Equal(input.Order(StringComparer.Ordinal), claimed.Order(StringComparer.Ordinal));
        Assert.InRange(max, 2, QueueLimit);
        Assert.Equal(Count, (await ledgers[0].CountAsync(CancellationToken.None))[BatchItemStatus.Saved]);
    }

    [Fact]
    public async Task Worker_has_at_most_eight_connections()
    {
        string application = $"connections {Guid.NewGuid():N}";
        ILedger ledger = await OpenOnRealClockAsync(PostgresServer.Instance.GetConnectionString(QuotedSchema, $"Application Name={application}"));
        string[] input = [.. Enumerable.Range(0, 100).Select(number => $"row {number}")];
        await ImportAsync(ledger, input);
        IReadOnlyList<LedgerRow> rows = await ledger.ClaimPendingAsync(new ClaimOptions(Service, 100) { MaxRows = 100 }, CancellationToken.None);

        await Task.WhenAll(rows.Select(row => EndAsync(ledger, row, BatchItemStatus.Saved, row.Request)));

        Assert.InRange(await CountAsync($"SELECT 1 FROM pg_stat_activity WHERE application_name = '{application}'"), 2, 8);
        Assert.Equal(100, (await ledger.CountAsync(CancellationToken.None))[BatchItemStatus.Saved]);
    }

    [Fact]
    public async Task Claims_of_live_workers_are_not_abandoned()
    {
        ILedger first = await OpenAsync();
        ILedger second = await OpenAsync();
        await ImportAsync(first, "a", "b");
        await ClaimAsync(first);
        await AcceptAsync(first, await ClaimAsync(first), "1");

        Assert.Empty(await second.ClaimAbandonedAsync(Service, 5, CancellationToken.None));
        Assert.Equal(2, (await second.CountAsync(CancellationToken.None)).ClaimedByOthers);
    }

    [Fact]
    public async Task Inputs_of_concurrent_workers_are_all_processed()
    {
        ILedger first = await OpenAsync();
        await ImportAsync(first, "a", "b");
        ILedger second = await OpenAsync();
        await ImportAsync(second, "b", "c");

        Assert.Equal(["a", "b", "c"], (await ClaimAllAsync(first)).Order(StringComparer.Ordinal));
        await first.DisposeAsync();

        // The only worker processes its own input.
        await ImportAsync(second, "c");
        Assert.Equal(["a", "b", "c"], second.Read([]).Select(row => row.Request).Order(StringComparer.Ordinal));
        await second.ClaimAbandonedAsync(Service, 5, CancellationToken.None);
        Assert.Equal(["c"], second.Read([]).Select(row => row.Request));
    }

    [Fact]
    public async Task Worker_silent_is_dead_until_its_next_heartbeat()
    {
        ILedger silent = await OpenAsync();
        await ImportAsync(silent, "a", "b");
        LedgerRow row = await AcceptAsync(silent, await ClaimAsync(silent), "1");
        ILedger other = await OpenAsync();

        // As if its machine had lost the network, with the lock not yet released.
        await ExecuteAsync("UPDATE workers SET seen_at = 0 WHERE worker = 1");
        IReadOnlyList<LedgerRow> claimed = await other.ClaimAbandonedAsync(Service, 5, CancellationToken.None);
        // It may have sent a heartbeat since.
        for (; claimed.Count == 0; claimed = await other.ClaimAbandonedAsync(Service, 5, CancellationToken.None))
            await ExecuteAsync("UPDATE workers SET seen_at = 0 WHERE worker = 1");

        Assert.Equal(row.Item, Assert.Single(claimed).Item);
        Assert.False(await silent.WriteAsync(row with { Status = BatchItemStatus.Saved }, release: true, CancellationToken.None));
        Assert.Equal("b", (await ClaimAsync(silent)).Request);
    }

    [Fact]
    public async Task Connection_lost_during_work_loses_nothing()
    {
        const int Count = 300;
        string application = $"Cut {_schema}";
        ILedger ledger = await OpenOnRealClockAsync($"{Ledger}Application Name={application}");
        await ImportAsync(ledger, [.. Enumerable.Range(0, Count).Select(number => $"row {number}")]);
        var claimed = new ConcurrentBag<long>();
        var cuts = new ConcurrentBag<Task>();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (await ledger.ClaimPendingAsync(Service, 100, cancellationToken: CancellationToken.None) is { } row)
            {
                claimed.Add(row.Item);
                if (row.Item % 10 == 0) cuts.Add(CutAsync(application));
                await EndAsync(ledger, await AcceptAsync(ledger, row, $"{row.Item}"), BatchItemStatus.Saved, $"{row.Item}");
            }
        })));
        await Task.WhenAll(cuts);

        Assert.Equal(Count, claimed.Distinct().Count());
        Assert.Equal(Count, claimed.Count);
        Assert.All(ledger.Read([]), row => Assert.Equal((BatchItemStatus.Saved, 1), (row.Status, row.Attempts)));
    }

    [Fact]
    public async Task Server_restart_is_retried()
    {
        using var server = new PostgresServer();
        await using ILedger ledger = await OpenOnRealClockAsync(server.GetConnectionString(_schema));
        await ImportAsync(ledger, "a", "b");
        LedgerRow row = await ClaimAsync(ledger);
        await ledger.StageAsync(Rows("a", "b", "c"), null, CancellationToken.None);

        server.Stop();
        Task<bool> written = ledger.WriteAsync(row with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, CancellationToken.None);
        Task entered = ledger.ImportAsync(false, CancellationToken.None);
        using (var cancelSource = new CancellationTokenSource())
        {
            Task<LedgerRow?> cancelled = ledger.ClaimPendingAsync(Service, 5, cancellationToken: cancelSource.Token);
            await cancelSource.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        }

        Assert.False(written.IsCompleted);
        server.Start();

        Assert.True(await written);
        await entered;
        Assert.Equal("b", (await ClaimAsync(ledger)).Request);
        Assert.Equal("c", (await ClaimAsync(ledger)).Request);
        string warning = Assert.Single(Log.Warnings);
        Assert.Contains("is unreachable", warning, StringComparison.Ordinal);
        Assert.Contains(Log.VerboseLines, line => line.Contains("is reachable again", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Password, warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_while_server_unreachable_ends_with_cancellation()
    {
        using var server = new PostgresServer();
        await using ILedger ledger = await OpenOnRealClockAsync(server.GetConnectionString(_schema));
        await ImportAsync(ledger, "a");
        server.Stop();
        using var cancelSource = new CancellationTokenSource();

        Task reading = Task.Run(() => ledger.Read([], cancellationToken: cancelSource.Token).Count());
        await Wait.UntilAsync(() => !Log.Warnings.IsEmpty);
        await cancelSource.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Statement_timeout_of_server_does_not_end_import()
    {
        await (await OpenAsync()).DisposeAsync();
        ILedger ledger = await OpenOnRealClockAsync(PostgresServer.Instance.GetConnectionString(_schema, "Options=-c statement_timeout=200;"));

        Task entered = ImportAsync(ledger, [.. Enumerable.Range(0, 60_000).Select(number => $"row {number}")]);

        await entered.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Worker_connection_ended_releases_its_lock()
    {
        ILedger ledger = await OpenAsync();
        long before = await LocksAsync();

        await ledger.DisposeAsync();

        Assert.Equal(1, before);
        // The server notices by itself.
        await Wait.UntilAsync(async () => await LocksAsync() == 0);
    }

    [Fact]
    public async Task Server_outage_declares_no_worker_dead()
    {
        await OpenAsync();
        await ExecuteAsync("INSERT INTO workers (machine, process, started_at, seen_at) SELECT 'other', 1, seen_at, seen_at - 120000 FROM workers");
        TimeSpan outage = TimeSpan.FromSeconds(120);
        string alive = PostgresHeartbeat.LiveWorkersQuery(1, hadOutage: false, outage);
        Assert.Contains("'3 seconds'", alive, StringComparison.Ordinal);

        Assert.Equal(1, await CountAsync(alive.Replace("'3 seconds'", "'0 seconds'", StringComparison.Ordinal)));
        // The server was started just now, or this worker itself could not reach it.
        Assert.Equal(2, await CountAsync(alive.Replace("'3 seconds'", "'1000 days'", StringComparison.Ordinal)));
        Assert.Equal(2, await CountAsync(PostgresHeartbeat.LiveWorkersQuery(1, hadOutage: true, outage)));
    }

    [Fact]
    public async Task Worker_dead_before_outage_stays_dead()
    {
        await OpenAsync();
        await ExecuteAsync(
            """
            INSERT INTO workers (machine, process, started_at, seen_at)
            SELECT 'other', 1, seen_at, seen_at - age FROM workers, (VALUES (30000), (90000)) AS ages (age)
            """);
        string alive = PostgresHeartbeat.LiveWorkersQuery(1, hadOutage: true, TimeSpan.FromSeconds(5)).Replace("'3 seconds'", "'1000 days'", StringComparison.Ordinal);

        Assert.Equal(2, await CountAsync(alive));
        Assert.Equal(1, await CountAsync(PostgresHeartbeat.ResponsiveWorkersQuery(1)));
    }

    [Fact]
    public async Task Worker_lock_held_at_first_is_acquired_later()
    {
        await OpenAsync();
        await using (NpgsqlConnection former = new(PostgresServer.Instance.GetConnectionString(QuotedSchema, "Pooling=false")))
        {
            await former.OpenAsync();
            await using NpgsqlCommand hold = new("SELECT pg_advisory_lock(CAST(CAST(CAST('workers' AS regclass) AS oid) AS int), 2)", former);
            await hold.ExecuteNonQueryAsync();
            await OpenAsync();
        }

        await Wait.UntilAsync(async () => await LocksAsync() == 2);
    }

    [Fact]
    public async Task Schema_of_newer_version_is_refused()
    {
        await using (ILedger ledger = await OpenAsync()) await ImportAsync(ledger, "a");
        await ExecuteAsync("UPDATE ledger SET version = 2");

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync());

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("version 2 of a newer FaceGen", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_of_another_program_is_refused()
    {
        await ExecuteAsync($"CREATE SCHEMA \"{_schema}\"; CREATE TABLE \"{_schema}\".photos (name TEXT)");

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync());

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("other tables", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_empty_is_used()
    {
        await ExecuteAsync($"CREATE SCHEMA \"{_schema}\"");

        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");

        Assert.Single(ledger.Read([]));
    }

    [Fact]
    public async Task Ledger_is_readable_by_its_owner_only()
    {
        string role = $"reader_{Guid.NewGuid():N}";
        await OpenAsync();
        await ExecuteAsync($"CREATE ROLE {role}");

        PostgresException error = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync($"SET ROLE {role}; SELECT * FROM \"{_schema}\".items"));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
    }

    [Fact]
    public async Task User_without_create_right_is_an_error()
    {
        string role = $"poor_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'secret-of-the-poor'", "public");

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(
            () => OpenOnRealClockAsync(PostgresServer.Instance.GetConnectionString(_schema, $"Username={role};Password=secret-of-the-poor")));

        Assert.Equal(ErrorCode.LedgerNotWritten, error.Code);
        Assert.Contains("permission denied", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Password=wrong-secret")]
    [InlineData("Password=wrong-secret;Username=nobody")]
    [InlineData("Password=wrong-secret;Port=1")]
    [InlineData("Password=wrong-secret;Host=no-such-host.invalid")]
    public async Task Database_unreachable_error_hides_password(string options)
    {
        string ledger = PostgresServer.Instance.GetConnectionString(_schema, options);

        Stopwatch watch = Stopwatch.StartNew();
        Task<ILedger> opening = OpenAsync(ledger, Clock);
        while (!opening.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(opening, Task.Delay(10));
        }

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => opening);
        Assert.Equal(ErrorCode.LedgerUnreachable, error.Code);
        Assert.DoesNotContain("wrong-secret", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresServer.Instance.Password, error.ToString(), StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("Port=1")]
    [InlineData("Host=no-such-host.invalid")]
    [InlineData("Host=127.0.0.1:1,127.0.0.2:1")]
    public async Task Address_without_server_fails_at_once(string options)
    {
        // The clock does not advance: a wait would never end.
        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(
            () => OpenAsync(PostgresServer.Instance.GetConnectionString(_schema, options), Clock).WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.Equal(ErrorCode.LedgerUnreachable, error.Code);
        Assert.Contains("is unreachable", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("inner exception", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_without_free_connections_is_retried()
    {
        string role = $"late_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'late' CONNECTION LIMIT 0", "public");
        DateTimeOffset start = Clock.GetUtcNow();

        Task<ILedger> opening = OpenAsync(PostgresServer.Instance.GetConnectionString(_schema, $"Username={role};Password=late"), Clock, LedgerMode.Plan);
        while (!opening.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(opening, Task.Delay(10));
        }

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => opening);
        Assert.Contains("too many connections", error.Message, StringComparison.Ordinal);
        Assert.True(Clock.GetUtcNow() - start >= TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Two_connections_open_a_ledger()
    {
        string role = $"few_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'few' CONNECTION LIMIT 2; GRANT CREATE ON DATABASE postgres TO {role}", "public");

        ILedger ledger = await OpenOnRealClockAsync(PostgresServer.Instance.GetConnectionString(_schema, $"Username={role};Password=few;Maximum Pool Size=1"));
        await ImportAsync(ledger, "a");

        Assert.Equal("a", (await ClaimAsync(ledger)).Request);
    }

    [Fact]
    public async Task Several_hosts_first_reachable_is_used()
    {
        NpgsqlConnectionStringBuilder server = new(PostgresServer.Instance.GetConnectionString(_schema));

        ILedger ledger = await OpenOnRealClockAsync(
            $"postgresql://{server.Username}:{server.Password}@127.0.0.1:1,127.0.0.1:{server.Port}/postgres?search_path={Uri.EscapeDataString(_schema)}");
        await ImportAsync(ledger, "a");

        Assert.Equal("a", (await ClaimAsync(ledger)).Request);
        Assert.Equal($"127.0.0.1:1,127.0.0.1:{server.Port}/postgres/{_schema}", ledger.Name);
    }

    [Fact]
    public async Task Name_shows_server_and_schema_without_password()
    {
        ILedger ledger = await OpenAsync();

        Assert.Matches($@"^127\.0\.0\.1:\d+/postgres/{_schema}$", ledger.Name);
    }

    private static async Task ExecuteAsync(string sql, string schema)
    {
        await using NpgsqlConnection connection = new(PostgresServer.Instance.GetConnectionString(schema, "Pooling=false"));
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static void InterlockedMax(ref int limit, int value)
    {
        for (int seen = limit; value > seen; seen = limit) Interlocked.CompareExchange(ref limit, value, seen);
    }

    private Task<ILedger> OpenOnRealClockAsync(string ledger) => OpenAsync(ledger, TimeProvider.System);

    /// <summary>Ends all connections of a ledger at the server.</summary>
    private Task CutAsync(string application) => ExecuteAsync(
        $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{application}'");

    private Task<long> LocksAsync() => CountAsync(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = CAST('workers' AS regclass)");

    private async Task<long> CountAsync(string query)
    {
        await using NpgsqlConnection connection = new(PostgresServer.Instance.GetConnectionString(QuotedSchema, "Pooling=false"));
        await connection.OpenAsync();
        await using NpgsqlCommand command = new($"SELECT count(*) FROM ({query}) AS found", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
