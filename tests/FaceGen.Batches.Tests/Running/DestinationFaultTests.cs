using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Batches.Tests.Running;

/// <summary>
/// A destination that is not writable pauses submissions. A file in its place simulates a read-only disk for every user that runs the
/// test.
/// </summary>
public sealed class DestinationFaultTests : IDisposable
{
    private readonly BatchFixture _fixture = new(queueLimit: 2);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Destination_not_writable_is_detected_before_submission()
    {
        File.WriteAllText(_fixture.OutputFolder, "in the way");

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_fixture.RunAsync(BatchFixture.Requests(3)));

        Assert.Equal(ErrorCode.FileNotWritten, fault.Code);
        Assert.Contains("Nothing was sent", fault.Message, StringComparison.Ordinal);
        Assert.Empty(_fixture.Calls);
        Assert.All(await _fixture.StatusesAsync(), status => Assert.Equal(BatchItemStatus.Pending, status));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Destination_failing_during_run_pauses_submissions(bool isReplaced)
    {
        int sentEarlier = 0, sentThen = 0;
        _fixture.OnLink = (id, again) =>
        {
            // The folder fails before the first image is saved, and is there again a minute later.
            if (id == "1" && again == 0)
            {
                Break(isReplaced);
                _fixture.Clock.CreateTimer(_ => sentEarlier = _fixture.Submissions, null, TimeSpan.FromSeconds(30), Timeout.InfiniteTimeSpan);
                _fixture.Clock.CreateTimer(_ =>
                {
                    sentThen = _fixture.Submissions;
                    Repair();
                }, null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
            }

            return ScriptedResponse.Image(BatchFixture.CreateImage(id));
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(60));

        Assert.Equal((BatchState.Complete, 60, 60), (summary.StateValue, summary.Saved, _fixture.Submissions));
        Assert.Contains("Nothing more is submitted", Assert.Single(_fixture.Warnings), StringComparison.Ordinal);
        // Only the rows in flight at the failure were submitted.
        Assert.Equal(sentEarlier, sentThen);
        Assert.InRange(sentThen, 1, 59);
    }

    [Fact]
    public async Task Time_limit_applies_while_destination_is_not_writable()
    {
        _fixture.OnLink = (id, _) =>
        {
            Break(isReplaced: true);
            return ScriptedResponse.Image(BatchFixture.CreateImage(id));
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(60), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(10) });

        Assert.Equal(BatchState.Unfinished, summary.StateValue);
        Assert.InRange(summary.Duration, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10.1));
        Assert.InRange(_fixture.Submissions, 1, 59);
        Repair();
        _fixture.OnLink = (id, _) => ScriptedResponse.Image(BatchFixture.CreateImage(id));
        Assert.Equal(BatchState.Complete, (await _fixture.RunAsync(BatchFixture.Requests(60))).StateValue);
        Assert.Equal(60, _fixture.Submissions);
    }

    [Fact]
    public async Task Impossible_file_name_fails_only_its_row()
    {
        Directory.CreateDirectory(Path.Combine(_fixture.OutputFolder, "1-1.png"));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((2, 1, 3), (summary.Saved, summary.InProgress, _fixture.Submissions));
        Assert.Empty(_fixture.Warnings);
    }

    /// <summary>A virus scanner or a viewer has the file open, which Windows does not rename then.</summary>
    [Fact]
    public async Task Image_in_use_keeps_its_row_for_the_next_run()
    {
        var storage = new FileInUseStorage("2-1.png");
        using var fixture = new BatchFixture(queueLimit: 2, storage);

        BatchSummary summary = await fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((2, 1, 3), (summary.Saved, summary.InProgress, fixture.Submissions));
        Assert.Equal(["1-1.png", "3-1.png"], fixture.Files);
        Assert.Empty(fixture.Warnings);
        storage.IsOpen = false;
        Assert.Equal(BatchState.Complete, (await fixture.RunAsync(BatchFixture.Requests(3))).StateValue);
        Assert.Equal(3, fixture.Submissions);
        Assert.Equal(["1-1.png", "2-1.png", "3-1.png"], fixture.Files);
    }

    [Fact]
    public async Task Time_limit_applies_while_ledger_is_not_writable()
    {
        bool isFull = false;
        _fixture.OnOpen = ledger => ledger.BeforeWrite = _ => isFull ? throw new FaceGenException(ErrorCode.LedgerNotWritten, "No space left on device.") : Task.CompletedTask;
        _fixture.OnLink = (id, _) =>
        {
            isFull = true;
            return ScriptedResponse.Image(BatchFixture.CreateImage(id));
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(60), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(10) });

        Assert.Equal(BatchState.Unfinished, summary.StateValue);
        Assert.InRange(summary.Duration, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10.1));
    }

    [Fact]
    public async Task Temporary_files_of_killed_runs_are_removed()
    {
        Directory.CreateDirectory(_fixture.OutputFolder);
        string old = Path.Combine(_fixture.OutputFolder, $".{Guid.NewGuid():N}.part"), others = Path.Combine(_fixture.OutputFolder, "mine.part");
        foreach (string path in (string[])[old, others])
        {
            File.WriteAllBytes(path, [1]);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-2));
        }

        await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal(["1-1.png", "mine.part"], _fixture.Files);
    }

    private void Break(bool isReplaced)
    {
        if (Directory.Exists(_fixture.OutputFolder)) Directory.Delete(_fixture.OutputFolder, recursive: true);
        if (isReplaced) File.WriteAllText(_fixture.OutputFolder, "in the way");
    }

    private void Repair()
    {
        if (File.Exists(_fixture.OutputFolder)) File.Delete(_fixture.OutputFolder);
        Directory.CreateDirectory(_fixture.OutputFolder);
    }

    /// <summary>Fails to rename a file to a name with Windows' error for a file that another program has open.</summary>
    private sealed class FileInUseStorage(string name) : FileStorage
    {
        internal bool IsOpen { get; set; } = true;

        internal override void Rename(string from, string to, bool replace)
        {
            if (IsOpen && Path.GetFileName(to) == name) throw new IOException("The file is used by another process.", unchecked((int)0x80070020));
            base.Rename(from, to, replace);
        }

        internal override void Wait(TimeSpan delay) { }
    }
}
