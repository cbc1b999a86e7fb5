using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>A batch on its ledger.</summary>
internal sealed class Batch(ILedger ledger, Connection? connection, IBatchListener? listener) : IBatch
{
    private readonly FileStorage _files = (connection?.Services ?? EngineServices.System).Files;
    private readonly RequestText _text = new();
    private BatchRun? _run;

    /// <inheritdoc/>
    public string Name => ledger.Name;

    /// <inheritdoc/>
    public BatchProgress? Progress => _run?.Progress;

    /// <inheritdoc/>
    public bool SkipDuplicates { get => ledger.SkipDuplicates; set => ledger.SkipDuplicates = value; }

    /// <inheritdoc/>
    public Task AddAsync(IReadOnlyList<Request> requests, SaveOptions save, CancellationToken cancel) => ledger.StageAsync(
        [.. requests.Select(request =>
        {
            string[] paths = [.. save.Name.ExpandBefore(request).Select(name => Path.Combine(save.Folder, name))];
            string? file = null;
            string? taken = paths.FirstOrDefault(path => (file = ImageSaver.Existing(_files, path)) is not null);
            return _text.Write(request) with
            {
                // The name of one image that exists is as good as the first one's: other rows of the same name have it too.
                Path = taken ?? paths.FirstOrDefault(),
                FileAt = file is null ? null : ImageSaver.WrittenAt(_files, file),
            };
        })], cancel, save.Folder);

    /// <inheritdoc/>
    public Task<BatchPlan> PlanAsync(bool retryFailed, bool retryUncertain, CancellationToken cancel, long? maxImages = null) =>
        ledger.PlanAsync(retryFailed, retryUncertain, cancel, maxImages);

    /// <inheritdoc/>
    public async Task<BatchSummary> RunAsync(BatchOptions options, CancellationToken cancel)
    {
        await ledger.EnterAsync(options.RetryFailed, cancel).ConfigureAwait(false);
        LedgerCounts counts = await ledger.CountAsync(cancel).ConfigureAwait(false);
        BatchSummary before = Summaries.Of(ledger.Name, counts);
        long total = before.Pending + before.UnderWay + (options.RetryUncertain ? counts.Untried : 0);
        using var run = new BatchRun(ledger, connection!, options, listener!, total, cancel);
        _run = run;
        return await run.DoAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ledger.DisposeAsync();
}
