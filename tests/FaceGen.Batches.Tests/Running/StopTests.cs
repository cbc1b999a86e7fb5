using System.Diagnostics;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A stop, at every moment of a row. The clock stands: nothing that is waited for comes by itself.</summary>
public sealed class StopTests : IDisposable
{
    private readonly BatchBed _bed = new();
    private readonly CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _stop.Dispose();
        _bed.Dispose();
    }

    [Fact]
    public async Task A_row_that_waits_at_the_service_is_left_to_the_next_run_at_once()
    {
        _bed.OnSubmit = BatchBed.Queued;
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(3));
        Task run = batch.RunAsync(_bed.Options, _stop.Token);
        await UntilAsync(run, row => row.Status == BatchItemStatus.Submitted, 3);

        await StopAsync(run);

        Assert.All(await _bed.RowsAsync(), row => Assert.Equal((BatchItemStatus.Submitted, 0), (row.Status, (int)row.Fence)));
        Assert.Empty(_bed.Warned);
        await AssertTheNextRunCompletesAsync(batch, sent: 3);
    }

    [Fact]
    public async Task The_answer_of_a_submission_that_is_out_gets_into_the_ledger()
    {
        var answer = new TaskCompletionSource<Answer>();
        _bed.OnSubmit = _ => Answer.Held(answer.Task);
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(1));
        Task run = batch.RunAsync(_bed.Options, _stop.Token);
        await _bed.ArrivalAsync();

        await _stop.CancelAsync();
        Assert.False(run.IsCompleted);
        Assert.Equal(BatchItemStatus.Submitting, Assert.Single(await _bed.StatusesAsync()));
        answer.SetResult(BatchBed.Queued(1));
        await AssertStoppedAsync(run);

        LedgerRow row = Assert.Single(await _bed.RowsAsync());
        Assert.Equal((BatchItemStatus.Submitted, "1", 0), (row.Status, row.GenerationId, (int)row.Fence));
        await AssertTheNextRunCompletesAsync(batch, sent: 1);
    }

    [Fact]
    public async Task An_answer_that_comes_long_after_the_stop_gets_into_the_ledger()
    {
        var answer = new TaskCompletionSource<Answer>();
        _bed.OnSubmit = _ => Answer.Held(answer.Task);
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(1));
        Task run = batch.RunAsync(_bed.Options with { DiskTime = _bed.Clock }, _stop.Token);
        await _bed.ArrivalAsync();

        await _stop.CancelAsync();
        await _bed.Clock.PassAsync(_bed.Options.LongestWait);
        answer.SetResult(BatchBed.Queued(1));
        await AssertStoppedAsync(run);

        Assert.Equal((BatchItemStatus.Submitted, "1"), Assert.Single((await _bed.RowsAsync()).Select(row => (row.Status, row.GenerationId!))));
        Assert.Empty(_bed.Warned);
    }

    [Fact]
    public async Task A_disk_that_stays_full_holds_nothing_for_ever_after_a_stop()
    {
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnOpen = ledger => ledger.BeforeWrite = _ => throw new FaceGenException(ErrorCode.LedgerNotWritten, "The disk is full.");
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(1));
        Task run = batch.RunAsync(_bed.Options with { LongestWait = TimeSpan.Zero }, _stop.Token);
        while (_bed.Warned.IsEmpty) await Task.Yield();

        await StopAsync(run);

        Assert.Contains(_bed.Warned, line => line.Contains("Wait-FaceGenImage -Id 1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_submission_whose_answer_is_lost_after_a_stop_is_uncertain(bool retryUncertain)
    {
        var answer = new TaskCompletionSource<Answer>();
        _bed.OnSubmit = _ => Answer.Held(answer.Task);
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(1));
        Task run = batch.RunAsync(_bed.Options with { RetryUncertain = retryUncertain }, _stop.Token);
        await _bed.ArrivalAsync();

        await _stop.CancelAsync();
        answer.SetResult(Answer.Lost);
        await AssertStoppedAsync(run);

        Assert.Equal(BatchItemStatus.Uncertain, Assert.Single(await _bed.StatusesAsync()));
        Assert.Equal(1, _bed.Submissions);
    }

    [Fact]
    public async Task A_submission_that_was_refused_after_a_stop_is_pending()
    {
        var answer = new TaskCompletionSource<Answer>();
        _bed.OnSubmit = _ => Answer.Held(answer.Task);
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(1));
        Task run = batch.RunAsync(_bed.Options, _stop.Token);
        await _bed.ArrivalAsync();

        await _stop.CancelAsync();
        answer.SetResult(Answer.QueueFull());
        await AssertStoppedAsync(run);

        LedgerRow row = Assert.Single(await _bed.RowsAsync());
        Assert.Equal((BatchItemStatus.Pending, 0, 0), (row.Status, row.Attempts, (int)row.Fence));
    }

    [Fact]
    public async Task Before_the_first_byte_a_stop_leaves_the_row_pending()
    {
        // The row is taken, and the account's word that it is the row's turn has not come through yet.
        _bed.OnOpen = ledger => ledger.Taken = row =>
        {
            _stop.Cancel();
            return row;
        };
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(2));

        await AssertStoppedAsync(batch.RunAsync(_bed.Options, _stop.Token));

        Assert.Equal(0, _bed.Submissions);
        Assert.Empty(_bed.Warned);
        LedgerRow[] rows = [.. await _bed.RowsAsync()];
        Assert.All(rows, row => Assert.Equal((BatchItemStatus.Pending, 0, 0), (row.Status, row.Attempts, (int)row.Fence)));
    }

    [Fact]
    public async Task Between_two_tries_a_stop_leaves_the_row_pending()
    {
        _bed.OnSubmit = _ => Answer.QueueFull();
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(1));
        Task run = batch.RunAsync(_bed.Options, _stop.Token);
        await UntilAsync(run, row => row.Status == BatchItemStatus.Pending && row.Fence != 0, 1);

        await StopAsync(run);

        Assert.Equal((BatchItemStatus.Pending, 0), Assert.Single((await _bed.RowsAsync()).Select(row => (row.Status, (int)row.Fence))));
        await AssertTheNextRunCompletesAsync(batch, sent: 2);
    }

    [Fact]
    public async Task While_a_download_hangs_a_stop_leaves_the_row_generated()
    {
        _bed.OnLink = (_, _) => Answer.Silence;
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(2));
        Task run = batch.RunAsync(_bed.Options with { Downloads = 1 }, _stop.Token);
        await UntilAsync(run, row => row.Status == BatchItemStatus.Generated, 2);

        await StopAsync(run);

        Assert.All(await _bed.RowsAsync(), row => Assert.Equal((BatchItemStatus.Generated, 0), (row.Status, (int)row.Fence)));
        Assert.Empty(_bed.Files);
        await AssertTheNextRunCompletesAsync(batch, sent: 2);
    }

    [Fact]
    public async Task While_the_wallet_is_asked_a_stop_ends_the_run()
    {
        _bed.OnBalance = _ => Answer.Silence;
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(1));
        Task run = batch.RunAsync(_bed.Options with { MinimumBalance = 1 }, _stop.Token);
        await _bed.ArrivalAsync();

        await StopAsync(run);

        Assert.Equal(BatchItemStatus.Pending, Assert.Single(await _bed.StatusesAsync()));
    }

    [Fact]
    public async Task While_the_disk_is_full_a_stop_ends_the_run()
    {
        _bed.OnOpen = ledger => ledger.BeforeTake = () => throw new FaceGenException(ErrorCode.LedgerNotWritten, "The disk is full.");
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(1));
        Task run = batch.RunAsync(_bed.Options, _stop.Token);
        await UntilAsync(run, () => !_bed.Warned.IsEmpty);

        await StopAsync(run);

        Assert.Equal(0, _bed.Account.Slots.Taken);
    }

    [Fact]
    public async Task A_stop_before_the_start_sends_nothing()
    {
        await _stop.CancelAsync();
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(1));

        await AssertStoppedAsync(batch.RunAsync(_bed.Options, _stop.Token));

        Assert.Empty(_bed.Calls);
    }

    private async Task StopAsync(Task run)
    {
        await _stop.CancelAsync();
        var watch = Stopwatch.StartNew();
        await AssertStoppedAsync(run);
        // The clock stands: what waits for it waits much longer, also on a busy machine.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    private static async Task AssertStoppedAsync(Task run) => await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.GuardAsync());

    private Task UntilAsync(Task run, Func<LedgerRow, bool> state, int count) =>
        UntilAsync(run, () => _bed.RowsAsync().GetAwaiter().GetResult().Count(state) >= count);

    private static async Task UntilAsync(Task run, Func<bool> isSo)
    {
        while (!isSo())
        {
            Assert.False(run.IsCompleted);
            await Task.Yield();
        }
    }

    private async Task AssertTheNextRunCompletesAsync(Batch batch, int sent)
    {
        await batch.DisposeAsync();
        int count = (await _bed.RowsAsync()).Count;
        (_bed.OnSubmit, _bed.OnLink) = (BatchBed.Finished, (id, _) => Answer.Image(BatchBed.Picture(id)));
        BatchSummary next = await _bed.RunAsync(BatchBed.Requests(count));
        Assert.Equal((BatchState.Complete, sent), (next.State, _bed.Submissions));
        Assert.Equal(0, _bed.Account.Slots.Taken);
    }
}
