using System.Globalization;
using System.Text.Json;
using FaceGen.Accounts;
using FaceGen.Batches.Ledgers;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>
/// Finds out, where that is possible, what became of rows whose answer was lost: a file that is there already, or a
/// generation in the account's list that says that it is the row's. The list itself tells ids and links only, and is open to
/// few accounts; each generation that no row has is looked at, and what a look tells is up to the service: where it tells no
/// prompt, nothing can be settled so.
/// </summary>
internal sealed class UncertainRowReconciler(RunContext run)
{
    /// <summary>How many pages of the account's list are looked at: what is older is settled by hand.</summary>
    private const int MaxPages = 10;

    /// <summary>How many rows are looked for in the list.</summary>
    private const int MaxRows = 1000;

    /// <summary>How many looks one after the other may tell no prompt before no more are made.</summary>
    private const int MaxFetchesWithoutPrompt = 5;

    /// <summary>How many looks one after the other may find nothing out yet: the next search makes them again.</summary>
    private const int MaxFetchesWithoutResult = 5;

    private readonly ImageSaver _saver = new(run.Connection, run.Options.Save, run.Observer);
    private readonly HashSet<string> _unrelatedIds = new(StringComparer.Ordinal);
    private int _fetchesWithoutPrompt;

    /// <summary>When the next of the rows that could not be settled has likely come to its end at the service.</summary>
    internal DateTimeOffset? LikelyEnd { get; private set; }

    /// <summary>Settles what can be settled. Rows that cannot be stay as they are.</summary>
    /// <returns>Whether generations were found whose images are to be saved now.</returns>
    internal async Task<bool> ReconcileAsync()
    {
        List<(LedgerRow Row, Request Request)> rows = [];
        (DateTimeOffset now, LikelyEnd) = (run.Now, null);
        await foreach (LedgerRow row in run.Ledger.ReadAsync([BatchItemStatus.Uncertain], cancellationToken: run.EndToken).ConfigureAwait(false))
        {
            run.EndToken.ThrowIfCancellationRequested();
            if (row.Address != run.Connection.Address.AccountScope.AbsoluteUri) continue;
            if (await run.TryReadRequestAsync(row).ConfigureAwait(false) is not { } request || await TryReconcileWithFilesAsync(row, request).ConfigureAwait(false)) continue;
            if (row.SlotUntil > now && !(row.SlotUntil > LikelyEnd)) LikelyEnd = row.SlotUntil;
            if (rows.Count < MaxRows && CanBeMatched(request)) rows.Add((row, request));
        }

        return rows.Count > 0 && await ReconcileWithListAsync(rows).ConfigureAwait(false);
    }

    /// <summary>Whether the request has something that tells it from others of the same prompt.</summary>
    private static bool CanBeMatched(Request request) => request.TrackId is not null || request.FaceImage.Link is not null;

    /// <summary>A name that does not depend on the answer, and whose files are all there, settles the row.</summary>
    private async Task<bool> TryReconcileWithFilesAsync(LedgerRow row, Request request)
    {
        if (!run.Options.Save.Name.IsKnownBeforeSubmission(request)) return false;

        var unknown = new Generation
        {
            Id = "",
            Status = GenerationStatus.Success,
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
            }, request, $"its files are there already ({files[0].FullName})").ConfigureAwait(false);
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FileExists)
        {
            // They are another row's.
            return false;
        }
    }

    private async Task<bool> ReconcileWithListAsync(List<(LedgerRow Row, Request Request)> rows)
    {
        int before = rows.Count;
        int vainLooks = 0;
        var calls = new AccountClient(run.Connection, run.Observer);
        try
        {
            for (int page = 1; page <= MaxPages && rows.Count > 0 && _fetchesWithoutPrompt < MaxFetchesWithoutPrompt; page++)
            {
                IReadOnlyList<string> ids = await calls.GetAssetIdsAsync(page, run.EndToken).ConfigureAwait(false);
                foreach (string id in await run.Ledger.FindUnknownIdsAsync(ids, run.EndToken).ConfigureAwait(false))
                {
                    if (rows.Count == 0 || !_unrelatedIds.Add(id)) continue;

                    bool? tells = await TryMatchAsync(id, rows).ConfigureAwait(false);
                    if (tells is null)
                    {
                        _unrelatedIds.Remove(id);
                        if (++vainLooks == MaxFetchesWithoutResult) return rows.Count < before;
                        continue;
                    }

                    vainLooks = 0;
                    _fetchesWithoutPrompt = tells.Value ? 0 : _fetchesWithoutPrompt + 1;
                    if (_fetchesWithoutPrompt < MaxFetchesWithoutPrompt) continue;

                    run.Observer.LogVerbose($"{rows.Count} rows of unknown outcome cannot be looked for at the service: it does not tell what its generations were asked for.");
                    return rows.Count < before;
                }

                if (ids.Count < AccountClient.AssetsPerPage) break;
            }
        }
        catch (FaceGenException e)
        {
            // The list is not open to every plan. The rows stay what they are: uncertain.
            run.Observer.LogVerbose($"{rows.Count} rows of unknown outcome could not be looked for at the service: {e.Message}");
        }

        return rows.Count < before;
    }

    /// <summary>Looks at a generation; false where it says nothing of what it was asked for, null where it may do so later.</summary>
    private async Task<bool?> TryMatchAsync(string id, List<(LedgerRow Row, Request Request)> rows)
    {
        try
        {
            Generation generation = await Fetcher.FetchAsync(run.Connection, new Generation { Id = id, Connection = run.Connection }, run.EndToken).ConfigureAwait(false);
            await MatchAsync(generation, rows).ConfigureAwait(false);
            return generation.Status == GenerationStatus.Processing ? null : generation.Prompt is not null;
        }
        catch (FaceGenException e) when (!e.EndsRun && e.Code is not (ErrorCode.LedgerInvalid or ErrorCode.LedgerNotWritten or ErrorCode.LedgerUnreachable))
        {
            run.Observer.LogVerbose($"Generation {id} of the account's list could not be looked at: {e.Message}");
            return e.Code == ErrorCode.FetchFailed ? null : false;
        }
    }

    /// <summary>A generation is a row's where it says so itself, and no other row could be meant.</summary>
    private async Task MatchAsync(Generation generation, List<(LedgerRow Row, Request Request)> rows)
    {
        if (generation.Prompt is null || generation.Status != GenerationStatus.Success) return;

        (LedgerRow Row, Request Request)[] meant = [.. rows.Where(row => Matches(generation, row.Request))];
        if (meant.Length != 1) return;

        (LedgerRow row, Request request) = meant[0];
        generation = generation with { Request = request, CreatedAt = row.SubmittedAt };
        bool settled = await RecordAsync(row with
        {
            Status = BatchItemStatus.Generated,
            GenerationId = generation.Id,
            Generation = GenerationSerializer.Serialize(generation),
            GeneratedAt = run.Now,
            ExpiresAt = generation.ExpiresAt,
        }, request, $"it is generation {generation.Id} of the account's list").ConfigureAwait(false);
        if (settled) rows.Remove(meant[0]);
    }

    private static bool Matches(Generation generation, Request request)
    {
        bool isNamed = (request.TrackId is { } track && track == generation.TrackId)
            || (request.FaceImage.Link is { } face && GetUsedValue(generation, RequestField.FaceImage.Name) == face.AbsoluteUri);
        if (!isNamed || request.Prompt != generation.Prompt || request.ImageCount != generation.ImageCount) return false;

        using JsonDocument asked = JsonDocument.Parse(RequestSerializer.ToJson(request, ""));
        return asked.RootElement.EnumerateObject().Where(field => field.Name != RequestField.FaceImage.Name)
            .All(field => GetUsedValue(generation, field.Name) is not { } used || used.Equals(field.Value.ToString(), StringComparison.OrdinalIgnoreCase));
    }

    private static string? GetUsedValue(Generation generation, string field) =>
        generation.Meta.TryGetValue(field, out object? used) ? Convert.ToString(used, CultureInfo.InvariantCulture) : null;

    private async Task<bool> RecordAsync(LedgerRow reconciled, Request request, string reason)
    {
        reconciled = reconciled with { ErrorCode = null, Error = null, SlotUntil = null };
        if (!await run.WriteAsync(reconciled, release: true).ConfigureAwait(false)) return false;

        run.Observer.LogVerbose($"{reconciled.Source}: the outcome that was unknown is settled: {reason}.");
        if (reconciled.Status is BatchItemStatus.Saved or BatchItemStatus.Filtered) run.Observer.OnItemEnded(BatchItems.FromRow(reconciled, request, run.Connection), null);
        return true;
    }
}
