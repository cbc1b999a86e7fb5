using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>The price of an image, by the balances before and after a run.</summary>
public sealed class RunPriceTests : IDisposable
{
    private readonly BatchFixture _fixture = new();

    private int BalanceRequests => _fixture.Calls.Count(call => call.Address.AbsolutePath.EndsWith("/wallet_balance", StringComparison.Ordinal));

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Run_records_the_price_that_the_balances_show()
    {
        _fixture.OnBalance = _ => BatchFixture.Balance(100 - (0.25 * _fixture.Submissions));

        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(2));
        // Another process, which has seen no balance, has nothing to submit.
        _fixture.Connect(queueLimit: 5, key: "a-new-key-of-the-account");
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(2));

        Assert.Equal((0.5m, "USD"), (first.TotalCost, first.Currency));
        Assert.Equal((2, 0, 0.5m, "USD"), (second.Saved, second.Submitted, second.TotalCost, second.Currency));
        Assert.Equal(2, BalanceRequests);
        Assert.Equal(2, _fixture.Submissions);
    }

    /// <summary>The balance contains what the others paid for.</summary>
    [Theory]
    [InlineData(0, 0.75)]
    [InlineData(2, null)]
    public async Task Price_is_unknown_if_other_workers_paid_during_the_run(int imagesOfOthers, double? cost)
    {
        int reads = 0;
        _fixture.OnBalance = _ => BatchFixture.Balance(100 - (0.25 * _fixture.Submissions));
        _fixture.OnOpen = ledger =>
        {
            ledger.IsSharedLedger = true;
            ledger.OnHistory = history => reads++ == 0 ? history : history with { ImagesPaid = history.ImagesPaid + imagesOfOthers };
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((3, (decimal?)cost), (summary.Saved, summary.TotalCost));
        Assert.InRange(reads, 3, 4);
    }

    [Fact]
    public async Task Balance_that_cannot_be_read_delays_no_run_and_is_no_warning()
    {
        _fixture.OnBalance = _ => ScriptedResponse.Error("Not available.", 503);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2));

        Assert.Equal((2, BatchState.Complete, null), (summary.Saved, summary.StateValue, summary.TotalCost));
        Assert.Empty(_fixture.Warnings);
        Assert.Contains(_fixture.LogLines, line => line.StartsWith("The balance, which shows the price of an image, was not read", StringComparison.Ordinal));
    }
}
