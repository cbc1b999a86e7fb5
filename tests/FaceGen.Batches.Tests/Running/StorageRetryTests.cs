using FaceGen.Batches.Running;
using FaceGen.Batches.Tests.Ledgers;
using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Batches.Tests.Running;

public sealed class StorageRetryTests
{
    private readonly TestClock _clock = new();
    private readonly TestLog _log = new();
    private readonly StorageRetry _retry;

    public StorageRetryTests() => _retry = new StorageRetry(_clock, _log, new Destination(FileStorage.System, Path.GetTempPath()));

    [Theory]
    [InlineData(28)]
    [InlineData(122)]
    [InlineData(unchecked((int)0x80070070))]
    public async Task File_write_on_full_disk_is_retried(int code)
    {
        int tries = 0;
        int written = await _clock.RunAsync(_retry.WriteAsync(() =>
        {
            Assert.Equal(tries > 0, _retry.IsWaiting);
            return ++tries < 4 ? throw Full(code) : Task.FromResult(tries);
        }, default)).WithTimeoutAsync();

        Assert.Equal(4, written);
        Assert.False(_retry.IsWaiting);
        Assert.Contains("Nothing more is submitted", Assert.Single(_log.Warnings), StringComparison.Ordinal);
        Assert.Single(_log.VerboseLines);
    }

    [Fact]
    public async Task Ledger_write_on_full_disk_is_retried()
    {
        int tries = 0;
        await _clock.RunAsync(_retry.WriteAsync(
            () => ++tries < 2 ? throw new FaceGenException(ErrorCode.LedgerNotWritten, "full") : Task.FromResult(true), default)).WithTimeoutAsync();

        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task Several_waiting_writes_warn_once()
    {
        int tries = 0;
        Task<int[]> writes = Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _retry.WriteAsync(
            () => Interlocked.Increment(ref tries) <= 5 ? throw Full(28) : Task.FromResult(0), default)));

        await _clock.RunAsync(writes).WithTimeoutAsync();

        Assert.Single(_log.Warnings);
        Assert.Single(_log.VerboseLines);
    }

    [Fact]
    public async Task Other_error_is_not_retried()
    {
        FaceGenException fault = await TaskAssertions.GetErrorAsync(_retry.WriteAsync<int>(
            () => throw new FaceGenException(ErrorCode.FileNotWritten, "read-only", new UnauthorizedAccessException()), default)).WithTimeoutAsync();

        Assert.Equal(ErrorCode.FileNotWritten, fault.Code);
        Assert.Empty(_log.Warnings);
    }

    [Fact]
    public async Task Stop_ends_the_retry()
    {
        using var stop = new CancellationTokenSource();
        Task write = _retry.WriteAsync<int>(() => throw Full(28), stop.Token);
        Assert.True(_retry.IsWaiting);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WithTimeoutAsync());
        Assert.False(_retry.IsWaiting);
    }

    private static FaceGenException Full(int code) =>
        new(ErrorCode.FileNotWritten, "No space left on device.", new IOException("No space left on device", code));
}
