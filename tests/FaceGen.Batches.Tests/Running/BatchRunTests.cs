using FaceGen.Batching;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A batch from its input to its files, on a ledger of SQLite.</summary>
public sealed class BatchRunTests : IDisposable
{
    private readonly BatchBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Each_row_is_sent_and_saved_once()
    {
        BatchSummary first = await _bed.RunAsync(BatchBed.Requests(12));
        BatchSummary again = await _bed.RunAsync(BatchBed.Requests(12));

        Assert.Equal((BatchState.Complete, 12, 12, 12), (first.State, first.Saved, first.Submitted, first.ImagesPaid));
        Assert.Equal((BatchState.Complete, 12, 0, 0), (again.State, again.Saved, again.Submitted, again.ImagesPaid));
        Assert.Equal(12, _bed.Submissions);
        Assert.Equal(12, _bed.Files.Count);
        Assert.Equal(12, _bed.Ended.Count);
        Assert.All(_bed.Ended, ended => Assert.Equal((BatchItemStatus.Saved, null, 1), (ended.Item.Status, ended.Error, ended.Item.Files.Count)));
        Assert.Empty(_bed.Account.Open);
        Assert.Equal(0, _bed.Account.Slots.Taken);
    }
}
