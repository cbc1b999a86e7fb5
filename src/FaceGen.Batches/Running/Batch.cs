using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>A batch and its ledger.</summary>
internal sealed class Batch(ILedger ledger, Connection? connection, IBatchObserver? observer) : IBatch
{
    private readonly FileStorage _storage = (connection?.Services ?? EngineServices.System).Files;
    private readonly Func<string, string?> _findFile = ExistingImages.CreateFinder((connection?.Services ?? EngineServices.System).Files);
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
            saveOptions.Name.CheckColumns(request);
            if (PathLength.FindError(saveOptions, request) is { } tooLong) throw tooLong;

            string[] paths = [.. saveOptions.Name.ExpandBeforeSubmission(request).Select(name => Path.Combine(saveOptions.Folder, name))];
            string? file = null;
            string? existing = paths.FirstOrDefault(path => (file = _findFile(path)) is not null);
            return _serializer.ToInputRow(request) with
            {
                // The name of an existing image identifies the row's names as well as the first one does.
                Path = existing ?? paths.FirstOrDefault(),
                ExistingFileWrittenAt = file is null ? null : ExistingImages.GetLastWriteTime(_storage, file),
            };
        })], saveOptions.Folder, cancellationToken);

    /// <inheritdoc/>
    public Task<BatchPlan> PlanAsync(PlanOptions options, CancellationToken cancellationToken) =>
        ledger.PlanAsync(options, cancellationToken);

    /// <inheritdoc/>
    public async Task<BatchSummary> RunAsync(BatchOptions options, CancellationToken cancellationToken)
    {
        await ledger.ImportAsync(options.RetryFailed, cancellationToken).ConfigureAwait(false);
        LedgerCounts counts = await ledger.CountAsync(cancellationToken).ConfigureAwait(false);
        using var run = new BatchRun(ledger, connection!, options, observer!, counts.CountUnfinished(options.RetryUncertain), cancellationToken);
        _run = run;
        return await run.RunAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ledger.DisposeAsync();
}
