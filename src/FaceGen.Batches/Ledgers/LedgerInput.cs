using System.Data.Common;
using System.Runtime.InteropServices;
using FaceGen.BatchModel;
using FaceGen.Saving;

namespace FaceGen.Batches.Ledgers;

/// <summary>
/// Stages the input of a batch in a temporary database, and compares it with the ledger's rows, for a plan and for the import.
/// </summary>
internal sealed class LedgerInput : IDisposable
{
    /// <summary>Begins a query of the staged rows with their status in the ledger.</summary>
    private const string InputRows =
        """
        WITH rows AS (
            SELECT s.*, m.item, m.submitted_at, coalesce(m.status, 'Pending') AS status
            FROM input s LEFT JOIN matched m ON m.position = s.position)
        """;

    private readonly InputStage _rows = new();
    private Task _staging = Task.CompletedTask;

    /// <summary>True if paths that differ only in case name the same file.</summary>
    internal bool IgnoresCase { get; init; } = !RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    /// <inheritdoc cref="ILedger.SkipDuplicates"/>
    internal bool SkipDuplicates { get; set; }

    /// <inheritdoc cref="ILedger.StageAsync"/>
    internal async Task StageAsync(IReadOnlyList<InputRow> rows, string? fallbackFolder)
    {
        await _staging.ConfigureAwait(false);
        // While these rows are written, the caller prepares the next ones.
        _staging = Task.Run(() => _rows.Add(rows, fallbackFolder));
    }

    /// <summary>Removes the staged rows.</summary>
    internal void Clear() => _rows.Clear();

    /// <inheritdoc cref="ILedger.PlanAsync"/>
    internal async Task<BatchPlan> PlanAsync(LedgerDatabase database, PlanOptions options, CancellationToken cancellationToken)
    {
        await _staging.ConfigureAwait(false);
        return await database.ReadWithInputAsync(_rows, session => PlanAsync(database, session, options), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="ILedger.ImportAsync"/>
    internal async Task ImportAsync(LedgerDatabase database, bool retryFailed, CancellationToken cancellationToken)
    {
        await _staging.ConfigureAwait(false);
        await database.WriteWithInputAsync(_rows, async session =>
        {
            await database.LockAsync(session, "enter").ConfigureAwait(false);
            await MatchAsync(database, session).ConfigureAwait(false);
            await session.ExecuteAsync("CREATE INDEX matched_item ON matched (item)").ConfigureAwait(false);
            if (retryFailed) await ResetFailedAsync(session).ConfigureAwait(false);
            await MergeAsync(database, session).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Inserts the staged rows into the file of a ledger that is being created.</summary>
    internal void Fill(string path) => _rows.RunWithLedger(path, commit: true, async session =>
    {
        await SkipDuplicatesAsync(session).ConfigureAwait(false);
        return await InsertAsync(session).ConfigureAwait(false);
    });

    /// <summary>Waits until all rows are staged.</summary>
    /// <exception cref="FaceGenException">Rows could not be staged.</exception>
    internal Task CompleteStagingAsync() => _staging;

    /// <inheritdoc/>
    public void Dispose()
    {
        Task.WhenAny(_staging).GetAwaiter().GetResult();
        _rows.Dispose();
    }

    private async Task<BatchPlan> PlanAsync(LedgerDatabase database, LedgerSession session, PlanOptions options)
    {
        await MatchAsync(database, session).ConfigureAwait(false);
        List<BatchStage> submitted = [BatchStage.Pending];
        if (options.RetryFailed) submitted.Add(BatchStage.Failed);
        if (options.RetryUncertain) submitted.Add(BatchStage.Uncertain);
        string isSubmitted = LedgerColumns.StatusIn([.. submitted]);
        List<(BatchItemStatus Status, long Rows, long Images)> groups = await session.QueryAsync(
            "SELECT status, count(*), CAST(sum(images) AS BIGINT) FROM matched GROUP BY status",
            row => (LedgerColumns.ParseEnum<BatchItemStatus>(row.GetString(0)), row.GetInt64(1), row.GetInt64(2))).ConfigureAwait(false);
        (long rows, long images) = (await session.QueryAsync(
            "SELECT count(*), CAST(coalesce(sum(images), 0) AS BIGINT) FROM input", row => (row.GetInt64(0), row.GetInt64(1))).ConfigureAwait(false)).Single();
        // Rows that the ledger does not contain are pending.
        groups.Add((BatchItemStatus.Pending, rows - groups.Sum(group => group.Rows), images - groups.Sum(group => group.Images)));
        (long Rows, long Images) Sum(Func<BatchItemStatus, bool> isIncluded)
        {
            var included = groups.Where(group => isIncluded(group.Status)).ToList();
            return (included.Sum(group => group.Rows), included.Sum(group => group.Images));
        }

        bool IsSubmitted(BatchItemStatus status) => submitted.Contains(status.GetStage());
        long NotRetried(BatchItemStatus status) => IsSubmitted(status) ? 0 : Sum(other => other == status).Rows;
        (long toSubmit, long imagesToSubmit) = Sum(IsSubmitted);
        // A paid row is completed even if the input no longer contains it.
        long inProgress = await session.QueryNumberAsync(
            $"SELECT count(*) FROM items i WHERE {LedgerColumns.StatusIn(BatchStage.Accepted)} OR ({LedgerColumns.StatusIn(BatchStage.InFlight)} AND NOT i.{database.IsWorkerDead})").ConfigureAwait(false) ?? 0;
        var plan = new BatchPlan
        {
            Rows = rows,
            Done = Sum(status => status.GetStage() == BatchStage.Saved).Rows,
            InProgress = inProgress,
            Failed = NotRetried(BatchItemStatus.Failed),
            Expired = NotRetried(BatchItemStatus.Expired),
            Uncertain = NotRetried(BatchItemStatus.Uncertain),
            ToSubmit = toSubmit,
            Images = imagesToSubmit,
            Duplicates = _rows.Duplicates,
            AffordableImages = options.MaxImages is null ? null : 0,
        };
        // The other questions are about rows to submit.
        if (toSubmit == 0) return plan;

        string fold = IgnoresCase ? database.CaseFoldFunction : "";
        return plan with
        {
            ImagesAtRisk = await session.QueryNumberAsync($"{InputRows} SELECT count(*) FROM rows WHERE {isSubmitted} AND is_at_risk = 1").ConfigureAwait(false) ?? 0,
            // A face that several rows share is uploaded once.
            Uploads = !_rows.HasLocalFaces ? 0 : await session.QueryNumberAsync($"{InputRows} SELECT count(DISTINCT face) FROM rows WHERE {isSubmitted}").ConfigureAwait(false) ?? 0,
            FirstDuplicate = _rows.Duplicates == 0 || SkipDuplicates ? null : await FindDuplicateAsync(session, isSubmitted).ConfigureAwait(false),
            FileConflict = _rows.HasPaths ? await FindSameFileAsync(session, isSubmitted, fold).ConfigureAwait(false) : null,
            ExistingFile = _rows.HasPaths ? await FindExistingFileAsync(session, isSubmitted, fold).ConfigureAwait(false) : null,
            AffordableImages = options.MaxImages is { } limit ? await CountAffordableImagesAsync(session, isSubmitted, limit).ConfigureAwait(false) : null,
        };
    }

    /// <summary>Returns the number of images that may be charged, since a row is submitted completely or not.</summary>
    private static async Task<long> CountAffordableImagesAsync(LedgerSession session, string submitFilter, long limit) => await session.QueryNumberAsync(
        $"""
        {InputRows} SELECT CAST(max(paid) AS BIGINT) FROM (
            SELECT sum(images) OVER (ORDER BY CASE status WHEN 'Uncertain' THEN 1 ELSE 0 END, position) AS paid
            FROM rows WHERE {submitFilter}) AS sums
        WHERE paid <= @limit
        """, ("limit", limit)).ConfigureAwait(false) ?? 0;

    /// <summary>Returns the first two rows with the same file, of which at least one is to be submitted.</summary>
    private static async Task<(string First, string Second)?> FindSameFileAsync(LedgerSession session, string submitFilter, string fold)
    {
        // A saved row counts only if its file has this name: an earlier run may have given it another one.
        string named =
            $"""
            {InputRows}, named AS (
                SELECT position, source_file, source_line, source_row, {fold}(path) AS path,
                    CASE WHEN {submitFilter} THEN 1 ELSE 0 END AS is_submitted
                FROM rows
                WHERE path IS NOT NULL AND ({LedgerColumns.StatusIn(BatchStage.InFlight, BatchStage.Accepted)} OR {submitFilter} OR EXISTS (
                    SELECT 1 FROM files f
                    WHERE f.item = rows.item AND {fold}(f.path) IN ({fold}(rows.path || '.png'), {fold}(rows.path || '.jpg'), {fold}(rows.path || '.webp')))))
            """;
        List<string> shared = await session.QueryAsync(
            $"{named} SELECT path FROM named GROUP BY path HAVING count(*) > 1 AND sum(is_submitted) > 0 ORDER BY min(position) LIMIT 1",
            row => row.GetString(0)).ConfigureAwait(false);
        if (shared.Count == 0) return null;

        List<string> same = await session.QueryAsync(
            $"{named} SELECT source_file, source_line, source_row, position FROM named WHERE path = @path ORDER BY position LIMIT 2",
            ReadName, ("path", shared[0])).ConfigureAwait(false);
        return (same[0], same[1]);
    }

    /// <summary>
    /// Returns the first row to submit whose file already exists and is not of its own submission, or belongs to another row: saving
    /// would fail after the image was paid for.
    /// </summary>
    private async Task<(string Row, string Path, bool IsAnotherRows)?> FindExistingFileAsync(LedgerSession session, string submitFilter, string fold)
    {
        if (!_rows.HasExistingFiles && await session.QueryNumberAsync("SELECT 1 FROM files LIMIT 1").ConfigureAwait(false) is null) return null;

        List<(string, string, bool)> existing = await session.QueryAsync(
            $"""
            {InputRows}, saved AS MATERIALIZED (
                SELECT item, path, {fold}(substr(path, 1, length(path) - CASE format WHEN 'WebP' THEN 5 ELSE 4 END)) AS name FROM files),
            submitted AS MATERIALIZED (
                SELECT source_file, source_line, source_row, position, item, path, {fold}(path) AS name,
                    CASE WHEN file_at < submitted_at OR status <> 'Uncertain' THEN file_at END AS file_at
                FROM rows WHERE path IS NOT NULL AND {submitFilter})
            SELECT s.source_file, s.source_line, s.source_row, s.position, s.path, h.path
            FROM submitted s LEFT JOIN saved h ON h.name = s.name AND h.item IS DISTINCT FROM s.item
            WHERE h.item IS NOT NULL OR s.file_at IS NOT NULL
            ORDER BY s.position LIMIT 1
            """,
            row => (ReadName(row),
                row.IsDBNull(5) ? ExistingImages.FindFile(FileStorage.System, row.GetString(4)) ?? row.GetString(4) : row.GetString(5),
                !row.IsDBNull(5))).ConfigureAwait(false);
        return existing.Count == 1 ? existing[0] : null;
    }

    /// <summary>Returns the first row to submit that repeats the request of a row before it, after the first row with that request.</summary>
    private static async Task<(string First, string Second)?> FindDuplicateAsync(LedgerSession session, string submitFilter)
    {
        List<string> same = await session.QueryAsync(
            $"""
            {InputRows}, second AS (SELECT position, repeats FROM rows WHERE repeats IS NOT NULL AND {submitFilter} ORDER BY position LIMIT 1)
            SELECT s.source_file, s.source_line, s.source_row, s.position FROM input s JOIN second ON s.position IN (second.position, second.repeats)
            ORDER BY s.position
            """, ReadName).ConfigureAwait(false);
        return same.Count == 2 ? (same[0], same[1]) : null;
    }

    /// <summary>Reads the source and the position of a row as its name in messages.</summary>
    private static string ReadName(DbDataReader row) => LedgerColumns.ReadSource(row, 0)?.ToString() ?? $"row {row.GetInt64(3)}";

    /// <summary>Fills the table <c>matched</c>.</summary>
    private async Task MatchAsync(LedgerDatabase database, LedgerSession session)
    {
        await SkipDuplicatesAsync(session).ConfigureAwait(false);
        if (_rows.MayHaveLegacyHash) await LegacyHashes.AdoptAsync(session).ConfigureAwait(false);
        // SQLite reads the tables of a cross join in this order: the large rows of the ledger one after the other.
        await session.ExecuteAsync(
            $"""
            INSERT INTO matched (position, item, status, images, submitted_at)
            SELECT s.position, i.item, CASE
                WHEN i.{LedgerColumns.StatusIn(BatchStage.InFlight)} AND i.{database.IsWorkerDead} THEN 'Uncertain'
                ELSE i.status END, i.images, i.submitted_at
            FROM items i CROSS JOIN input s WHERE s.hash = i.hash AND s.occurrence = i.occurrence
            """).ConfigureAwait(false);
        await database.AnalyzeAsync(session, "matched").ConfigureAwait(false);
    }

    private async Task SkipDuplicatesAsync(LedgerSession session)
    {
        session.Timeout = TimeSpan.Zero;
        if (SkipDuplicates && _rows.Duplicates > 0) await session.ExecuteAsync("DELETE FROM input WHERE repeats IS NOT NULL").ConfigureAwait(false);
    }

    private static async Task ResetFailedAsync(LedgerSession session)
    {
        string retried =
            $"{LedgerColumns.StatusIn(BatchStage.Failed)} AND EXISTS (SELECT 1 FROM matched m WHERE m.item = items.item)";
        // The service still lists the former generations.
        await session.ExecuteAsync(
            $"""
            INSERT INTO former (generation_id, item)
            SELECT generation_id, item FROM items WHERE generation_id IS NOT NULL AND {retried}
            ON CONFLICT DO NOTHING
            """).ConfigureAwait(false);
        await session.ExecuteAsync(
            $"""
            UPDATE items SET
                status = 'Pending', generation_id = NULL, generation = NULL, generated_at = NULL, ended_at = NULL,
                expires_at = NULL, error_code = NULL, error = NULL
            WHERE {retried}
            """).ConfigureAwait(false);
    }

    private async Task MergeAsync(LedgerDatabase database, LedgerSession session)
    {
        string canChange = LedgerColumns.StatusIn(BatchStage.Pending, BatchStage.Uncertain);
        // Only changed rows are written, so that the same input again is cheap.
        await session.ExecuteAsync(
            $"""
            UPDATE items SET
                wanted = 1, position = s.position, source_file = s.source_file, source_line = s.source_line, source_row = s.source_row,
                request = CASE WHEN items.{canChange} AND items.worker IS NULL THEN s.request ELSE items.request END
            FROM matched m JOIN input s ON s.position = m.position
            WHERE m.item = items.item AND (
                items.wanted <> 1 OR items.position <> s.position OR items.source_file IS DISTINCT FROM s.source_file
                OR items.source_line IS DISTINCT FROM s.source_line OR items.source_row IS DISTINCT FROM s.source_row
                OR (items.{canChange} AND items.worker IS NULL AND items.request <> s.request))
            """).ConfigureAwait(false);
        // Workers that run the same batch at the same time process the rows of all inputs. A worker that may be dead does not count: at
        // worst its rows are not submitted.
        await session.ExecuteAsync(
            $"""
            UPDATE items SET wanted = 0
            WHERE wanted = 1
                AND NOT EXISTS (SELECT 1 FROM ({database.ResponsiveWorkersQuery}) AS alive WHERE alive.worker <> @worker)
                AND NOT EXISTS (SELECT 1 FROM matched m WHERE m.item = items.item)
            """, ("worker", database.Worker)).ConfigureAwait(false);
        if (await InsertAsync(session).ConfigureAwait(false) > 0) await database.AnalyzeAsync(session, "items").ConfigureAwait(false);
    }

    /// <summary>Inserts the rows that the ledger does not contain, and the faces. Returns the number of rows.</summary>
    private async Task<int> InsertAsync(LedgerSession session)
    {
        int added = await session.ExecuteAsync(
            """
            INSERT INTO items (hash, occurrence, position, wanted, source_file, source_line, source_row, request, images, face, face_length, status)
            SELECT s.hash, s.occurrence, s.position, 1, s.source_file, s.source_line, s.source_row, s.request, s.images, s.face, s.face_length, 'Pending'
            FROM input s LEFT JOIN matched m ON m.position = s.position
            WHERE m.position IS NULL
            ORDER BY s.position
            """).ConfigureAwait(false);
        foreach ((string hash, byte[] bytes) in _rows.ReadFaces())
        {
            await session.ExecuteAsync(
                "INSERT INTO faces (hash, bytes) VALUES (@hash, @bytes) ON CONFLICT DO NOTHING", ("hash", hash), ("bytes", bytes)).ConfigureAwait(false);
        }

        return added;
    }
}
