using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Tests.Shared;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Poolers that give each transaction another session of the server: they are refused when the ledger is opened.</summary>
public sealed class PostgresPoolerTests : IAsyncLifetime
{
    private readonly string _schema = $"pooled_{Guid.NewGuid():N}";

    public ValueTask InitializeAsync()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(5, false)]
    [InlineData(5, true)]
    public async Task Pooler_in_transaction_mode_is_refused(int size, bool isRoundRobin)
    {
        await using var pooler = new TransactionPooler(PostgresServer.Instance, size, isRoundRobin);

        FaceGenException error = await RefusalAsync(pooler.Port);

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("pooler", error.Message, StringComparison.Ordinal);
        Assert.Contains("session mode", error.Message, StringComparison.Ordinal);
        // The pool's sessions are others' as well: nothing is set on them.
        Assert.DoesNotContain(pooler.Statements, statement => statement.Contains("search_path", StringComparison.OrdinalIgnoreCase)
            || statement.Contains("set_config", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("transaction", 1)]
    [InlineData("transaction", 5)]
    [InlineData("statement", 1)]
    [InlineData("statement", 5)]
    public async Task PgBouncer_not_in_session_mode_is_refused(string mode, int size)
    {
        if (PgBouncer.UnavailableReason is { } reason) Assert.Skip(reason);
        using var pooler = new PgBouncer(PostgresServer.Instance, mode, size);

        // However many use the pool at once.
        LedgerMode[] modes = [LedgerMode.Run, LedgerMode.RunAndCreateOnImport, LedgerMode.Plan, LedgerMode.Read];
        FaceGenException[] errors = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => RefusalAsync(pooler.Port, modes[number % modes.Length])));

        Assert.All(errors, error => Assert.Contains("session mode", error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task PgBouncer_in_session_mode_is_used()
    {
        if (PgBouncer.UnavailableReason is { } reason) Assert.Skip(reason);
        using var pooler = new PgBouncer(PostgresServer.Instance, "session", 10);

        await using ILedger ledger = await OpenAsync(pooler.Port, LedgerMode.Run);
        await ledger.StageAsync([new InputRow("hash", "a", 1, null, null, new RequestSource("people.csv", 2, 1))], null, CancellationToken.None);
        await ledger.ImportAsync(false, CancellationToken.None);

        Assert.Equal("a", (await ledger.ClaimPendingAsync(new Uri("https://modelslab.example/"), 5, cancellationToken: CancellationToken.None))!.Request);
    }

    [Fact]
    public async Task Startup_option_that_a_pooler_refuses_is_named()
    {
        if (PgBouncer.UnavailableReason is { } reason) Assert.Skip(reason);
        using var pooler = new PgBouncer(PostgresServer.Instance, "session", 10);

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(
            () => OpenAsync(pooler.Port, LedgerMode.Run, "Options=-c work_mem=8MB;"));

        Assert.Contains("unsupported startup parameter", error.Message, StringComparison.Ordinal);
        Assert.Contains("refuses the connection", error.Message, StringComparison.Ordinal);
    }

    private async Task<FaceGenException> RefusalAsync(int port, LedgerMode mode = LedgerMode.Run) => await Assert.ThrowsAsync<FaceGenException>(
        async () => await (await OpenAsync(port, mode)).DisposeAsync());

    private Task<ILedger> OpenAsync(int port, LedgerMode mode, string options = "") => FaceGen.Batches.Ledgers.LedgerFactory.OpenAsync(
        LedgerLocation.Parse(PostgresServer.Instance.GetConnectionString(_schema, $"Port={port};SSL Mode=Disable;{options}")), mode, TimeProvider.System, new TestLog(), CancellationToken.None)
        .WaitAsync(TimeSpan.FromSeconds(60));
}
