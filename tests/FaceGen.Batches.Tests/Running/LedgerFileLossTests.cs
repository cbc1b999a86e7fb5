namespace FaceGen.Batches.Tests.Running;

/// <summary>A run whose ledger is moved or deleted ends with that error, and submits nothing more.</summary>
public sealed class LedgerFileLossTests
{
    [Theory]
    [InlineData("moved", 2)]
    [InlineData("deleted", 2)]
    [InlineData("moved", 6)]
    [InlineData("deleted", 6)]
    public async Task Batch_ledger_lost_during_the_run_stops_the_run(string loss, int submission)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        using var bed = new BatchFixture(queueLimit: 2);
        bed.OnSubmit = number =>
        {
            if (number == submission && loss == "moved") Directory.Move(bed.Folder.PathOf("ledger"), bed.Folder.PathOf("moved"));
            else if (number == submission) Directory.Delete(bed.Folder.PathOf("ledger"), recursive: true);
            return BatchFixture.Finished(number);
        };
        bed.LedgerPath = Path.Combine(bed.Folder.PathOf("ledger"), "batch.db");

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => bed.RunAsync(BatchFixture.Requests(6)));

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("was moved or deleted", error.Message, StringComparison.Ordinal);
        // The other place of the queue may have been filled at the same time.
        Assert.InRange(bed.Submissions, submission, submission + 1);
        // What was accepted then is told, since the ledger may be gone.
        Assert.Contains(bed.Warnings, line => line.Contains($"Generation {submission} ", StringComparison.Ordinal));
        if (loss == "deleted") return;

        using var next = new BatchFixture { LedgerPath = Path.Combine(bed.Folder.PathOf("moved"), "batch.db") };
        IReadOnlyList<BatchItemStatus> statuses = await next.StatusesAsync();
        Assert.DoesNotContain(BatchItemStatus.Submitting, statuses);
        Assert.Equal(6 - bed.Submissions, statuses.Count(status => status == BatchItemStatus.Pending));
    }
}
