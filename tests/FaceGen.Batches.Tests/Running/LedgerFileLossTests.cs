namespace FaceGen.Batches.Tests.Running;

/// <summary>A run whose ledger is moved or deleted ends with that error, and submits nothing more.</summary>
public sealed class LedgerFileLossTests
{
    [Theory]
    [InlineData("moved", 2)]
    [InlineData("deleted", 2)]
    [InlineData("moved", 6)]
    [InlineData("deleted", 6)]
    public async Task Ledger_file_lost_during_run_stops_run(string loss, int submission)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        using var fixture = new BatchFixture(queueLimit: 2);
        fixture.OnSubmit = number =>
        {
            if (number == submission && loss == "moved") Directory.Move(fixture.Folder.PathOf("ledger"), fixture.Folder.PathOf("moved"));
            else if (number == submission) Directory.Delete(fixture.Folder.PathOf("ledger"), recursive: true);
            return BatchFixture.Finished(number);
        };
        fixture.LedgerPath = Path.Combine(fixture.Folder.PathOf("ledger"), "batch.db");

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => fixture.RunAsync(BatchFixture.Requests(6)));

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("was moved or deleted", error.Message, StringComparison.Ordinal);
        // The other slot may have been filled at the same time.
        Assert.InRange(fixture.Submissions, submission, submission + 1);
        // A row that was accepted then is reported, since the ledger may be gone.
        Assert.Contains(fixture.Warnings, line => line.Contains($"Generation {submission} ", StringComparison.Ordinal));
        if (loss == "deleted") return;

        using var next = new BatchFixture { LedgerPath = Path.Combine(fixture.Folder.PathOf("moved"), "batch.db") };
        IReadOnlyList<BatchItemStatus> statuses = await next.StatusesAsync();
        Assert.DoesNotContain(BatchItemStatus.Submitting, statuses);
        Assert.Equal(6 - fixture.Submissions, statuses.Count(status => status == BatchItemStatus.Pending));
    }
}
