using System.Globalization;
using System.Text.Json;
using FaceGen.Accounts;
using FaceGen.BatchModel;
using FaceGen.Batches.Ledgers;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>
/// Reconciles uncertain rows: with files that exist already, and with generations in the account's list. The list contains only ids and
/// links, and few accounts have access to it, so each generation that belongs to no row is fetched and compared with the rows. Without a
/// prompt in the response, nothing can be reconciled.
/// </summary>
internal sealed class UncertainRowReconciler(RunContext run, RunLedger ledger)
{
    /// <summary>The maximum number of pages of the account's list; older generations are reconciled by hand.</summary>
    private const int MaxPages = 10;

    /// <summary>The maximum number of rows that are compared with the list.</summary>
    private const int MaxRows = 1000;

    /// <summary>The number of consecutive responses without a prompt after which the run fetches no more.</summary>
    private const int MaxFetchesWithoutPrompt = 5;

    /// <summary>The number of consecutive fetches without a result that end one search; the next search repeats them.</summary>
    private const int MaxFetchesWithoutResult = 5;

    private readonly ImageSaver _saver = new(run.Connection, run.Options.Save, run.Observer);
    private readonly HashSet<string> _unrelatedIds = new(StringComparer.Ordinal);
    private int _fetchesWithoutPrompt;

    /// <summary>Gets when the next row that could not be reconciled has likely ended at the service.</summary>
    internal DateTimeOffset? LikelyEnd { get; private set; }

    /// <summary>Reconciles the uncertain rows as far as possible.</summary>
    /// <returns>True if generations were found whose images are to be saved now.</returns>
    internal async Task<bool> ReconcileAsync()
    {
        List<(LedgerRow Row, Request Request)> rows = [];
        (DateTimeOffset now, LikelyEnd) = (run.Now, null);
        await foreach (LedgerRow row in ledger.ReadUncertainAsync().ConfigureAwait(false))
        {
            run.EndToken.ThrowIfCancellationRequested();
            if (row.Address != run.Connection.Address.AccountScope.AbsoluteUri) continue;
            if (await ledger.TryReadRequestAsync(row).ConfigureAwait(false) is not { } request || await TryReconcileWithFilesAsync(row, request).ConfigureAwait(false)) continue;
            if (row.SlotUntil > now && !(row.SlotUntil > LikelyEnd)) LikelyEnd = row.SlotUntil;
            if (rows.Count < MaxRows && CanBeMatched(request)) rows.Add((row, request));
        }

        return rows.Count > 0 && await ReconcileWithListAsync(rows).ConfigureAwait(false);
    }

    /// <summary>True if a value of the request distinguishes it from others with the same prompt.</summary>
    private static bool CanBeMatched(Request request) => request.TrackId is not null || request.FaceImage.Link is not null;

    /// <summary>Reconciles a row whose file names do not depend on the response, and whose files all exist.</summary>
    private async Task<bool> TryReconcileWithFilesAsync(LedgerRow row, Request request)
    {
        if (!run.Options.Save.Name.IsKnownBeforeSubmission(request)) return false;

        var unknown = new Generation
        {
            Id = "",
            StatusValue = GenerationStatus.Success,
            CreatedAt = row.SubmittedAt,
            Request = request,
            Prompt = request.Prompt,
            Seed = request.Seed,
            TrackId = request.TrackId,
            Images = [.. Enumerable.Repeat("", row.Images)],
            Connection = run.Connection,
        };
        if (await run.StorageRetry.WriteAsync(() => Task.FromResult(_saver.FindExistingImages(unknown)), run.EndToken).ConfigureAwait(false) is not { } files) return false;

        LedgerFile[] found = [.. files.Select(BatchItems.ToLedgerFile)];
        try
        {
            return await RecordAsync(row with
            {
                Status = LedgerFile.GetRowStatus(found),
                GenerationId = "",
                Generation = GenerationSerializer.Serialize(unknown),
                Files = found,
                EndedAt = run.Now,
            }, request, $"its files exist already ({files[0].FullName})").ConfigureAwait(false);
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FileExists)
        {
            // The files belong to another row.
            return false;
        }
    }

    private static string DescribeUnreconciled(int count, string failure) => count == 1
        ? $"1 uncertain row {failure} It stays uncertain and is not sent again without -RetryUncertain."
        : $"{count} uncertain rows {failure} They stay uncertain and are not sent again without -RetryUncertain.";

    private async Task<bool> ReconcileWithListAsync(List<(LedgerRow Row, Request Request)> rows)
    {
        int before = rows.Count;
        int fetchesWithoutResult = 0;
        var client = new AccountClient(run.Connection, run.Observer);
        try
        {
            for (int page = 1; page <= MaxPages && rows.Count > 0 && _fetchesWithoutPrompt < MaxFetchesWithoutPrompt; page++)
            {
                AssetPage assets = await client.GetAssetsAsync(page, run.EndToken).ConfigureAwait(false);
                string[] ids = [.. assets.Generations.Select(generation => generation.Id)];
                foreach (string id in await ledger.FindUnknownIdsAsync(ids).ConfigureAwait(false))
                {
                    if (rows.Count == 0 || !_unrelatedIds.Add(id)) continue;

                    bool? hasPrompt = await TryMatchAsync(id, rows).ConfigureAwait(false);
                    if (hasPrompt is null)
                    {
                        _unrelatedIds.Remove(id);
                        if (++fetchesWithoutResult == MaxFetchesWithoutResult) return rows.Count < before;
                        continue;
                    }

                    fetchesWithoutResult = 0;
                    _fetchesWithoutPrompt = hasPrompt.Value ? 0 : _fetchesWithoutPrompt + 1;
                    if (_fetchesWithoutPrompt < MaxFetchesWithoutPrompt) continue;

                    run.Observer.LogVerbose(DescribeUnreconciled(rows.Count, "cannot be reconciled: the service does not return the prompts of its generations."));
                    return rows.Count < before;
                }

                if (assets.Count == 0 || page >= assets.LastPage || (assets.LastPage is null && assets.Count < AccountClient.AssetsPerPage)) break;
            }
        }
        catch (FaceGenException e)
        {
            // Not every plan has access to the list.
            run.Observer.LogVerbose(DescribeUnreconciled(rows.Count, $"could not be reconciled: {e.Message}"));
        }

        return rows.Count < before;
    }

    /// <summary>Fetches a generation and compares it with the rows; false if the response has no prompt, null if it may have one later.</summary>
    private async Task<bool?> TryMatchAsync(string id, List<(LedgerRow Row, Request Request)> rows)
    {
        try
        {
            Generation generation = await Fetcher.FetchAsync(run.Connection, new Generation { Id = id, Connection = run.Connection }, run.EndToken).ConfigureAwait(false);
            await MatchAsync(generation, rows).ConfigureAwait(false);
            return generation.StatusValue == GenerationStatus.Processing ? null : generation.Prompt is not null;
        }
        catch (FaceGenException e) when (!e.EndsRun && e.Code is not (ErrorCode.LedgerInvalid or ErrorCode.LedgerNotWritten or ErrorCode.LedgerUnreachable))
        {
            run.Observer.LogVerbose($"Generation {id} of the account's list could not be fetched: {e.Message}");
            return e.Code == ErrorCode.FetchFailed ? null : false;
        }
    }

    /// <summary>Reconciles the row that a generation matches, if it is the only one.</summary>
    private async Task MatchAsync(Generation generation, List<(LedgerRow Row, Request Request)> rows)
    {
        if (generation.Prompt is null || generation.StatusValue != GenerationStatus.Success) return;

        (LedgerRow Row, Request Request)[] matching = [.. rows.Where(row => Matches(generation, row.Request))];
        if (matching.Length != 1) return;

        (LedgerRow row, Request request) = matching[0];
        generation = generation with { Request = request, CreatedAt = row.SubmittedAt };
        bool isReconciled = await RecordAsync(row with
        {
            Status = BatchItemStatus.Generated,
            GenerationId = generation.Id,
            Generation = GenerationSerializer.Serialize(generation),
            GeneratedAt = run.Now,
            ExpiresAt = generation.ExpiresAt,
        }, request, $"it is generation {generation.Id} of the account's list").ConfigureAwait(false);
        if (isReconciled) rows.Remove(matching[0]);
    }

    private static bool Matches(Generation generation, Request request)
    {
        bool isNamed = (request.TrackId is { } track && track == generation.TrackId)
            || (request.FaceImage.Link is { } face && GetUsedValue(generation, RequestField.FaceImage.Name) == face.AbsoluteUri);
        bool hasAllImages = generation.ImageCount == request.ImageCount || (request.MayReturnFewerImages && generation.ImageCount < request.ImageCount);
        if (!isNamed || request.Prompt != generation.Prompt || !hasAllImages) return false;

        using JsonDocument asked = JsonDocument.Parse(RequestSerializer.ToJson(request, ""));
        return asked.RootElement.EnumerateObject().Where(field => field.Name != RequestField.FaceImage.Name)
            .All(field => GetUsedValue(generation, field.Name) is not { } used || used.Equals(field.Value.ToString(), StringComparison.OrdinalIgnoreCase));
    }

    private static string? GetUsedValue(Generation generation, string field) =>
        generation.Meta.TryGetValue(field, out object? used) ? Convert.ToString(used, CultureInfo.InvariantCulture) : null;

    private async Task<bool> RecordAsync(LedgerRow reconciled, Request request, string reason)
    {
        reconciled = reconciled with { ErrorCode = null, Error = null, SlotUntil = null };
        if (!await ledger.WriteAsync(reconciled, release: true).ConfigureAwait(false)) return false;

        run.Observer.LogVerbose($"{reconciled.Source}: the uncertain row is reconciled: {reason}.");
        if (reconciled.Status.GetStage() == BatchStage.Saved) run.Observer.OnItemEnded(BatchItems.FromRow(reconciled, request, run.Connection), null);
        return true;
    }
}
