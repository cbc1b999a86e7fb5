using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Generating;

namespace FaceGen.Batches.Ledgers;

/// <summary>The ledger in SQL that SQLite and PostgreSQL understand alike.</summary>
/// <param name="store">The database below; an empty one where the ledger is still to be made.</param>
/// <param name="time">The clock.</param>
/// <param name="make">Makes the ledger when its first input is entered; null where it is there.</param>
internal sealed class SqlLedger(
    LedgerStore store, TimeProvider time, Func<CancellationToken, Task<LedgerStore>>? make = null) : ILedger
{
    /// <summary>How many rows are read at once.</summary>
    private const int Page = 500;

    /// <summary>How many rows are looked at for one whose face image is ready.</summary>
    private const int Overtaking = 1000;

    /// <summary>What counts as under way: it was paid for, or is being sent.</summary>
    private const string Unfinished = "status IN ('Submitting', 'Submitted', 'Generated')";

    /// <summary>The longest that a row of unknown outcome may fill a place, in milliseconds, and the shortest.</summary>
    private const long LongestPlace = 120_000, ShortestPlace = 10_000;

    private readonly LedgerInput _input = new();
    private readonly HashSet<long> _givenUp = [];
    private readonly HashSet<long> _leftUncertain = [];
    private int _isClosed;

    /// <inheritdoc/>
    public string Name => store.Name;

    /// <inheritdoc/>
    public bool IsShared => store.IsShared;

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public bool SkipDuplicates { get => _input.SkipDuplicates; set => _input.SkipDuplicates = value; }

    /// <inheritdoc/>
    public Task StageAsync(IReadOnlyList<InputRow> rows, CancellationToken cancel, string? folder = null) =>
        Task.Run(() => _input.Stage(rows, folder), cancel);

    /// <inheritdoc/>
    public Task<BatchPlan> PlanAsync(bool retryFailed, bool retryUncertain, CancellationToken cancel, long? maxImages = null) =>
        store.ReadAsync(session => _input.PlanAsync(store, session, retryFailed, retryUncertain, maxImages), cancel);

    /// <inheritdoc/>
    public async Task EnterAsync(bool retryFailed, CancellationToken cancel)
    {
        await MakeAsync(cancel).ConfigureAwait(false);
        await store.WriteAsync(async session =>
        {
            await store.ConfirmAsync(session).ConfigureAwait(false);
            await _input.EnterAsync(store, session, retryFailed).ConfigureAwait(false);
            return true;
        }, cancel).ConfigureAwait(false);
        _input.Clear();
    }

    /// <inheritdoc/>
    public Task<LedgerRow?> TakePendingAsync(
        Uri address, int places, CancellationToken cancel, IReadOnlyCollection<string>? unready = null, bool retryUncertain = false)
    {
        long fence = NewFence();
        (string Name, object? Value)[] faces = [.. (unready ?? []).Select((face, index) => ($"face{index}", (object?)face))];
        string Next(string which)
        {
            string free = $"FROM items WHERE {which} AND wanted = 1 AND worker IS NULL";
            string isReady = faces.Length == 0 ? "" :
                $"""
                AND (face IS NULL OR face NOT IN ({string.Join(", ", faces.Select(face => $"@{face.Name}"))}))
                AND position < {Overtaking} + (SELECT min(position) {free})
                """;
            return $"(SELECT item {free} {isReady} ORDER BY position, item LIMIT 1 {store.Exclusively})";
        }

        string next = Next("status = 'Pending'");
        string holdsPlace = $"place_until > @now AND place_until <= @now + {2 * LongestPlace}";
        return store.WriteAsync<LedgerRow?>(async session =>
        {
            if (session.IsRepeat && await TakenAsync(session, fence).ConfigureAwait(false) is [LedgerRow taken]) return taken;

            await store.ConfirmAsync(session).ConfigureAwait(false);
            await store.LockAsync(session, address.AbsoluteUri).ConfigureAwait(false);
            List<LedgerRow> rows = await RowsAsync(
                session,
                $"""
                UPDATE items SET
                    status = 'Submitting', attempts = attempts + 1, address = @address, worker = @me, fence = @fence,
                    submitted_at = CASE WHEN status = 'Uncertain' THEN coalesce(submitted_at, @now) ELSE @now END
                WHERE item = {(retryUncertain ? $"coalesce({next}, {Next($"{Untried} AND ({holdsPlace}) IS NOT TRUE")})" : next)}
                AND @places > (
                    SELECT count(*) FROM items WHERE {LedgerSchema.AtWork} AND address = @address AND (
                        status = 'Submitting'
                        OR (status = 'Submitted' AND (worker IS NOT NULL OR error_code IS DISTINCT FROM 'GenerationNotFound'))
                        OR (status = 'Pending' AND worker IS NOT NULL)
                        OR (status = 'Uncertain' AND {holdsPlace})))
                RETURNING {LedgerColumns.OfRow}
                """,
                [("now", Now), ("address", address.AbsoluteUri), ("me", store.Worker), ("fence", fence), ("places", (long)places), .. faces]).ConfigureAwait(false);
            return rows.SingleOrDefault();
        }, cancel);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LedgerRow>> TakeAbandonedAsync(Uri address, int most, CancellationToken cancel)
    {
        (long fence, long now) = (NewFence(), Now);
        return store.WriteAsync<IReadOnlyList<LedgerRow>>(async session =>
        {
            if (session.IsRepeat && await TakenAsync(session, fence, now).ConfigureAwait(false) is { Count: > 0 } taken) return taken;

            await store.ConfirmAsync(session).ConfigureAwait(false);
            // Whatever has ended, or was not sent, needs nobody.
            await session.ExecuteAsync(
                $"""
                WITH dead AS (SELECT item AS taken FROM items WHERE {store.Dead} AND NOT {Unfinished} {store.Exclusively})
                UPDATE items SET worker = NULL, fence = 0 FROM dead WHERE item = taken
                """).ConfigureAwait(false);
            List<LedgerRow> uncertain = await DoubtAsync(session, address, now).ConfigureAwait(false);
            List<LedgerRow> rows = await RowsAsync(
                session,
                $"""
                WITH free AS (
                    SELECT item AS taken FROM items
                    WHERE {LedgerSchema.AtWork} AND status IN ('Submitted', 'Generated') AND address = @address AND (worker IS NULL OR ({store.Dead}))
                        AND item NOT IN ({Numbers(_givenUp)})
                    ORDER BY expires_at NULLS LAST, item LIMIT @most {store.Exclusively})
                UPDATE items SET worker = @me, fence = @fence FROM free WHERE item = taken
                RETURNING {LedgerColumns.OfRow}
                """,
                ("address", address.AbsoluteUri), ("me", store.Worker), ("fence", fence), ("most", (long)most)).ConfigureAwait(false);
            return [.. uncertain, .. rows.OrderBy(row => row.ExpiresAt ?? DateTimeOffset.MaxValue)];
        }, cancel);
    }

    /// <inheritdoc/>
    public async Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancel)
    {
        // Before it is free: what this worker gives up it does not take again at once. What was held by nobody is not given up.
        HashSet<long>? given = !release || row.Fence == 0 ? null : row.Status switch
        {
            BatchItemStatus.Submitted or BatchItemStatus.Generated => _givenUp,
            BatchItemStatus.Uncertain => _leftUncertain,
            _ => null,
        };
        if (given is not null) Set(given, row.Item, true);
        bool written = await store.WriteAsync(async session =>
        {
            // Where the answer to the same call was lost, the row may have been released by it.
            string held = session.IsRepeat ? "(worker = @me OR (worker IS NULL AND status = @status))" : "worker = @me";
            if (!await UpdateAsync(session, row, release, $"fence = @fence AND {held}").ConfigureAwait(false)
                && !(Unsettled(row) is { } unsettled && await UpdateAsync(session, row, release, unsettled).ConfigureAwait(false))) return false;

            foreach (LedgerFile file in row.Files) await WriteFileAsync(session, row.Item, file).ConfigureAwait(false);
            return true;
        }, cancel).ConfigureAwait(false);

        if (given is not null && !written) Set(given, row.Item, false);
        return written;
    }

    /// <inheritdoc/>
    public Task<LedgerCounts> CountAsync(CancellationToken cancel) => store.ReadAsync(async session =>
    {
        List<(BatchItemStatus Status, long Count)> counts = await session.QueryAsync(
            $"SELECT status, count(*) FROM items WHERE wanted = 1 OR {Unfinished} GROUP BY status",
            row => (LedgerColumns.Name<BatchItemStatus>(row.GetString(0)), row.GetInt64(1))).ConfigureAwait(false);
        long? others = await session.NumberAsync(
            $"SELECT count(*) FROM items WHERE worker <> @me AND worker IN ({store.Alive})", ("me", store.Worker)).ConfigureAwait(false);
        long? expiry = await session.NumberAsync(
            "SELECT min(expires_at) FROM items WHERE status IN ('Submitted', 'Generated')").ConfigureAwait(false);
        long? untried = await session.NumberAsync($"SELECT count(*) FROM items WHERE {Untried} AND wanted = 1").ConfigureAwait(false);
        return new LedgerCounts(
            counts.ToDictionary(count => count.Status, count => count.Count), others ?? 0, untried ?? 0, LedgerColumns.Time(expiry));
    }, cancel);

    /// <inheritdoc/>
    public async IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? leaveOut = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string filter = statuses.Count == 0 ? "" : $"AND status IN ({string.Join(", ", statuses.Select(status => $"'{status}'"))})";
        string sought =
            $"""
            FROM items
            WHERE (position, item) > (@position, @item) AND (wanted = 1 OR {Unfinished}) {filter}
            ORDER BY position, item LIMIT {Page}
            """;
        (long position, long item) = (long.MinValue, 0);
        while (true)
        {
            (string, object?)[] after = [("position", position), ("item", item)];
            List<(LedgerRow? Row, long Item, long Position)> page;
            try
            {
                List<LedgerRow> rows = await store.ReadAsync(
                    session => RowsAsync(session, $"SELECT {LedgerColumns.OfRow} {sought}", after), cancellationToken).ConfigureAwait(false);
                page = [.. rows.Select(row => ((LedgerRow?)row, row.Item, row.Position))];
            }
            catch (FaceGenException e) when (leaveOut is not null && e.Code == ErrorCode.LedgerInvalid)
            {
                page = await store.ReadAsync(
                    session => SingleRowsAsync(session, sought, after, leaveOut), cancellationToken).ConfigureAwait(false);
            }

            foreach ((LedgerRow? row, _, _) in page)
            {
                if (row is not null) yield return row;
            }

            if (page.Count < Page) yield break;

            (_, item, position) = page[^1];
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LedgerRow>> SharedFacesAsync(int most, CancellationToken cancel, bool retryUncertain = false) =>
        await store.ReadAsync(session => RowsAsync(
            session,
            $"""
            WITH shared AS (
                SELECT min(item) AS any_item, min(position) AS first_position FROM items
                WHERE (status = 'Pending'{(retryUncertain ? $" OR ({Untried})" : "")}) AND wanted = 1 AND face_length >= @least
                GROUP BY face HAVING count(*) > 1 ORDER BY first_position LIMIT @most)
            SELECT {LedgerColumns.OfRow} FROM items JOIN shared ON item = any_item ORDER BY first_position
            """,
            ("least", (long)FaceUploads.LeastBytes), ("most", (long)most)), cancel).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancel)
    {
        List<byte[]> faces = await store.ReadAsync(session => session.QueryAsync(
            "SELECT bytes FROM faces WHERE hash = @hash", row => (byte[])row.GetValue(0), ("hash", hash)), cancel).ConfigureAwait(false);
        return faces.SingleOrDefault();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> UnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancel)
    {
        var unknown = new HashSet<string>(ids, StringComparer.Ordinal);
        for (int first = 0; first < ids.Count; first += Page)
        {
            (string Name, object? Value)[] values = [.. ids.Skip(first).Take(Page).Select((id, index) => ($"id{index}", (object?)id))];
            string names = string.Join(", ", values.Select(value => $"@{value.Name}"));
            unknown.ExceptWith(await store.ReadAsync(session => session.QueryAsync(
                $"""
                SELECT generation_id FROM items WHERE generation_id IN ({names})
                UNION SELECT generation_id FROM former WHERE generation_id IN ({names})
                """,
                row => row.GetString(0), values), cancel).ConfigureAwait(false));
        }

        return [.. ids.Where(unknown.Contains).Distinct()];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 1) return;

        _input.Dispose();
        await store.DisposeAsync().ConfigureAwait(false);
    }

    private async Task MakeAsync(CancellationToken cancel)
    {
        if (make is null) return;

        LedgerStore made = await make(cancel).ConfigureAwait(false);
        await store.DisposeAsync().ConfigureAwait(false);
        (store, make) = (made, null);
    }

    /// <summary>
    /// Whose submission's outcome nobody knew, until now. That it was refused can be said only by who has sent it, whose fence
    /// the row still has; and who only wants to send must hold the row.
    /// </summary>
    private static string? Unsettled(LedgerRow row) => row.Status switch
    {
        BatchItemStatus.Submitting => null,
        BatchItemStatus.Pending => "fence = @fence AND worker IS NULL AND status = 'Uncertain'",
        _ => "attempts = @attempts AND worker IS NULL AND generation_id IS NULL AND status = 'Uncertain'",
    };

    /// <summary>What may be sent again by a run that takes the risk; once a run, or it might never end.</summary>
    private string Untried => $"status = 'Uncertain' AND item NOT IN ({Numbers(_leftUncertain)})";

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

    private static string Numbers(HashSet<long> items)
    {
        lock (items) return string.Join(", ", items.Select(item => item.ToString(CultureInfo.InvariantCulture)).DefaultIfEmpty("-1"));
    }

    /// <summary>Turns what dead workers were sending into rows of unknown outcome.</summary>
    private async Task<List<LedgerRow>> DoubtAsync(LedgerSession session, Uri address, long now)
    {
        string doubted = $"{LedgerSchema.AtWork} AND status = 'Submitting' AND address = @address AND {store.Dead}";
        if (await session.NumberAsync($"SELECT 1 FROM items WHERE {doubted} LIMIT 1", ("address", address.AbsoluteUri)).ConfigureAwait(false) is null)
            return [];

        List<long> times = await session.QueryAsync(
            "SELECT generated_at - submitted_at FROM items WHERE generated_at IS NOT NULL ORDER BY generated_at DESC LIMIT 32",
            row => row.GetInt64(0)).ConfigureAwait(false);
        // The usual time, since the longest may have gone by with nobody there to look. A place that is given back too early
        // costs one 429; one that is kept too long costs the batch its pace.
        long usual = times.OrderBy(time => time).ElementAtOrDefault(times.Count / 2);
        long place = Math.Min(Math.Max(3 * usual, ShortestPlace), LongestPlace);
        // The fence stays that of who has sent it, and may yet hear that it was refused.
        return await RowsAsync(
            session,
            $"""
            WITH doubted AS (SELECT item AS taken FROM items WHERE {doubted} {store.Exclusively})
            UPDATE items SET
                status = 'Uncertain', worker = NULL, ended_at = @now, place_until = coalesce(submitted_at, @now) + @place,
                error_code = 'SubmissionUncertain',
                error = 'The process that sent it ended before the answer came: the service may or may not have accepted it.'
            FROM doubted WHERE item = taken
            RETURNING {LedgerColumns.OfRow}
            """,
            ("address", address.AbsoluteUri), ("now", now), ("place", place)).ConfigureAwait(false);
    }

    private async Task<bool> UpdateAsync(LedgerSession session, LedgerRow row, bool release, string filter)
    {
        int changed = await session.ExecuteAsync(
            $"""
            UPDATE items SET
                status = @status, attempts = @attempts, worker = {(release ? "NULL" : "@me")}, fence = @fence, address = @address,
                generation_id = @generation_id, generation = @generation, submitted_at = @submitted_at, generated_at = @generated_at,
                ended_at = @ended_at, expires_at = @expires_at, place_until = @place_until, error_code = @error_code, error = @error
            WHERE item = @item AND {filter}
            """,
            ("status", row.Status.ToString()), ("attempts", (long)row.Attempts), ("me", store.Worker), ("fence", row.Fence),
            ("address", row.Address), ("generation_id", row.GenerationId), ("generation", row.Generation),
            ("submitted_at", row.SubmittedAt?.ToUnixTimeMilliseconds()), ("generated_at", row.GeneratedAt?.ToUnixTimeMilliseconds()),
            ("ended_at", row.EndedAt?.ToUnixTimeMilliseconds()), ("expires_at", row.ExpiresAt?.ToUnixTimeMilliseconds()),
            ("place_until", row.PlaceUntil?.ToUnixTimeMilliseconds()), ("error_code", row.ErrorCode?.ToString()), ("error", row.Error),
            ("item", row.Item)).ConfigureAwait(false);
        return changed == 1;
    }

    private async Task WriteFileAsync(LedgerSession session, long item, LedgerFile file)
    {
        try
        {
            await session.ExecuteAsync(
                $"""
                INSERT INTO files ({LedgerColumns.OfFile})
                VALUES (@item, @image, @path, @length, @sha256, @format, @width, @height, @filtered)
                ON CONFLICT (item, image) DO UPDATE SET
                    path = excluded.path, length = excluded.length, sha256 = excluded.sha256, format = excluded.format,
                    width = excluded.width, height = excluded.height, filtered = excluded.filtered
                """,
                ("item", item), ("image", (long)file.Index), ("path", file.Path), ("length", file.Length), ("sha256", file.Sha256),
                ("format", file.Format.ToString()), ("width", (long)file.Width), ("height", (long)file.Height),
                ("filtered", LedgerColumns.Flags(file))).ConfigureAwait(false);
        }
        catch (DbException e) when (store.IsDuplicate(e))
        {
            throw new FaceGenException(ErrorCode.FileExists, $"'{file.Path}' is the file of another row of the batch.", e);
        }
    }

    /// <summary>The rows that a call took, or found to be of unknown outcome, before its answer was lost.</summary>
    private static Task<List<LedgerRow>> TakenAsync(LedgerSession session, long fence, long? doubtedAt = null) => RowsAsync(
        session,
        $"""
        SELECT {LedgerColumns.OfRow} FROM items
        WHERE fence = @fence OR ({LedgerSchema.AtWork} AND status = 'Uncertain' AND worker IS NULL AND ended_at = @doubted_at)
        """, ("fence", fence), ("doubted_at", doubtedAt ?? -1));

    private static async Task<List<LedgerRow>> RowsAsync(LedgerSession session, string sql, params (string Name, object? Value)[] values)
    {
        List<LedgerRow> rows = await session.QueryAsync(sql, LedgerColumns.ReadRow, values).ConfigureAwait(false);
        // Only what was accepted once can have files.
        string items = string.Join(", ", rows.Where(row => row.GenerationId is not null || row.Attempts > 1)
            .Select(row => row.Item.ToString(CultureInfo.InvariantCulture)));
        if (items.Length == 0) return rows;

        ILookup<long, LedgerFile> files = (await session.QueryAsync(
            $"SELECT {LedgerColumns.OfFile} FROM files WHERE item IN ({items}) ORDER BY item, image", LedgerColumns.ReadFile).ConfigureAwait(false))
            .ToLookup(file => file.Item, file => file.File);
        return [.. rows.Select(row => row with { Files = [.. files[row.Item]] })];
    }

    /// <summary>Reads the rows one by one, since one of them cannot be read; it is null here.</summary>
    private async Task<List<(LedgerRow? Row, long Item, long Position)>> SingleRowsAsync(
        LedgerSession session, string sought, (string Name, object? Value)[] after, Action<FaceGenException> leaveOut)
    {
        List<(long Item, long Position, RequestSource? Source)> places = await session.QueryAsync(
            $"SELECT item, position, source_file, source_line, source_row {sought}",
            row => (row.GetInt64(0), row.GetInt64(1), LedgerColumns.Source(row, 2)), after).ConfigureAwait(false);
        List<(LedgerRow? Row, long Item, long Position)> rows = [];
        foreach ((long item, long position, RequestSource? source) in places)
        {
            LedgerRow? row = null;
            try
            {
                row = (await RowsAsync(session, $"SELECT {LedgerColumns.OfRow} FROM items WHERE item = @item", ("item", item)).ConfigureAwait(false)).Single();
            }
            catch (FaceGenException e) when (e.Code == ErrorCode.LedgerInvalid)
            {
                leaveOut(InvalidRow.Error(Name, item, source, e));
            }

            rows.Add((row, item, position));
        }

        return rows;
    }
}
