using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Tests.Ledgers;

public abstract partial class LedgerTests
{
    [Fact]
    public async Task Uncertain_row_holds_its_slot_for_a_while()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        LedgerRow row = await ClaimAsync(ledger);
        Assert.True(await ledger.WriteAsync(
            row with { Status = BatchItemStatus.Uncertain, SlotUntil = Clock.GetUtcNow().AddSeconds(60) }, release: true, None));

        Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 1, cancellationToken: None));
        // A row to submit again still holds its slot.
        Assert.Null(await ledger.ClaimPendingAsync(Service, 1, retryUncertain: true, cancellationToken: None));

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("b", (await ledger.ClaimPendingAsync(Service, 1, retryUncertain: true, cancellationToken: None))?.Request);
    }

    [Fact]
    public async Task Uncertain_row_before_its_likely_end_is_not_claimed()
    {
        DateTimeOffset? sent;
        await using (ILedger former = await OpenAsync())
        {
            await ImportAsync(former, "a");
            LedgerRow row = await ClaimAsync(former);
            sent = row.SubmittedAt;
            Assert.True(await former.WriteAsync(
                row with { Status = BatchItemStatus.Uncertain, SlotUntil = Clock.GetUtcNow().AddSeconds(60) }, release: true, None));
        }

        ILedger ledger = await OpenAsync();
        Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, retryUncertain: true, cancellationToken: None));

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(sent, (await ledger.ClaimPendingAsync(Service, 5, retryUncertain: true, cancellationToken: None))!.SubmittedAt);
    }

    [Fact]
    public async Task Slot_until_far_future_is_free()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        LedgerRow row = await ClaimAsync(ledger);
        Assert.True(await ledger.WriteAsync(
            row with { Status = BatchItemStatus.Uncertain, SlotUntil = Clock.GetUtcNow().AddYears(3) }, release: true, None));

        Assert.Equal("b", (await ledger.ClaimPendingAsync(Service, 1, cancellationToken: None))?.Request);
    }

    [Fact]
    public async Task Row_submitting_by_dead_worker_is_uncertain_and_reported_once()
    {
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a");
            await ClaimAsync(dead);
        }

        Clock.Advance(TimeSpan.FromSeconds(4));
        ILedger ledger = await OpenAsync();

        LedgerRow row = Assert.Single(await ledger.ClaimAbandonedAsync(Service, 0, None));

        Assert.Equal((BatchItemStatus.Uncertain, ErrorCode.SubmissionUncertain, 0), (row.Status, row.ErrorCode, row.Fence));
        Assert.Equal((Clock.GetUtcNow(), Clock.GetUtcNow().AddSeconds(6)), (row.EndedAt!.Value, row.SlotUntil!.Value));
        Assert.Empty(await ledger.ClaimAbandonedAsync(Service, 5, None));
    }

    [Theory]
    [InlineData(60, 20)]
    [InlineData(60, 20, 20, 20)]
    [InlineData(10, 1)]
    // It was accepted in the evening, and the next run began in the morning.
    [InlineData(60, 20, 20, 9 * 3600)]
    [InlineData(120, 9 * 3600)]
    public async Task Uncertain_row_slot_time_follows_usual_service_time(int expected, params int[] seconds)
    {
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, [.. Enumerable.Range(0, seconds.Length + 1).Select(number => $"row {number}")]);
            foreach (int duration in seconds)
            {
                LedgerRow done = await ClaimAsync(dead);
                Assert.True(await dead.WriteAsync(
                    done with { Status = BatchItemStatus.Saved, GeneratedAt = done.SubmittedAt!.Value.AddSeconds(duration) }, release: true, None));
            }

            await ClaimAsync(dead);
        }

        ILedger ledger = await OpenAsync();

        LedgerRow row = Assert.Single(await ledger.ClaimAbandonedAsync(Service, 5, None));

        Assert.Equal(row.SubmittedAt!.Value.AddSeconds(expected), row.SlotUntil);
    }

    [Fact]
    public async Task Worker_that_lost_its_claim_cannot_resubmit_uncertain_row()
    {
        LedgerRow stale;
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a");
            stale = await ClaimAsync(dead) with { Status = BatchItemStatus.Pending, Attempts = 0 };
            Assert.True(await dead.WriteAsync(stale, release: false, None));
        }

        ILedger ledger = await OpenAsync();
        Assert.Empty(await ledger.ClaimAbandonedAsync(Service, 5, None));
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Uncertain);

        // Both have counted their own submission as the first.
        Assert.False(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Submitting, Attempts = 1 }, release: false, None));
        Assert.False(await ledger.WriteAsync(stale, release: true, None));

        Assert.Equal((BatchItemStatus.Uncertain, 1), Assert.Single(ledger.Read([]).Select(row => (row.Status, row.Attempts))));
    }

    [Fact]
    public async Task Late_id_reconciles_uncertain_row()
    {
        (ILedger ledger, LedgerRow stale) = await LeaveUncertainAsync();

        Assert.True(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));
        Assert.True(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Saved, GenerationId = "1" }, release: true, None));

        LedgerRow read = Assert.Single(ledger.Read([]));
        Assert.Equal((BatchItemStatus.Saved, "1", null), (read.Status, read.GenerationId, read.Error));
    }

    [Fact]
    public async Task Late_refusal_reconciles_uncertain_row_as_pending()
    {
        (ILedger ledger, LedgerRow stale) = await LeaveUncertainAsync();

        Assert.False(await ledger.WriteAsync(stale, release: false, None));
        Assert.True(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Pending, Attempts = 0 }, release: false, None));

        LedgerRow row = Assert.Single(ledger.Read([]));
        Assert.Equal((BatchItemStatus.Pending, 0, null, stale.Fence), (row.Status, row.Attempts, row.Error, row.Fence));
        Assert.True(await ledger.WriteAsync(stale, release: false, None));
    }

    [Fact]
    public async Task Late_id_before_second_submission_prevents_it()
    {
        (ILedger ledger, LedgerRow stale) = await LeaveUncertainAsync();

        Assert.True(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));

        Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, retryUncertain: true, cancellationToken: None));
    }

    [Fact]
    public async Task Late_id_after_second_submission_is_ignored()
    {
        (ILedger ledger, LedgerRow stale) = await LeaveUncertainAsync();
        Clock.Advance(TimeSpan.FromMinutes(2));
        LedgerRow again = (await ledger.ClaimPendingAsync(Service, 5, retryUncertain: true, cancellationToken: None))!;

        Assert.False(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));

        Assert.Equal((2, again.Fence), (again.Attempts, Assert.Single(ledger.Read([])).Fence));
    }

    [Fact]
    public async Task Uncertain_row_is_claimed_only_with_retry_uncertain()
    {
        ILedger careful = await OpenAsync();
        await ImportAsync(careful, "a", "b", "c");
        await EndAsync(careful, await ClaimAsync(careful), BatchItemStatus.Uncertain);
        await careful.DisposeAsync();
        ILedger daring = await OpenAsync();
        Task<LedgerRow?> NextAsync(bool retryUncertain = true) => daring.ClaimPendingAsync(Service, 5, retryUncertain: retryUncertain, cancellationToken: None);

        LedgerRow?[] claimed = [await NextAsync(), await NextAsync(), await NextAsync(false), await NextAsync(), await NextAsync()];

        Assert.Equal(["b", "c", null, "a", null], claimed.Select(row => row?.Request));
        // The row keeps its error until it is reconciled.
        Assert.Equal((2, "why", ErrorCode.FetchFailed), (claimed[3]!.Attempts, claimed[3]!.Error, claimed[3]!.ErrorCode));
        Assert.True(await daring.WriteAsync(claimed[3]! with { Status = BatchItemStatus.Uncertain }, release: true, None));
        Assert.Null(await NextAsync());
        Assert.Equal((1, 0), ((await daring.CountAsync(None))[BatchItemStatus.Uncertain], (await daring.CountAsync(None)).RetryableUncertain));
        await daring.DisposeAsync();
        ILedger next = await OpenAsync();
        await ImportAsync(next, "a");
        Assert.Null(await next.ClaimPendingAsync(Service, 5, cancellationToken: None));
        Assert.Equal("a", (await next.ClaimPendingAsync(Service, 5, retryUncertain: true, cancellationToken: None))?.Request);
    }
}
