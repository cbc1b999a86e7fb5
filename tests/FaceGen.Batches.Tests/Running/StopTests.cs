using System.Diagnostics;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A stop in each state of a row. The clock does not advance, so that no wait ends by itself.</summary>
public sealed class StopTests : IDisposable
{
    private readonly BatchFixture _fixture = new();
    private readonly CancellationTokenSource _stopSource = new();

    public void Dispose()
    {
        _stopSource.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task Stop_leaves_pending_generation_to_next_run()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(3));
        Task run = batch.RunAsync(_fixture.Options, _stopSource.Token);
        await UntilAsync(run, row => row.Status == BatchItemStatus.Submitted, 3);

        await StopAsync(run);

        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal((BatchItemStatus.Submitted, 0), (row.Status, (int)row.Fence)));
        Assert.Empty(_fixture.Warnings);
        await AssertTheNextRunCompletesAsync(batch, sent: 3);
    }

    [Fact]
    public async Task Stop_records_response_of_submission_in_flight()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _fixture.OnSubmit = _ => ScriptedResponse.After(response.Task);
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(1));
        Task run = batch.RunAsync(_fixture.Options, _stopSource.Token);
        await _fixture.ArrivalAsync();

        await _stopSource.CancelAsync();
        Assert.False(run.IsCompleted);
        Assert.Equal(BatchItemStatus.Submitting, Assert.Single(await _fixture.StatusesAsync()));
        response.SetResult(BatchFixture.Queued(1));
        await AssertStoppedAsync(run);

        LedgerRow row = Assert.Single(await _fixture.RowsAsync());
        Assert.Equal((BatchItemStatus.Submitted, "1", 0), (row.Status, row.GenerationId, (int)row.Fence));
        await AssertTheNextRunCompletesAsync(batch, sent: 1);
    }

    [Fact]
    public async Task Response_long_after_stop_is_recorded()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _fixture.OnSubmit = _ => ScriptedResponse.After(response.Task);
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(1));
        Task run = batch.RunAsync(_fixture.Options with { StorageClock = _fixture.Clock }, _stopSource.Token);
        await _fixture.ArrivalAsync();

        await _stopSource.CancelAsync();
        await _fixture.Clock.AdvanceAsync(_fixture.Options.StorageTimeout);
        response.SetResult(BatchFixture.Queued(1));
        await AssertStoppedAsync(run);

        Assert.Equal((BatchItemStatus.Submitted, "1"), Assert.Single((await _fixture.RowsAsync()).Select(row => (row.Status, row.GenerationId!))));
        Assert.Empty(_fixture.Warnings);
    }

    [Fact]
    public async Task Stop_with_full_disk_ends_within_timeout()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnOpen = ledger => ledger.BeforeWrite = _ => throw new FaceGenException(ErrorCode.LedgerNotWritten, "The disk is full.");
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(1));
        Task run = batch.RunAsync(_fixture.Options with { StorageTimeout = TimeSpan.Zero }, _stopSource.Token);
        await Wait.UntilAsync(() => !_fixture.Warnings.IsEmpty);

        await StopAsync(run);

        Assert.Contains(_fixture.Warnings, line => line.Contains("Wait-FaceGenImage -Id 1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Submission_with_lost_response_after_stop_is_uncertain(bool retryUncertain)
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _fixture.OnSubmit = _ => ScriptedResponse.After(response.Task);
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(1));
        Task run = batch.RunAsync(_fixture.Options with { RetryUncertain = retryUncertain }, _stopSource.Token);
        await _fixture.ArrivalAsync();

        await _stopSource.CancelAsync();
        response.SetResult(ScriptedResponse.ConnectionLost);
        await AssertStoppedAsync(run);

        Assert.Equal(BatchItemStatus.Uncertain, Assert.Single(await _fixture.StatusesAsync()));
        Assert.Equal(1, _fixture.Submissions);
    }

    [Fact]
    public async Task Submission_refused_after_stop_is_pending()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _fixture.OnSubmit = _ => ScriptedResponse.After(response.Task);
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(1));
        Task run = batch.RunAsync(_fixture.Options, _stopSource.Token);
        await _fixture.ArrivalAsync();

        await _stopSource.CancelAsync();
        response.SetResult(ScriptedResponse.QueueFull());
        await AssertStoppedAsync(run);

        LedgerRow row = Assert.Single(await _fixture.RowsAsync());
        Assert.Equal((BatchItemStatus.Pending, 0, 0), (row.Status, row.Attempts, (int)row.Fence));
    }

    [Fact]
    public async Task Stop_before_first_byte_leaves_row_pending()
    {
        // The row is claimed and has not acquired the account's slot yet.
        _fixture.OnOpen = ledger => ledger.OnClaimed = row =>
        {
            _stopSource.Cancel();
            return row;
        };
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(2));

        await AssertStoppedAsync(batch.RunAsync(_fixture.Options, _stopSource.Token));

        Assert.Equal(0, _fixture.Submissions);
        Assert.Empty(_fixture.Warnings);
        LedgerRow[] rows = [.. await _fixture.RowsAsync()];
        Assert.All(rows, row => Assert.Equal((BatchItemStatus.Pending, 0, 0), (row.Status, row.Attempts, (int)row.Fence)));
    }

    [Fact]
    public async Task Stop_between_two_attempts_leaves_row_pending()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.QueueFull();
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(1));
        Task run = batch.RunAsync(_fixture.Options, _stopSource.Token);
        await UntilAsync(run, row => row.Status == BatchItemStatus.Pending && row.Fence != 0, 1);

        await StopAsync(run);

        Assert.Equal((BatchItemStatus.Pending, 0), Assert.Single((await _fixture.RowsAsync()).Select(row => (row.Status, (int)row.Fence))));
        await AssertTheNextRunCompletesAsync(batch, sent: 2);
    }

    [Fact]
    public async Task Stop_during_download_leaves_row_generated()
    {
        _fixture.OnLink = (_, _) => ScriptedResponse.NoResponse;
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(2));
        Task run = batch.RunAsync(_fixture.Options with { MaxDownloads = 1 }, _stopSource.Token);
        await UntilAsync(run, row => row.Status == BatchItemStatus.Generated, 2);

        await StopAsync(run);

        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal((BatchItemStatus.Generated, 0), (row.Status, (int)row.Fence)));
        Assert.Empty(_fixture.Files);
        await AssertTheNextRunCompletesAsync(batch, sent: 2);
    }

    [Fact]
    public async Task Stop_while_balance_is_requested_ends_run()
    {
        _fixture.OnBalance = _ => ScriptedResponse.NoResponse;
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(1));
        Task run = batch.RunAsync(_fixture.Options with { MinimumBalance = 1 }, _stopSource.Token);
        await _fixture.ArrivalAsync(orBalance: true);

        await StopAsync(run);

        Assert.Equal(BatchItemStatus.Pending, Assert.Single(await _fixture.StatusesAsync()));
    }

    [Fact]
    public async Task Stop_while_disk_is_full_ends_run()
    {
        _fixture.OnOpen = ledger => ledger.BeforeClaim = () => throw new FaceGenException(ErrorCode.LedgerNotWritten, "The disk is full.");
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(1));
        Task run = batch.RunAsync(_fixture.Options, _stopSource.Token);
        await UntilAsync(run, () => !_fixture.Warnings.IsEmpty);

        await StopAsync(run);

        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task Stop_before_start_sends_nothing()
    {
        await _stopSource.CancelAsync();
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(1));

        await AssertStoppedAsync(batch.RunAsync(_fixture.Options, _stopSource.Token));

        Assert.Empty(_fixture.Calls);
    }

    private async Task StopAsync(Task run)
    {
        await _stopSource.CancelAsync();
        var watch = Stopwatch.StartNew();
        await AssertStoppedAsync(run);
        // The clock does not advance: a wait for it would take much longer, also on a busy machine.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    private static async Task AssertStoppedAsync(Task run) => await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WithTimeoutAsync());

    private Task UntilAsync(Task run, Func<LedgerRow, bool> state, int count) =>
        UntilAsync(run, () => _fixture.RowsAsync().GetAwaiter().GetResult().Count(state) >= count);

    private static Task UntilAsync(Task run, Func<bool> condition) => Wait.UntilAsync(() =>
    {
        if (condition()) return true;

        Assert.False(run.IsCompleted);
        return false;
    });

    private async Task AssertTheNextRunCompletesAsync(Batch batch, int sent)
    {
        await batch.DisposeAsync();
        int count = (await _fixture.RowsAsync()).Count;
        (_fixture.OnSubmit, _fixture.OnLink) = (BatchFixture.Finished, (id, _) => ScriptedResponse.Image(BatchFixture.CreateImage(id)));
        BatchSummary next = await _fixture.RunAsync(BatchFixture.Requests(count));
        Assert.Equal((BatchState.Complete, sent), (next.StateValue, _fixture.Submissions));
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }
}
