using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using FaceGen.BatchModel;
using FaceGen.Generating;

namespace FaceGen.Batches.Ledgers;

/// <summary>A ledger in a database, in SQL that SQLite and PostgreSQL share.</summary>
/// <param name="database">The database; a temporary empty one if the ledger does not exist yet.</param>
/// <param name="time">The clock.</param>
/// <param name="create">
/// Creates the ledger when its first input is imported; null if it exists. If it is a file, the argument inserts the input before the
/// file gets its name.
/// </param>
internal sealed class DatabaseLedger(
    LedgerDatabase database, TimeProvider time, Func<Action<string>, CancellationToken, Task<LedgerDatabase>>? create = null) : ILedger
{
    /// <summary>The number of rows of one query.</summary>
    private const int PageSize = 500;

    /// <summary>The maximum distance of a row that is claimed before rows whose face image is not uploaded yet.</summary>
    private const int MaxRowsAhead = 1000;

    private static readonly string IsInProgress = LedgerColumns.StatusIn(BatchStage.InFlight, BatchStage.Accepted);

    private static readonly string IsAccepted = LedgerColumns.StatusIn(BatchStage.Accepted);

    /// <summary>How long an uncertain row holds a slot at most and at least, in milliseconds (docs/architecture.md#slots-of-an-uncertain-submission).</summary>
    private const long MaxSlotTime = 120_000, MinSlotTime = 10_000;

    private readonly LedgerInput _input = new();
    private readonly HashSet<long> _releasedItems = [];
    private readonly HashSet<long> _uncertainItems = [];
    private int _isDisposed;

    /// <inheritdoc/>
    public string Name => database.Name;

    /// <inheritdoc/>
    public bool IsShared => database.IsShared;

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public bool SkipDuplicates { get => _input.SkipDuplicates; set => _input.SkipDuplicates = value; }

    /// <inheritdoc/>
    public Task StageAsync(IReadOnlyList<InputRow> rows, string? fallbackFolder, CancellationToken cancellationToken) =>
        _input.StageAsync(rows, fallbackFolder);

    /// <inheritdoc/>
    public async Task<BatchPlan> PlanAsync(PlanOptions options, CancellationToken cancellationToken)
    {
        BatchPlan plan = await _input.PlanAsync(database, options, cancellationToken).ConfigureAwait(false);
        return await database.ReadAsync(ReadPriceAsync, cancellationToken).ConfigureAwait(false) is var (price, currency)
            ? plan with { Cost = price * plan.ImagesToPay, Currency = currency }
            : plan;
    }

    /// <inheritdoc/>
    public async Task ImportAsync(bool retryFailed, CancellationToken cancellationToken)
    {
        if (!await CreateWithInputAsync(cancellationToken).ConfigureAwait(false))
            await _input.ImportAsync(database, retryFailed, cancellationToken).ConfigureAwait(false);
        _input.Clear();
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LedgerRow>> ClaimPendingAsync(ClaimOptions options, CancellationToken cancellationToken)
    {
        (long fence, long now, string address) = (NewFence(), Now, options.Address.AbsoluteUri);
        // A time that a wrong clock wrote far in the future does not count (docs/architecture.md#slots-of-an-uncertain-submission).
        string holdsSlot = $"place_until > @now AND place_until <= @now + {2 * MaxSlotTime}";
        return database.WriteAsync<IReadOnlyList<LedgerRow>>(async session =>
        {
            if (session.IsRepeat && await FindClaimedAsync(session, fence).ConfigureAwait(false) is { Count: > 0 } claimed) return claimed;

            await database.VerifyIdentityAsync(session).ConfigureAwait(false);
            await database.LockAsync(session, address).ConfigureAwait(false);
            long? active = await session.QueryNumberAsync(
                $"""
                SELECT count(*) FROM items WHERE {LedgerSchema.IsActive} AND address = @address AND (
                    status = 'Submitting'
                    OR (status = 'Submitted' AND (worker IS NOT NULL OR error_code IS DISTINCT FROM 'GenerationNotFound'))
                    OR (status = 'Pending' AND worker IS NOT NULL)
                    OR (status = 'Uncertain' AND {holdsSlot}))
                """, ("address", address), ("now", now)).ConfigureAwait(false);
            long limit = Math.Min(options.MaxRows, options.QueueLimit - (active ?? 0));
            if (limit <= 0) return [];

            IReadOnlyList<LedgerRow> rows = await ClaimAsync("status = 'Pending'").ConfigureAwait(false);
            return rows.Count == 0 && options.RetryUncertain ? await ClaimAsync($"{IsRetryableUncertain} AND ({holdsSlot}) IS NOT TRUE").ConfigureAwait(false) : rows;

            async Task<IReadOnlyList<LedgerRow>> ClaimAsync(string filter)
            {
                (string Name, object? Value)[] faces = [.. PadToPowerOfTwo(options.ReadyFaces ?? []).Select((face, index) => ($"face{index}", (object?)face))];
                string free = $"FROM items WHERE {filter} AND wanted = 1 AND worker IS NULL";
                string isReady = options.ReadyFaces is null ? "" :
                    $"""
                    AND (face IS NULL{(faces.Length == 0 ? "" : $" OR face IN ({string.Join(", ", faces.Select(face => $"@{face.Name}"))})")})
                    AND position < {MaxRowsAhead} + (SELECT min(position) {free})
                    """;
                List<LedgerRow> rows = await ReadRowsAsync(
                    session,
                    $"""
                    WITH next AS (SELECT item AS claimed {free} {isReady} ORDER BY position, item LIMIT @limit {database.RowLockClause})
                    UPDATE items SET
                        status = 'Submitting', attempts = attempts + 1, address = @address, worker = @worker, fence = @fence,
                        submitted_at = CASE WHEN status = 'Uncertain' THEN coalesce(submitted_at, @now) ELSE @now END
                    FROM next WHERE item = claimed
                    RETURNING {LedgerColumns.RowColumns}
                    """,
                    [("now", now), ("address", address), ("worker", database.Worker), ("fence", fence), ("limit", limit), .. faces]).ConfigureAwait(false);
                return [.. rows.OrderBy(row => row.Position).ThenBy(row => row.Item)];
            }
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LedgerRow>> ClaimAbandonedAsync(Uri address, int limit, CancellationToken cancellationToken)
    {
        (long fence, long now) = (NewFence(), Now);
        return database.WriteAsync<IReadOnlyList<LedgerRow>>(async session =>
        {
            if (session.IsRepeat && await FindClaimedAsync(session, fence, now).ConfigureAwait(false) is { Count: > 0 } claimed) return claimed;

            await database.VerifyIdentityAsync(session).ConfigureAwait(false);
            // A row that has ended, or was not submitted, needs no worker.
            await session.ExecuteAsync(
                $"""
                WITH dead AS (SELECT item AS claimed FROM items WHERE {database.IsWorkerDead} AND NOT {IsInProgress} {database.RowLockClause})
                UPDATE items SET worker = NULL, fence = 0 FROM dead WHERE item = claimed
                """).ConfigureAwait(false);
            List<LedgerRow> uncertain = await MarkUncertainAsync(session, address, now).ConfigureAwait(false);
            List<LedgerRow> rows = await ReadRowsAsync(
                session,
                $"""
                WITH free AS (
                    SELECT item AS claimed FROM items
                    WHERE {LedgerSchema.IsActive} AND {IsAccepted} AND address = @address AND (worker IS NULL OR ({database.IsWorkerDead}))
                        AND item NOT IN ({ToSqlList(_releasedItems)})
                    ORDER BY expires_at NULLS LAST, item LIMIT @limit {database.RowLockClause})
                UPDATE items SET worker = @worker, fence = @fence FROM free WHERE item = claimed
                RETURNING {LedgerColumns.RowColumns}
                """,
                ("address", address.AbsoluteUri), ("worker", database.Worker), ("fence", fence), ("limit", (long)limit)).ConfigureAwait(false);
            return [.. uncertain.OrderBy(row => row.Item), .. rows.OrderBy(row => row.ExpiresAt ?? DateTimeOffset.MaxValue).ThenBy(row => row.Item)];
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancellationToken)
    {
        // Before the release, so that this worker does not claim the row again at once. A row without a claim is not released.
        HashSet<long>? released = !release || row.Fence == 0 ? null : row.Status.GetStage() switch
        {
            BatchStage.Accepted => _releasedItems,
            BatchStage.Uncertain => _uncertainItems,
            _ => null,
        };
        if (released is not null) Set(released, row.Item, true);
        bool written = await database.WriteGroupedAsync(async session =>
        {
            // If the response of the database was lost, the same call may have released the row before.
            string held = session.IsRepeat ? "(worker = @worker OR (worker IS NULL AND status = @status))" : "worker = @worker";
            if (!await UpdateAsync(session, row, release, $"fence = @fence AND {held}").ConfigureAwait(false)
                && !(GetUncertainFilter(row) is { } uncertainFilter && await UpdateAsync(session, row, release, uncertainFilter).ConfigureAwait(false))) return false;

            foreach (LedgerFile file in row.Files) await WriteFileAsync(session, row.Item, file).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);

        if (released is not null && !written) Set(released, row.Item, false);
        return written;
    }

    /// <inheritdoc/>
    public Task<LedgerCounts> CountAsync(CancellationToken cancellationToken) => database.ReadAsync(async session =>
    {
        List<(BatchItemStatus Status, long Count)> counts = await session.QueryAsync(
            $"SELECT status, count(*) FROM items WHERE wanted = 1 OR {IsInProgress} GROUP BY status",
            row => (LedgerColumns.ParseEnum<BatchItemStatus>(row.GetString(0)), row.GetInt64(1))).ConfigureAwait(false);
        long? others = await session.QueryNumberAsync(
            $"SELECT count(*) FROM items WHERE worker <> @worker AND worker IN ({database.LiveWorkersQuery})", ("worker", database.Worker)).ConfigureAwait(false);
        long? expiry = await session.QueryNumberAsync(
            $"SELECT min(expires_at) FROM items WHERE {IsAccepted}").ConfigureAwait(false);
        long? untried = await session.QueryNumberAsync($"SELECT count(*) FROM items WHERE {IsRetryableUncertain} AND wanted = 1").ConfigureAwait(false);
        return new LedgerCounts(
            counts.ToDictionary(count => count.Status, count => count.Count), others ?? 0, untried ?? 0, LedgerColumns.ToTime(expiry));
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<LedgerHistory> ReadHistoryAsync(CancellationToken cancellationToken) => database.ReadAsync(async session =>
    {
        // The images that a saved row received (Q41), and those that another row requested.
        long images = await session.QueryNumberAsync(
            $"""
            SELECT CAST(sum(images) AS BIGINT) FROM (
                SELECT CASE WHEN images > 1 AND {LedgerColumns.StatusIn(BatchStage.Saved)}
                    THEN coalesce(nullif((SELECT count(*) FROM files WHERE files.item = items.item), 0), images) ELSE images END AS images
                FROM items WHERE generation_id IS NOT NULL OR {LedgerColumns.StatusIn(BatchStage.InFlight, BatchStage.Uncertain)}
                UNION ALL SELECT i.images FROM former f JOIN items i ON i.item = f.item) AS paid
            """).ConfigureAwait(false) ?? 0;
        List<(long Worker, long Start, long Seen, long? End, bool IsRunning)> runs = await session.QueryAsync(
            $"SELECT worker, started_at, seen_at, ended_at, CASE WHEN {database.IsWorkerRunning} THEN 1 ELSE 0 END FROM workers ORDER BY started_at, worker",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? (long?)null : row.GetInt64(3), row.GetInt64(4) == 1)).ConfigureAwait(false);
        List<(long Start, long End)> intervals = [];
        for (int index = 0; index < runs.Count; index++)
        {
            (_, long start, long seen, long? end, bool isRunning) = runs[index];
            // Without heartbeats, the last step of a killed run shows how long it worked.
            end ??= database.IsShared ? seen
                : isRunning ? Math.Max(seen, Now)
                : Math.Max(seen, await FindLastStepAsync(session, start, index + 1 < runs.Count ? runs[index + 1].Start : long.MaxValue).ConfigureAwait(false));
            intervals.Add((start, end.Value));
        }

        long? since = runs.Where(run => run.IsRunning && run.Worker != database.Worker).Select(run => (long?)run.Start).FirstOrDefault();
        return new LedgerHistory(images, LedgerHistory.GetTotalLength(intervals), LedgerColumns.ToTime(since))
        {
            Price = await ReadPriceAsync(session).ConfigureAwait(false),
        };
    }, cancellationToken);

    /// <inheritdoc/>
    public Task RecordPriceAsync(decimal price, string? currency, CancellationToken cancellationToken) => database.WriteAsync(async session =>
    {
        await database.LockAsync(session, LedgerSchema.PriceColumn).ConfigureAwait(false);
        // A ledger of an earlier version, which its runs can still open, gets the columns now.
        foreach (string column in (string[])[LedgerSchema.PriceColumn, LedgerSchema.CurrencyColumn])
        {
            bool[] exists = [.. await session.QueryAsync("SELECT * FROM workers WHERE worker = @worker", row => FindColumn(row, column) >= 0, ("worker", database.Worker)).ConfigureAwait(false)];
            if (exists is [false]) await session.ExecuteAsync($"ALTER TABLE workers ADD COLUMN {column} TEXT").ConfigureAwait(false);
        }

        return await session.ExecuteAsync(
            "UPDATE workers SET image_price = @price, currency = @currency WHERE worker = @worker",
            ("price", price.ToString(CultureInfo.InvariantCulture)), ("currency", currency), ("worker", database.Worker)).ConfigureAwait(false);
    }, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string filter = statuses.Count == 0 ? "" : $"AND {LedgerColumns.StatusIn(statuses)}";
        string pageClause =
            $"""
            FROM items
            WHERE (position, item) > (@position, @item) AND (wanted = 1 OR {IsInProgress}) {filter}
            ORDER BY position, item LIMIT {PageSize}
            """;
        (long position, long item) = (long.MinValue, 0);
        while (true)
        {
            (string, object?)[] after = [("position", position), ("item", item)];
            List<(LedgerRow? Row, long Item, long Position)> page;
            try
            {
                List<LedgerRow> rows = await database.ReadAsync(
                    session => ReadRowsAsync(session, $"SELECT {LedgerColumns.RowColumns} {pageClause}", after), cancellationToken).ConfigureAwait(false);
                page = [.. rows.Select(row => ((LedgerRow?)row, row.Item, row.Position))];
            }
            catch (FaceGenException e) when (onInvalidRow is not null && e.Code == ErrorCode.LedgerInvalid)
            {
                page = await database.ReadAsync(
                    session => ReadRowsSinglyAsync(session, pageClause, after, onInvalidRow), cancellationToken).ConfigureAwait(false);
            }

            foreach ((LedgerRow? row, _, _) in page)
            {
                if (row is not null) yield return row;
            }

            if (page.Count < PageSize) yield break;

            (_, item, position) = page[^1];
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LedgerRow>> ReadNextFacesAsync(int rows, bool retryUncertain, CancellationToken cancellationToken)
    {
        List<LedgerRow> next = await database.ReadAsync(async session =>
        {
            Task<List<LedgerRow>> ReadAsync(string which, int limit) => ReadRowsAsync(
                session, $"SELECT {LedgerColumns.RowColumns} FROM items WHERE {which} AND wanted = 1 AND worker IS NULL ORDER BY position, item LIMIT @limit", ("limit", (long)limit));
            List<LedgerRow> found = await ReadAsync("status = 'Pending'", rows).ConfigureAwait(false);
            if (retryUncertain && found.Count < rows) found.AddRange(await ReadAsync(IsRetryableUncertain, rows - found.Count).ConfigureAwait(false));
            return found;
        }, cancellationToken).ConfigureAwait(false);
        return [.. next.Where(row => row.Face is not null).GroupBy(row => row.Face).Select(same => same.First())];
    }

    /// <inheritdoc/>
    public async Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancellationToken)
    {
        List<byte[]> faces = await database.ReadAsync(session => session.QueryAsync(
            "SELECT bytes FROM faces WHERE hash = @hash", row => (byte[])row.GetValue(0), ("hash", hash)), cancellationToken).ConfigureAwait(false);
        return faces.SingleOrDefault();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> FindUnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var unknown = new HashSet<string>(ids, StringComparer.Ordinal);
        for (int first = 0; first < ids.Count; first += PageSize)
        {
            (string Name, object? Value)[] values = [.. ids.Skip(first).Take(PageSize).Select((id, index) => ($"id{index}", (object?)id))];
            string names = string.Join(", ", values.Select(value => $"@{value.Name}"));
            unknown.ExceptWith(await database.ReadAsync(session => session.QueryAsync(
                $"""
                SELECT generation_id FROM items WHERE generation_id IN ({names})
                UNION SELECT generation_id FROM former WHERE generation_id IN ({names})
                """,
                row => row.GetString(0), values), cancellationToken).ConfigureAwait(false));
        }

        return [.. ids.Where(unknown.Contains).Distinct()];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1) return;

        // A call that still reads the staged rows ends first.
        await database.DisposeAsync().ConfigureAwait(false);
        _input.Dispose();
    }

    /// <summary>Creates the ledger if it does not exist. Returns true if it contains the input.</summary>
    private async Task<bool> CreateWithInputAsync(CancellationToken cancellationToken)
    {
        if (create is null) return false;

        await _input.CompleteStagingAsync().ConfigureAwait(false);
        bool isFilled = false;
        LedgerDatabase made = await create(path =>
        {
            _input.Fill(path);
            isFilled = true;
        }, cancellationToken).ConfigureAwait(false);
        await database.DisposeAsync().ConfigureAwait(false);
        (database, create) = (made, null);
        return isFilled;
    }

    /// <summary>
    /// Returns the filter of an uncertain row that a worker without a claim may write; null if it must hold the claim. Only the worker
    /// that submitted the row, whose fence it still has, can know that the submission was refused.
    /// </summary>
    private static string? GetUncertainFilter(LedgerRow row) => row.Status switch
    {
        BatchItemStatus.Submitting => null,
        BatchItemStatus.Pending => "fence = @fence AND worker IS NULL AND status = 'Uncertain'",
        _ => "attempts = @attempts AND worker IS NULL AND generation_id IS NULL AND status = 'Uncertain'",
    };

    /// <summary>Gets the filter of uncertain rows that this run may submit again: each one once, so that the run ends.</summary>
    private string IsRetryableUncertain => $"status = 'Uncertain' AND item NOT IN ({ToSqlList(_uncertainItems)})";

    /// <summary>Returns the texts, the last one repeated: a statement of few different lengths is prepared once for each.</summary>
    private static IEnumerable<string> PadToPowerOfTwo(IReadOnlyCollection<string> texts)
    {
        int count = 1;
        while (count < texts.Count) count *= 2;
        return texts.Count == 0 ? [] : texts.Concat(Enumerable.Repeat(texts.Last(), count - texts.Count));
    }

    /// <summary>Returns when the last step of a row was recorded in a period; 0 if none was.</summary>
    private static async Task<long> FindLastStepAsync(LedgerSession session, long from, long before) => await session.QueryNumberAsync(
        """
        SELECT max(at) FROM (
            SELECT submitted_at AS at FROM items UNION ALL SELECT generated_at FROM items UNION ALL SELECT ended_at FROM items) AS steps
        WHERE at >= @from AND at < @before
        """, ("from", from), ("before", before)).ConfigureAwait(false) ?? 0;

    /// <summary>Returns the price of an image that the latest run recorded; null if none did.</summary>
    private static async Task<(decimal Amount, string? Currency)?> ReadPriceAsync(LedgerSession session)
    {
        // By name: a ledger of an earlier version lacks the columns.
        List<(decimal, string?)?> prices = await session.QueryAsync("SELECT * FROM workers ORDER BY worker DESC", ReadPrice).ConfigureAwait(false);
        return prices.FirstOrDefault(price => price is not null);

        static (decimal, string?)? ReadPrice(DbDataReader row)
        {
            int price = FindColumn(row, LedgerSchema.PriceColumn), currency = FindColumn(row, LedgerSchema.CurrencyColumn);
            return price >= 0 && !row.IsDBNull(price) && decimal.TryParse(row.GetString(price), NumberStyles.Number, CultureInfo.InvariantCulture, out decimal amount)
                ? (amount, currency >= 0 && !row.IsDBNull(currency) ? row.GetString(currency) : null)
                : null;
        }
    }

    /// <summary>Returns the number of a column; -1 if the row does not have it.</summary>
    private static int FindColumn(DbDataReader row, string name)
    {
        int column = row.FieldCount - 1;
        while (column >= 0 && row.GetName(column) != name) column--;
        return column;
    }

    private static long NewFence()
    {
        byte[] bytes = new byte[sizeof(long)];
        using (var random = RandomNumberGenerator.Create()) random.GetBytes(bytes);
        return (BitConverter.ToInt64(bytes, 0) & long.MaxValue) | 1;
    }

    private static void Set(HashSet<long> items, long item, bool isIn)
    {
        lock (items)
        {
            if (isIn) items.Add(item);
            else items.Remove(item);
        }
    }

    private static string ToSqlList(HashSet<long> items)
    {
        lock (items) return string.Join(", ", items.Select(item => item.ToString(CultureInfo.InvariantCulture)).DefaultIfEmpty("-1"));
    }

    /// <summary>Marks the rows in flight of dead workers as uncertain.</summary>
    private async Task<List<LedgerRow>> MarkUncertainAsync(LedgerSession session, Uri address, long now)
    {
        string filter = $"{LedgerSchema.IsActive} AND status = 'Submitting' AND address = @address AND {database.IsWorkerDead}";
        if (await session.QueryNumberAsync($"SELECT 1 FROM items WHERE {filter} LIMIT 1", ("address", address.AbsoluteUri)).ConfigureAwait(false) is null)
            return [];

        List<long> times = await session.QueryAsync(
            "SELECT generated_at - submitted_at FROM items WHERE generated_at IS NOT NULL ORDER BY generated_at DESC LIMIT 32",
            row => row.GetInt64(0)).ConfigureAwait(false);
        // The median time, since no worker was there to observe the longest one. A slot that is released too early costs one 429
        // response; one that is held too long slows the batch down (docs/architecture.md#slots-of-an-uncertain-submission).
        long median = times.OrderBy(time => time).ElementAtOrDefault(times.Count / 2);
        long slotTime = Math.Min(Math.Max(3 * median, MinSlotTime), MaxSlotTime);
        // The fence of the worker that submitted the row stays: it may still learn that the submission was refused.
        return await ReadRowsAsync(
            session,
            $"""
            WITH uncertain AS (SELECT item AS claimed FROM items WHERE {filter} {database.RowLockClause})
            UPDATE items SET
                status = 'Uncertain', worker = NULL, ended_at = @now, place_until = coalesce(submitted_at, @now) + @slot_time,
                error_code = 'SubmissionUncertain',
                error = 'The process ended before the response to the submission arrived. {LostResponse.Consequence} {LostResponse.NotSentAgain}'
            FROM uncertain WHERE item = claimed
            RETURNING {LedgerColumns.RowColumns}
            """,
            ("address", address.AbsoluteUri), ("now", now), ("slot_time", slotTime)).ConfigureAwait(false);
    }

    private async Task<bool> UpdateAsync(LedgerSession session, LedgerRow row, bool release, string filter)
    {
        int changed = await session.ExecuteAsync(
            $"""
            UPDATE items SET
                status = @status, attempts = @attempts, worker = {(release ? "NULL" : "@worker")}, fence = @fence, address = @address,
                generation_id = @generation_id, generation = @generation, submitted_at = @submitted_at, generated_at = @generated_at,
                ended_at = @ended_at, expires_at = @expires_at, place_until = @place_until, error_code = @error_code, error = @error
            WHERE item = @item AND {filter}
            """,
            ("status", row.Status.ToString()), ("attempts", (long)row.Attempts), ("worker", database.Worker), ("fence", row.Fence),
            ("address", LedgerSession.ToValue(row.Address)), ("generation_id", LedgerSession.ToValue(row.GenerationId)),
            ("generation", LedgerSession.ToValue(row.Generation)), ("submitted_at", LedgerSession.ToValue(row.SubmittedAt)),
            ("generated_at", LedgerSession.ToValue(row.GeneratedAt)), ("ended_at", LedgerSession.ToValue(row.EndedAt)),
            ("expires_at", LedgerSession.ToValue(row.ExpiresAt)), ("place_until", LedgerSession.ToValue(row.SlotUntil)),
            ("error_code", LedgerSession.ToValue(row.ErrorCode?.ToString())), ("error", LedgerSession.ToValue(row.Error)), ("item", row.Item)).ConfigureAwait(false);
        return changed == 1;
    }

    private async Task WriteFileAsync(LedgerSession session, long item, LedgerFile file)
    {
        try
        {
            await session.ExecuteAsync(
                $"""
                INSERT INTO files ({LedgerColumns.FileColumns})
                VALUES (@item, @image, @path, @length, @sha256, @format, @width, @height, @filtered)
                ON CONFLICT (item, image) DO UPDATE SET
                    path = excluded.path, length = excluded.length, sha256 = excluded.sha256, format = excluded.format,
                    width = excluded.width, height = excluded.height, filtered = excluded.filtered
                """,
                ("item", item), ("image", (long)file.Index), ("path", file.Path), ("length", file.Length), ("sha256", file.Sha256),
                ("format", file.Format.ToString()), ("width", (long)file.Width), ("height", (long)file.Height),
                ("filtered", LedgerColumns.GetFlags(file))).ConfigureAwait(false);
        }
        catch (DbException e) when (database.IsUniqueViolation(e))
        {
            throw new FaceGenException(ErrorCode.FileExists, $"The file '{file.Path}' belongs to another row of the batch. Nothing was overwritten.", e);
        }
    }

    /// <summary>Returns the rows that a call claimed, or marked as uncertain, before the response of the database was lost.</summary>
    private static Task<List<LedgerRow>> FindClaimedAsync(LedgerSession session, long fence, long? uncertainSince = null) => ReadRowsAsync(
        session,
        $"""
        SELECT {LedgerColumns.RowColumns} FROM items
        WHERE fence = @fence OR ({LedgerSchema.IsActive} AND status = 'Uncertain' AND worker IS NULL AND ended_at = @uncertain_since)
        """, ("fence", fence), ("uncertain_since", uncertainSince ?? -1));

    private static async Task<List<LedgerRow>> ReadRowsAsync(LedgerSession session, string sql, params (string Name, object? Value)[] values)
    {
        List<LedgerRow> rows = await session.QueryAsync(sql, LedgerColumns.ReadRow, values).ConfigureAwait(false);
        // Only a row that was accepted once can have files.
        string items = string.Join(", ", rows.Where(row => row.GenerationId is not null || row.Attempts > 1)
            .Select(row => row.Item.ToString(CultureInfo.InvariantCulture)));
        if (items.Length == 0) return rows;

        ILookup<long, LedgerFile> files = (await session.QueryAsync(
            $"SELECT {LedgerColumns.FileColumns} FROM files WHERE item IN ({items}) ORDER BY item, image", LedgerColumns.ReadFile).ConfigureAwait(false))
            .ToLookup(file => file.Item, file => file.File);
        return [.. rows.Select(row => row with { Files = [.. files[row.Item]] })];
    }

    /// <summary>Reads the rows of a page one by one, since one of them is invalid: it is null in the result.</summary>
    private async Task<List<(LedgerRow? Row, long Item, long Position)>> ReadRowsSinglyAsync(
        LedgerSession session, string pageClause, (string Name, object? Value)[] after, Action<FaceGenException> onInvalidRow)
    {
        List<(long Item, long Position, RequestSource? Source)> positions = await session.QueryAsync(
            $"SELECT item, position, source_file, source_line, source_row {pageClause}",
            row => (row.GetInt64(0), row.GetInt64(1), LedgerColumns.ReadSource(row, 2)), after).ConfigureAwait(false);
        List<(LedgerRow? Row, long Item, long Position)> rows = [];
        foreach ((long item, long position, RequestSource? source) in positions)
        {
            LedgerRow? row = null;
            try
            {
                row = (await ReadRowsAsync(session, $"SELECT {LedgerColumns.RowColumns} FROM items WHERE item = @item", ("item", item)).ConfigureAwait(false)).Single();
            }
            catch (FaceGenException e) when (e.Code == ErrorCode.LedgerInvalid)
            {
                onInvalidRow(LedgerColumns.CreateInvalidRowError(Name, item, source, e));
            }

            rows.Add((row, item, position));
        }

        return rows;
    }
}
