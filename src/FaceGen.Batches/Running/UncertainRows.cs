using System.Globalization;
using System.Text.Json;
using FaceGen.Accounts;
using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
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
internal sealed class UncertainRows(RunParts run)
{
    /// <summary>How many pages of the account's list are looked at: what is older is settled by hand.</summary>
    private const int MostPages = 10;

    /// <summary>How many rows are looked for in the list.</summary>
    private const int MostRows = 1000;

    /// <summary>How many looks one after the other may tell no prompt before no more are made.</summary>
    private const int MostMuteLooks = 5;

    /// <summary>How many looks one after the other may find nothing out yet: the next search makes them again.</summary>
    private const int MostVainLooks = 5;

    private readonly ImageSaver _saver = new(run.Connection, run.Options.Save, run.Listener);
    private readonly HashSet<string> _knownStrangers = new(StringComparer.Ordinal);
    private int _muteLooks;

    /// <summary>When the next of the rows that could not be settled has likely come to its end at the service.</summary>
    internal DateTimeOffset? LikelyEnd { get; private set; }

    /// <summary>Settles what can be settled. Rows that cannot be stay as they are.</summary>
    /// <returns>Whether generations were found whose images are to be saved now.</returns>
    internal async Task<bool> SettleAsync()
    {
        List<(LedgerRow Row, Request Request)> rows = [];
        (DateTimeOffset now, LikelyEnd) = (run.Now, null);
        await foreach (LedgerRow row in run.Ledger.ReadAsync([BatchItemStatus.Uncertain], cancellationToken: run.End).ConfigureAwait(false))
        {
            run.End.ThrowIfCancellationRequested();
            if (row.Address != run.Connection.Address.Home.AbsoluteUri) continue;
            if (await run.TryReadAsync(row).ConfigureAwait(false) is not { } request || await TryFindFilesAsync(row, request).ConfigureAwait(false)) continue;
            if (row.PlaceUntil > now && !(row.PlaceUntil > LikelyEnd)) LikelyEnd = row.PlaceUntil;
            if (rows.Count < MostRows && CanBeNamed(request)) rows.Add((row, request));
        }

        return rows.Count > 0 && await FindGenerationsAsync(rows).ConfigureAwait(false);
    }

    /// <summary>Whether the request has something that tells it from others of the same prompt.</summary>
    private static bool CanBeNamed(Request request) => request.TrackId is not null || request.FaceImage.Link is not null;

    /// <summary>A name that does not depend on the answer, and whose files are all there, settles the row.</summary>
    private async Task<bool> TryFindFilesAsync(LedgerRow row, Request request)
    {
        if (!run.Options.Save.Name.IsKnownBefore(request)) return false;

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
        if (await run.Room.WriteAsync(() => Task.FromResult(_saver.FindExisting(unknown)), run.End).ConfigureAwait(false) is not { } files) return false;

        LedgerFile[] found = [.. files.Select(BatchItems.ToFile)];
        try
        {
            return await SettleAsync(row with
            {
                Status = LedgerFile.StatusOf(found),
                GenerationId = "",
                Generation = GenerationText.Write(unknown),
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

    private async Task<bool> FindGenerationsAsync(List<(LedgerRow Row, Request Request)> rows)
    {
        int before = rows.Count;
        int vainLooks = 0;
        var calls = new AccountCalls(run.Connection, run.Listener);
        try
        {
            for (int page = 1; page <= MostPages && rows.Count > 0 && _muteLooks < MostMuteLooks; page++)
            {
                IReadOnlyList<string> ids = await calls.AssetIdsAsync(page, run.End).ConfigureAwait(false);
                foreach (string id in await run.Ledger.UnknownIdsAsync(ids, run.End).ConfigureAwait(false))
                {
                    if (rows.Count == 0 || !_knownStrangers.Add(id)) continue;

                    bool? tells = await TryMatchAsync(id, rows).ConfigureAwait(false);
                    if (tells is null)
                    {
                        _knownStrangers.Remove(id);
                        if (++vainLooks == MostVainLooks) return rows.Count < before;
                        continue;
                    }

                    vainLooks = 0;
                    _muteLooks = tells.Value ? 0 : _muteLooks + 1;
                    if (_muteLooks < MostMuteLooks) continue;

                    run.Listener.Tell($"{rows.Count} rows of unknown outcome cannot be looked for at the service: it does not tell what its generations were asked for.");
                    return rows.Count < before;
                }

                if (ids.Count < AccountCalls.AssetsOnPage) break;
            }
        }
        catch (FaceGenException e)
        {
            // The list is not open to every plan. The rows stay what they are: uncertain.
            run.Listener.Tell($"{rows.Count} rows of unknown outcome could not be looked for at the service: {e.Message}");
        }

        return rows.Count < before;
    }

    /// <summary>Looks at a generation; false where it says nothing of what it was asked for, null where it may do so later.</summary>
    private async Task<bool?> TryMatchAsync(string id, List<(LedgerRow Row, Request Request)> rows)
    {
        try
        {
            Generation generation = await Fetch.OnceAsync(run.Connection, new Generation { Id = id, Connection = run.Connection }, run.End).ConfigureAwait(false);
            await MatchAsync(generation, rows).ConfigureAwait(false);
            return generation.Status == GenerationStatus.Processing ? null : generation.Prompt is not null;
        }
        catch (FaceGenException e) when (!e.EndsRun && e.Code is not (ErrorCode.LedgerInvalid or ErrorCode.LedgerNotWritten or ErrorCode.LedgerUnreachable))
        {
            run.Listener.Tell($"Generation {id} of the account's list could not be looked at: {e.Message}");
            return e.Code == ErrorCode.FetchFailed ? null : false;
        }
    }

    /// <summary>A generation is a row's where it says so itself, and no other row could be meant.</summary>
    private async Task MatchAsync(Generation generation, List<(LedgerRow Row, Request Request)> rows)
    {
        if (generation.Prompt is null || generation.Status != GenerationStatus.Success) return;

        (LedgerRow Row, Request Request)[] meant = [.. rows.Where(row => Agrees(generation, row.Request))];
        if (meant.Length != 1) return;

        (LedgerRow row, Request request) = meant[0];
        generation = generation with { Request = request, CreatedAt = row.SubmittedAt };
        bool settled = await SettleAsync(row with
        {
            Status = BatchItemStatus.Generated,
            GenerationId = generation.Id,
            Generation = GenerationText.Write(generation),
            GeneratedAt = run.Now,
            ExpiresAt = generation.ExpiresAt,
        }, request, $"it is generation {generation.Id} of the account's list").ConfigureAwait(false);
        if (settled) rows.Remove(meant[0]);
    }

    private static bool Agrees(Generation generation, Request request)
    {
        bool isNamed = (request.TrackId is { } track && track == generation.TrackId)
            || (request.FaceImage.Link is { } face && Used(generation, RequestField.FaceImage.Name) == face.AbsoluteUri);
        if (!isNamed || request.Prompt != generation.Prompt || request.ImageCount != generation.ImageCount) return false;

        using JsonDocument asked = JsonDocument.Parse(RequestText.Json(request, ""));
        return asked.RootElement.EnumerateObject().Where(field => field.Name != RequestField.FaceImage.Name)
            .All(field => Used(generation, field.Name) is not { } used || used.Equals(field.Value.ToString(), StringComparison.OrdinalIgnoreCase));
    }

    private static string? Used(Generation generation, string field) =>
        generation.Meta.TryGetValue(field, out object? used) ? Convert.ToString(used, CultureInfo.InvariantCulture) : null;

    private async Task<bool> SettleAsync(LedgerRow settled, Request request, string how)
    {
        settled = settled with { ErrorCode = null, Error = null, PlaceUntil = null };
        if (!await run.WriteAsync(settled, release: true).ConfigureAwait(false)) return false;

        run.Listener.Tell($"{settled.Source}: the outcome that was unknown is settled: {how}.");
        if (settled.Status is BatchItemStatus.Saved or BatchItemStatus.Filtered) run.Listener.End(BatchItems.Of(settled, request, run.Connection), null);
        return true;
    }
}
