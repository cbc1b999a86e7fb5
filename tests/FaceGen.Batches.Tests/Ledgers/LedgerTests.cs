using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using Microsoft.Extensions.Time.Testing;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>The behavior of a ledger, on both databases.</summary>
public abstract partial class LedgerTests : IAsyncLifetime
{
    private protected static readonly Uri Service = new("https://modelslab.example/");

    private readonly List<IAsyncDisposable> _opened = [];

    private protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private protected TestLog Log { get; } = new();

    private static CancellationToken None => CancellationToken.None;

    /// <summary>Names a ledger of this test that is not there yet.</summary>
    private protected abstract string Ledger { get; }

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable ledger in _opened) await ledger.DisposeAsync();
    }

    /// <summary>Changes the ledger by hand.</summary>
    private protected abstract Task ExecuteAsync(string sql);

    private protected Task<ILedger> OpenAsync(LedgerMode mode = LedgerMode.Run) => OpenAsync(Ledger, Clock, mode);

    private protected async Task<ILedger> OpenAsync(string name, TimeProvider time, LedgerMode mode = LedgerMode.Run)
    {
        ILedger ledger = await FaceGen.Batches.Ledgers.LedgerFactory.OpenAsync(LedgerLocation.Parse(name), mode, time, Log, None);
        _opened.Add(ledger);
        return ledger;
    }

    private protected static InputRow Row(string request, int number) =>
        new($"hash of {request}", request, 1, null, null, new RequestSource("people.csv", number + 1, number));

    private protected static InputRow[] Rows(params string[] requests) => [.. requests.Select((request, index) => Row(request, index + 1))];

    private protected static Task ImportAsync(ILedger ledger, params string[] requests) => ImportAsync(ledger, requests, false);

    private protected static async Task ImportAsync(ILedger ledger, string[] requests, bool retryFailed)
    {
        await ledger.StageAsync(Rows(requests), null, None);
        await ledger.ImportAsync(retryFailed, None);
    }

    private protected static async Task<LedgerRow> ClaimAsync(ILedger ledger)
    {
        LedgerRow? row = await ledger.ClaimPendingAsync(Service, int.MaxValue, cancellationToken: None);
        Assert.NotNull(row);
        return row;
    }

    private protected static async Task<string[]> ClaimAllAsync(ILedger ledger)
    {
        List<string> claimed = [];
        while (await ledger.ClaimPendingAsync(Service, int.MaxValue, cancellationToken: None) is { } row) claimed.Add(row.Request);
        return [.. claimed];
    }

    private protected static async Task<LedgerRow> AcceptAsync(ILedger ledger, LedgerRow row, string id)
    {
        LedgerRow accepted = row with { Status = BatchItemStatus.Submitted, GenerationId = id };
        Assert.True(await ledger.WriteAsync(accepted, release: false, None));
        return accepted;
    }

    private async Task GenerateAsync(ILedger ledger, LedgerRow row, string id, TimeSpan left) =>
        Assert.True(await ledger.WriteAsync(
            row with { Status = BatchItemStatus.Generated, GenerationId = id, ExpiresAt = Clock.GetUtcNow() + left }, release: false, None));

    private protected async Task EndAsync(ILedger ledger, LedgerRow row, BatchItemStatus status, string? id = null) =>
        Assert.True(await ledger.WriteAsync(
            row with { Status = status, GenerationId = id, EndedAt = Clock.GetUtcNow(), Error = "why", ErrorCode = ErrorCode.FetchFailed }, release: true, None));

    private async Task SaveAllAsync(ILedger ledger)
    {
        while (await ledger.ClaimPendingAsync(Service, int.MaxValue, cancellationToken: None) is { } row) await EndAsync(ledger, row, BatchItemStatus.Saved);
    }

    /// <summary>Returns a row whose worker was declared dead while it was in flight, as that worker has it.</summary>
    private async Task<(ILedger Ledger, LedgerRow Stale)> LeaveUncertainAsync()
    {
        LedgerRow stale;
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a");
            stale = await ClaimAsync(dead);
        }

        ILedger ledger = await OpenAsync();
        Assert.Single(await ledger.ClaimAbandonedAsync(Service, 5, None));
        return (ledger, stale);
    }
}
