using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>A batch on its ledger.</summary>
internal sealed class Batch(ILedger ledger, Connection? connection, IBatchObserver? observer) : IBatch
{
    private readonly FileStorage _storage = (connection?.Services ?? EngineServices.System).Files;
    private readonly RequestSerializer _serializer = new();
    private BatchRun? _run;

    /// <inheritdoc/>
    public string LedgerName => ledger.Name;

    /// <inheritdoc/>
    public BatchProgress? Progress => _run?.Progress;

    /// <inheritdoc/>
    public bool SkipDuplicates { get => ledger.SkipDuplicates; set => ledger.SkipDuplicates = value; }

    /// <inheritdoc/>
    public Task AddAsync(IReadOnlyList<Request> requests, SaveOptions saveOptions, CancellationToken cancellationToken) => ledger.StageAsync(
        [.. requests.Select(request =>
        {
            string[] paths = [.. saveOptions.Name.ExpandBeforeSubmission(request).Select(name => Path.Combine(saveOptions.Folder, name))];
            string? file = null;
            string? taken = paths.FirstOrDefault(path => (file = ImageSaver.FindExistingFile(_storage, path)) is not null);
            return _serializer.ToInputRow(request) with
            {
                // The name of one image that exists is as good as the first one's: other rows of the same name have it too.
                Path = taken ?? paths.FirstOrDefault(),
                ExistingFileWrittenAt = file is null ? null : ImageSaver.GetLastWriteTime(_storage, file),
            };
        })], cancellationToken, saveOptions.Folder);

    /// <inheritdoc/>
    public Task<BatchPlan> PlanAsync(bool retryFailed, bool retryUncertain, CancellationToken cancellationToken, long? maxImages = null) =>
        ledger.PlanAsync(retryFailed, retryUncertain, cancellationToken, maxImages);

    /// <inheritdoc/>
    public async Task<BatchSummary> RunAsync(BatchOptions options, CancellationToken cancellationToken)
    {
        await ledger.ImportAsync(options.RetryFailed, cancellationToken).ConfigureAwait(false);
        LedgerCounts counts = await ledger.CountAsync(cancellationToken).ConfigureAwait(false);
        BatchSummary before = Summaries.Create(ledger.Name, counts);
        long total = before.Pending + before.UnderWay + (options.RetryUncertain ? counts.RetryableUncertain : 0);
        using var run = new BatchRun(ledger, connection!, options, observer!, total, cancellationToken);
        _run = run;
        return await run.RunAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ledger.DisposeAsync();
}
