using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.BatchModel;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>Reading the requests of rows holds no thread while the database is away, and reads each face image once.</summary>
public sealed class RequestLoaderTests : IDisposable
{
    private readonly BatchFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Requests_while_database_is_unreachable_hold_no_thread()
    {
        (InstrumentedLedger ledger, IReadOnlyList<LedgerRow> rows) = await OpenAsync(Inline(1), Inline(2));
        await using InstrumentedLedger closed = ledger;
        var back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ledger.BeforeRead = cancellationToken => back.Task.WaitAsync(cancellationToken);
        var requests = new RequestLoader(ledger, CancellationToken.None);

        // Each call returns at once: a blocked caller would never come to the next one.
        Task<Request>[] read = [.. Enumerable.Repeat(rows, 100).SelectMany(all => all).Select(requests.ReadAsync)];

        Assert.All(read, request => Assert.False(request.IsCompleted));
        back.SetResult();
        Assert.Equal(rows.Count * 100, (await Task.WhenAll(read)).Length);
    }

    [Fact]
    public async Task Requests_canceled_while_database_is_unreachable_end()
    {
        (InstrumentedLedger ledger, IReadOnlyList<LedgerRow> rows) = await OpenAsync(Inline(1));
        await using InstrumentedLedger closed = ledger;
        ledger.BeforeRead = cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken);
        using var stop = new CancellationTokenSource();
        Task<Request> read = new RequestLoader(ledger, stop.Token).ReadAsync(rows[0]);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public async Task Rows_sharing_a_face_read_it_once()
    {
        (InstrumentedLedger ledger, IReadOnlyList<LedgerRow> rows) = await OpenAsync(Inline(1), Inline(1), Inline(2), Inline(1));
        await using InstrumentedLedger closed = ledger;
        var requests = new RequestLoader(ledger, CancellationToken.None);

        Request[] read = await Task.WhenAll(rows.Select(requests.ReadAsync));
        Request again = await requests.ReadAsync(rows[0]);

        Assert.Equal(2, ledger.FaceReads.Count);
        Assert.Equal(CreateImage(1), again.FaceImage.ReadBytes());
        Assert.Equal([1, 1, 2, 1], read.Select(request => request.FaceImage.ReadBytes().SequenceEqual(CreateImage(1)) ? 1 : 2));
    }

    [Fact]
    public async Task Failed_face_read_is_repeated()
    {
        (InstrumentedLedger ledger, IReadOnlyList<LedgerRow> rows) = await OpenAsync(Inline(1));
        await using InstrumentedLedger closed = ledger;
        ledger.BeforeRead = _ => throw new FaceGenException(ErrorCode.LedgerUnreachable, "away");
        var requests = new RequestLoader(ledger, CancellationToken.None);

        Assert.Equal(ErrorCode.LedgerUnreachable, (await Assert.ThrowsAsync<FaceGenException>(() => requests.ReadAsync(rows[0]))).Code);
        ledger.BeforeRead = _ => Task.CompletedTask;

        Assert.Equal(CreateImage(1), (await requests.ReadAsync(rows[0])).FaceImage.ReadBytes());
    }

    [Fact]
    public async Task Cached_faces_stay_within_capacity()
    {
        const int Count = 20;
        var ledger = new FaceLedger(LedgerFaceCache.Capacity / 8);
        var faces = new LedgerFaceCache(ledger, CancellationToken.None);
        for (int number = 0; number < Count; number++) await faces.ReadAsync($"{number}");
        Assert.Equal(Count, ledger.Reads);

        // The last eight are there; the first of them is used now, and so outlives the second.
        await faces.ReadAsync($"{Count - 8}");
        Assert.Equal(Count, ledger.Reads);
        await faces.ReadAsync("new");
        await faces.ReadAsync($"{Count - 8}");
        Assert.Equal(Count + 1, ledger.Reads);
        await faces.ReadAsync($"{Count - 7}");
        Assert.Equal(Count + 2, ledger.Reads);
        await faces.ReadAsync("0");
        Assert.Equal(Count + 3, ledger.Reads);
    }

    [Fact]
    public async Task Request_with_missing_stored_face_is_invalid()
    {
        (InstrumentedLedger ledger, IReadOnlyList<LedgerRow> rows) = await OpenAsync(Inline(1));
        await using InstrumentedLedger closed = ledger;
        LedgerRow row = rows[0] with { Request = rows[0].Request.Replace(rows[0].Face!, "sha256:00", StringComparison.Ordinal) };

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(
            () => new RequestLoader(ledger, CancellationToken.None).ReadAsync(row));

        Assert.Contains("does not contain the face image sha256:00", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no JSON, with \"sha256:1")]
    [InlineData("[\"sha256:1\"]")]
    [InlineData("""{"prompt":"sha256:1","init_image":"https://faces.example/a.jpg"}""")]
    [InlineData("""{"prompt":"sha256:1","init_image":7}""")]
    public void Request_without_stored_face_reads_none(string text) => Assert.Null(RequestSerializer.FindStoredFace(text));

    [Fact]
    public async Task Uncertain_rows_while_database_is_unreachable_hold_no_thread()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        await _fixture.RunAsync(BatchFixture.Requests(1));
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _fixture.OnOpen = ledger => ledger.BeforeRead = async cancellationToken =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        };
        using var stop = new CancellationTokenSource();
        Task<BatchSummary> run = _fixture.RunAsync(BatchFixture.Requests(1), stop: stop.Token);
        await asked.Task;

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private async Task<(InstrumentedLedger Ledger, IReadOnlyList<LedgerRow> Rows)> OpenAsync(params Request[] requests)
    {
        Batch batch = await _fixture.OpenAsync(requests);
        await _fixture.Ledger.ImportAsync(false, CancellationToken.None);
        Assert.NotNull(batch);
        return (_fixture.Ledger, [.. _fixture.Ledger.Read([])]);
    }

    private static byte[] CreateImage(int number) => TestImages.Png(16, 16, (_, _, _) => (byte)number);

    private static Request Inline(int number) => BatchFixture.Request($"prompt {Guid.NewGuid()}") with { FaceImage = FaceImage.FromBytes(CreateImage(number)) };

    /// <summary>A ledger of face images of one size.</summary>
    private sealed class FaceLedger(int length) : ILedger
    {
        internal int Reads { get; private set; }

        public string Name => "faces";

        public bool IsShared => false;

        public bool SkipDuplicates { get; set; }

        public Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancellationToken)
        {
            Reads++;
            return Task.FromResult<byte[]?>(new byte[length]);
        }

        public Task StageAsync(IReadOnlyList<InputRow> rows, string? fallbackFolder, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<BatchPlan> PlanAsync(PlanOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ImportAsync(bool retryFailed, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<LedgerRow>> ClaimPendingAsync(ClaimOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<LedgerRow>> ClaimAbandonedAsync(Uri address, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<LedgerCounts> CountAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<LedgerHistory> ReadHistoryAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task RecordPriceAsync(decimal price, string? currency, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<LedgerRow> ReadAsync(
            IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<IReadOnlyList<LedgerRow>> ReadNextFacesAsync(int rows, bool retryUncertain, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<string>> FindUnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
