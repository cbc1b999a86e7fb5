using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Postgres;
using FaceGen.BatchModel;
using FaceGen.Tests.Shared;
using Npgsql;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Workers whose connection freezes block neither other workers nor their own stop.</summary>
public sealed class PostgresFreezeTests : IAsyncLifetime
{
    /// <summary>A server that ends idle transactions sooner than FaceGen asks it to.</summary>
    private const string ShortLimit = "Options=-c idle_in_transaction_session_timeout=1000;";

    private static readonly Uri Service = new("https://modelslab.example/");

    /// <summary>The timeout of a wait, which is not reached if the test passes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly string _schema = $"freeze_{Guid.NewGuid():N}";
    private readonly List<IAsyncDisposable> _opened = [];
    private readonly TestLog _log = new();
    private PostgresProxy? _proxy;

    private PostgresProxy Proxy => _proxy!;

    public ValueTask InitializeAsync()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        _proxy = new PostgresProxy(PostgresServer.Instance);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is null) return;

        _proxy.Thaw();
        foreach (IAsyncDisposable ledger in _opened) await ledger.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task Worker_frozen_inside_a_transaction_does_not_block_others()
    {
        ILedger frozen = await OpenAsync(through: Proxy);
        await ImportAsync(frozen, "a", "b");
        ILedger other = await OpenAsync();

        // It holds the lock of the account's queue by now.
        Proxy.FreezeAt("UPDATE items");
        Task<LedgerRow?> late = frozen.ClaimPendingAsync(Service, 5, cancellationToken: CancellationToken.None);
        await Proxy.Held;

        LedgerRow? first = await other.ClaimPendingAsync(Service, 5, cancellationToken: CancellationToken.None).WaitAsync(Limit);
        Proxy.Thaw();

        // Its own transaction is gone: it claims the remaining row.
        Assert.Equal("a", first!.Request);
        Assert.Equal("b", (await late.WaitAsync(Limit))!.Request);
    }

    [Fact]
    public async Task Worker_frozen_before_commit_changes_nothing_later()
    {
        ILedger frozen = await OpenAsync(through: Proxy);
        await ImportAsync(frozen, "a");
        LedgerRow row = (await frozen.ClaimPendingAsync(Service, 5, cancellationToken: CancellationToken.None))!;
        ILedger other = await OpenAsync();

        Proxy.FreezeAt("COMMIT");
        Task<bool> late = frozen.WriteAsync(row with { Status = BatchItemStatus.Failed, Error = "late" }, release: true, CancellationToken.None);
        await Proxy.Held;
        await ExecuteAsync("UPDATE workers SET seen_at = 0 WHERE worker = 1");
        IReadOnlyList<LedgerRow> uncertain = await other.ClaimAbandonedAsync(Service, 5, CancellationToken.None).WaitAsync(Limit);
        for (; uncertain.Count == 0; uncertain = await other.ClaimAbandonedAsync(Service, 5, CancellationToken.None).WaitAsync(Limit))
            await ExecuteAsync("UPDATE workers SET seen_at = 0 WHERE worker = 1");
        await ExecuteAsync("UPDATE items SET place_until = 0");
        LedgerRow again = (await other.ClaimPendingAsync(Service, 5, retryUncertain: true, cancellationToken: CancellationToken.None).WaitAsync(Limit))
            ?? throw new InvalidOperationException("The row is still held.");
        Proxy.Thaw();

        Assert.False(await late.WaitAsync(Limit));
        Assert.Equal((BatchItemStatus.Submitting, again.Fence), (Assert.Single(other.Read([])).Status, again.Fence));
    }

    [Fact]
    public async Task Worker_frozen_inside_a_message_does_not_block_others()
    {
        ILedger frozen = await OpenAsync(through: Proxy);
        ILedger other = await OpenAsync();
        byte[] face = new byte[2_000_000];
        await frozen.StageAsync([Row("a") with { Face = "face", FaceLength = face.Length, FaceBytes = face }], null, CancellationToken.None);
        await other.StageAsync([Row("b")], null, CancellationToken.None);

        // The server has a part of the statement, and waits for the rest of it: that is not an idle transaction.
        Proxy.FreezeAt("INSERT INTO faces", forward: 6000);
        Task late = frozen.ImportAsync(false, CancellationToken.None);
        await Proxy.Held;

        await other.ImportAsync(false, CancellationToken.None).WaitAsync(Limit);
        Proxy.Thaw();
        await late.WaitAsync(Limit);

        Assert.Equal(["a", "b"], other.Read([]).Select(row => row.Request).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Worker_frozen_during_import_does_not_block_others()
    {
        ILedger frozen = await OpenAsync(through: Proxy);
        ILedger other = await OpenAsync();
        await frozen.StageAsync([.. Enumerable.Range(0, 2000).Select(number => Row($"row {number}"))], null, CancellationToken.None);
        await other.StageAsync([Row("b")], null, CancellationToken.None);

        Proxy.FreezeAt("row 1000", forward: 10);
        _ = frozen.ImportAsync(false, CancellationToken.None);
        await Proxy.Held;

        await other.ImportAsync(false, CancellationToken.None).WaitAsync(Limit);
    }

    [Fact]
    public async Task Cancel_returns_while_database_is_frozen()
    {
        ILedger ledger = await OpenAsync(through: Proxy);
        await ImportAsync(ledger, "a");
        using var cancelSource = new CancellationTokenSource();

        Proxy.Freeze();
        Task<LedgerRow?> taking = ledger.ClaimPendingAsync(Service, 5, cancellationToken: cancelSource.Token);
        Task reading = Task.Run(() => ledger.Read([], cancellationToken: cancelSource.Token).Count());
        await Proxy.Held;
        // The driver sends the cancellation over a connection without a response. The stop does not wait for it.
        Task canceling = Task.Run(cancelSource.Cancel);

        await canceling.WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taking.WaitAsync(TimeSpan.FromSeconds(10)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Row_of_canceled_claim_stays_pending()
    {
        ILedger ledger = await OpenAsync(through: Proxy);
        await ImportAsync(ledger, "a");
        using var cancelSource = new CancellationTokenSource();

        Proxy.FreezeAt("UPDATE items");
        Task<LedgerRow?> taking = ledger.ClaimPendingAsync(Service, 5, cancellationToken: cancelSource.Token);
        await Proxy.Held;
        Task canceling = Task.Run(cancelSource.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taking.WaitAsync(Limit));
        Proxy.Thaw();
        await canceling.WaitAsync(Limit);

        // Not held by the call that was canceled.
        LedgerRow? row = await ledger.ClaimPendingAsync(Service, 5, cancellationToken: CancellationToken.None).WaitAsync(Limit);
        Assert.Equal(("a", 1), (row!.Request, row.Attempts));
    }

    [Fact]
    public async Task Open_canceled_while_database_is_frozen()
    {
        Proxy.Freeze();
        using var cancelSource = new CancellationTokenSource();

        Task<ILedger> opening = FaceGen.Batches.Ledgers.LedgerFactory.OpenAsync(LedgerLocation.Parse(Address(Proxy)), LedgerMode.Run, TimeProvider.System, _log, cancelSource.Token);
        await Proxy.Held;
        await Task.Run(cancelSource.Cancel).WaitAsync(TimeSpan.FromSeconds(10));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Close_returns_while_database_is_frozen()
    {
        ILedger ledger = await OpenAsync(through: Proxy);
        Proxy.Freeze();
        // A heartbeat is in flight.
        await Proxy.Held;

        Task closing = Task.Run(async () => await ledger.DisposeAsync());

        await closing.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(0, "20000")]
    [InlineData(60_000, "20000")]
    [InlineData(5000, "5000")]
    [InlineData(1, "1000")]
    public async Task Session_ends_its_idle_transactions_within_20_seconds(int servers, string expected)
    {
        string options = $"Options=-c idle_in_transaction_session_timeout={servers} -c statement_timeout=100 -c lock_timeout=100;";
        await using var connections = new PostgresConnections(PostgresAddress.Parse(PostgresServer.Instance.GetConnectionString(_schema, options)));
        await using NpgsqlConnection connection = await connections.OpenAsync(CancellationToken.None);
        await using NpgsqlCommand command = new("SELECT name, setting FROM pg_settings", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        Dictionary<string, string> settings = [];
        while (await reader.ReadAsync()) settings[reader.GetString(0)] = reader.GetString(1);

        Assert.Equal((expected, "0", "0"), (settings["idle_in_transaction_session_timeout"], settings["statement_timeout"], settings["lock_timeout"]));
        Assert.Equal(("10", "5", "3"), (settings["tcp_keepalives_idle"], settings["tcp_keepalives_interval"], settings["tcp_keepalives_count"]));
        Assert.Equal("25000", settings["tcp_user_timeout"]);
    }

    /// <summary>An administrator may revoke the right to terminate sessions.</summary>
    [Fact]
    public async Task Worker_without_terminate_right_keeps_its_connection()
    {
        await ExecuteAsync($"CREATE DATABASE {_schema}");
        await ExecuteAsync($"CREATE ROLE {_schema} LOGIN PASSWORD '{PostgresServer.Instance.Password}'; ALTER DATABASE {_schema} OWNER TO {_schema}");
        string database = $"Database={_schema};";
        await ExecuteAsync("REVOKE EXECUTE ON FUNCTION pg_terminate_backend FROM PUBLIC", database);
        _opened.Add(await FaceGen.Batches.Ledgers.LedgerFactory.OpenAsync(
            LedgerLocation.Parse(PostgresServer.Instance.GetConnectionString(_schema, $"{database}Username={_schema};")), LedgerMode.Run, TimeProvider.System, _log, CancellationToken.None));
        const string Holder = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = CAST('workers' AS regclass)";
        object? first = await ExecuteAsync(Holder, database);

        // Until it has searched for such sessions, and sent a heartbeat after that.
        await Wait.UntilAsync(async () => await ExecuteAsync("SELECT 1 FROM workers WHERE seen_at > started_at + 7000", database) is not null);

        Assert.NotNull(first);
        Assert.Equal(first, await ExecuteAsync(Holder, database));
    }

    private static InputRow Row(string request) => new($"hash of {request}", request, 1, null, null, new RequestSource("people.csv", 2, 1));

    private static async Task ImportAsync(ILedger ledger, params string[] requests)
    {
        await ledger.StageAsync([.. requests.Select(Row)], null, CancellationToken.None);
        await ledger.ImportAsync(false, CancellationToken.None);
    }

    private string Address(PostgresProxy? through) =>
        PostgresServer.Instance.GetConnectionString(_schema, ShortLimit + (through is null ? "" : $"Port={through.Port};"));

    private async Task<ILedger> OpenAsync(PostgresProxy? through = null)
    {
        ILedger ledger = await FaceGen.Batches.Ledgers.LedgerFactory.OpenAsync(
            LedgerLocation.Parse(Address(through)), LedgerMode.Run, TimeProvider.System, _log, CancellationToken.None);
        _opened.Add(ledger);
        return ledger;
    }

    private async Task<object?> ExecuteAsync(string sql, string options = "")
    {
        await using NpgsqlConnection connection = new(PostgresServer.Instance.GetConnectionString(_schema, "Pooling=false;" + options));
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
