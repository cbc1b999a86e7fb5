using System.Runtime.InteropServices;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.Saving;

namespace FaceGen.Batches.Ledgers;

/// <summary>
/// Stages the input of a batch in a temporary file, loads it into temporary tables of the ledger's database, and compares it there with
/// the ledger's rows, for a plan and for the import.
/// </summary>
internal sealed class LedgerInput : IDisposable
{
    private static readonly TimeSpan NoTimeout = TimeSpan.Zero;

    private readonly InputSpool _rows = new();

    /// <summary>Gets a value that is true if paths that differ only in case name the same file.</summary>
    internal bool IgnoresCase { get; init; } = !RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    /// <inheritdoc cref="ILedger.SkipDuplicates"/>
    internal bool SkipDuplicates { get; set; }

    /// <inheritdoc cref="ILedger.StageAsync"/>
    internal void Stage(IReadOnlyList<InputRow> rows, string? fallbackFolder) => _rows.Add(rows, fallbackFolder);

    /// <summary>Removes the staged rows.</summary>
    internal void Clear() => _rows.Clear();

    /// <inheritdoc cref="ILedger.PlanAsync"/>
    internal async Task<BatchPlan> PlanAsync(LedgerDatabase database, LedgerSession session, PlanOptions options)
    {
        long duplicates = await LoadAsync(database, session).ConfigureAwait(false);
        string fold = IgnoresCase ? database.CaseFoldFunction : "";
        List<BatchStage> submitted = [BatchStage.Pending];
        if (options.RetryFailed) submitted.Add(BatchStage.Failed);
        if (options.RetryUncertain) submitted.Add(BatchStage.Uncertain);
        string isSubmitted = LedgerColumns.StatusIn([.. submitted]);
        string inputQuery =
            $"""
            WITH rows AS (
                SELECT s.*, n.repetition, i.item, i.submitted_at, CASE
                    WHEN i.{LedgerColumns.StatusIn(BatchStage.InFlight)} AND i.{database.IsWorkerDead} THEN 'Uncertain'
                    ELSE coalesce(i.status, 'Pending') END AS status
                FROM numbered n JOIN input s ON s.position = n.position
                LEFT JOIN items i ON i.hash = n.hash AND i.occurrence = n.occurrence),
            planned AS (
                SELECT images, face, face_length, CASE WHEN {isSubmitted} THEN 'Pending' ELSE status END AS outcome,
                    CASE WHEN {RequestSerializer.MayReturnFewerImages} THEN 1 ELSE 0 END AS at_risk FROM rows)
            """;
        List<(BatchItemStatus Outcome, long Rows, long Images, long AtRisk)> outcomes = await session.QueryAsync(
            $"{inputQuery} SELECT outcome, count(*), CAST(sum(images) AS BIGINT), CAST(sum(at_risk) AS BIGINT) FROM planned GROUP BY outcome",
            row => (LedgerColumns.ParseEnum<BatchItemStatus>(row.GetString(0)), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3))).ConfigureAwait(false);
        // A face that several rows share is uploaded once.
        long? uploads = await session.QueryNumberAsync(
            $"""
            {inputQuery} SELECT count(DISTINCT face) FROM planned WHERE outcome = 'Pending'
            """).ConfigureAwait(false);
        long Rows(params BatchItemStatus[] statuses) => outcomes.Where(outcome => statuses.Contains(outcome.Outcome)).Sum(outcome => outcome.Rows);
        // A paid row is completed even if the input no longer contains it.
        long inProgress = await session.QueryNumberAsync(
            $"SELECT count(*) FROM items i WHERE {LedgerColumns.StatusIn(BatchStage.Accepted)} OR ({LedgerColumns.StatusIn(BatchStage.InFlight)} AND NOT i.{database.IsWorkerDead})").ConfigureAwait(false) ?? 0;
        return new BatchPlan
        {
            Rows = outcomes.Sum(outcome => outcome.Rows),
            Done = Rows([.. BatchStages.GetStatuses(BatchStage.Saved)]),
            InProgress = inProgress,
            Failed = Rows(BatchItemStatus.Failed),
            Expired = Rows(BatchItemStatus.Expired),
            Uncertain = Rows(BatchItemStatus.Uncertain),
            ToSubmit = Rows(BatchItemStatus.Pending),
            Images = outcomes.Where(outcome => outcome.Outcome == BatchItemStatus.Pending).Sum(outcome => outcome.Images),
            ImagesAtRisk = outcomes.Where(outcome => outcome.Outcome == BatchItemStatus.Pending).Sum(outcome => outcome.AtRisk),
            Uploads = uploads ?? 0,
            Duplicates = duplicates,
            FirstDuplicate = duplicates == 0 || SkipDuplicates ? null : await FindDuplicateAsync(session, inputQuery, isSubmitted).ConfigureAwait(false),
            FileConflict = _rows.HasPaths ? await FindSameFileAsync(session, inputQuery, isSubmitted, fold).ConfigureAwait(false) : null,
            ExistingFile = _rows.HasPaths ? await FindExistingFileAsync(session, inputQuery, isSubmitted, fold).ConfigureAwait(false) : null,
            AffordableImages = options.MaxImages is not { } limit ? null : await session.QueryNumberAsync(
                $"""
                {inputQuery} SELECT CAST(max(paid) AS BIGINT) FROM (
                    SELECT sum(images) OVER (ORDER BY CASE status WHEN 'Uncertain' THEN 1 ELSE 0 END, position) AS paid
                    FROM rows WHERE {isSubmitted}) AS sums
                WHERE paid <= @limit
                """, ("limit", limit)).ConfigureAwait(false) ?? 0,
        };
    }

    /// <inheritdoc cref="ILedger.ImportAsync"/>
    internal async Task ImportAsync(LedgerDatabase database, LedgerSession session, bool retryFailed)
    {
        session.Timeout = NoTimeout;
        // Before the lock, so that other workers do not wait while a slow connection sends the rows.
        await LoadAsync(database, session).ConfigureAwait(false);
        await database.LockAsync(session, "enter").ConfigureAwait(false);
        if (retryFailed) await ResetFailedAsync(session).ConfigureAwait(false);
        await MergeAsync(database, session).ConfigureAwait(false);
        await StoreFacesAsync(session).ConfigureAwait(false);
        await session.ExecuteAsync("DROP TABLE numbered").ConfigureAwait(false);
        await session.ExecuteAsync("DROP TABLE input").ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _rows.Dispose();

    /// <summary>Returns the first two rows with the same file, of which at least one is to be submitted.</summary>
    private static async Task<(string First, string Second)?> FindSameFileAsync(LedgerSession session, string inputQuery, string submitFilter, string fold)
    {
        // A saved row counts only if its file has this name: an earlier run may have given it another one.
        List<string> same = await session.QueryAsync(
            $"""
            {inputQuery}, named AS (
                SELECT position, source_file, source_line, source_row, {fold}(path) AS path,
                    CASE WHEN {submitFilter} THEN 1 ELSE 0 END AS is_submitted
                FROM rows
                WHERE path IS NOT NULL AND ({LedgerColumns.StatusIn(BatchStage.InFlight, BatchStage.Accepted)} OR {submitFilter} OR EXISTS (
                    SELECT 1 FROM files f
                    WHERE f.item = rows.item AND {fold}(f.path) IN ({fold}(rows.path || '.png'), {fold}(rows.path || '.jpg'), {fold}(rows.path || '.webp')))))
            SELECT source_file, source_line, source_row, position FROM named
            WHERE path = (SELECT path FROM named GROUP BY path HAVING count(*) > 1 AND sum(is_submitted) > 0 ORDER BY min(position) LIMIT 1)
            ORDER BY position LIMIT 2
            """,
            row => LedgerColumns.ReadSource(row, 0)?.ToString() ?? $"row {row.GetInt64(3)}").ConfigureAwait(false);
        return same.Count == 2 ? (same[0], same[1]) : null;
    }

    /// <summary>
    /// Returns the first row to submit whose file already exists and is not of its own submission, or belongs to another row: saving
    /// would fail after the image was paid for.
    /// </summary>
    private static async Task<(string Row, string Path, bool IsAnotherRows)?> FindExistingFileAsync(
        LedgerSession session, string inputQuery, string submitFilter, string fold)
    {
        List<(string, string, bool)> existing = await session.QueryAsync(
            $"""
            {inputQuery}, saved AS MATERIALIZED (
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
            row => (LedgerColumns.ReadSource(row, 0)?.ToString() ?? $"row {row.GetInt64(3)}",
                row.IsDBNull(5) ? ExistingImages.FindFile(FileStorage.System, row.GetString(4)) ?? row.GetString(4) : row.GetString(5),
                !row.IsDBNull(5))).ConfigureAwait(false);
        return existing.Count == 1 ? existing[0] : null;
    }

    /// <summary>Returns the first row to submit that repeats the request of a row before it, and that row.</summary>
    private static async Task<(string First, string Second)?> FindDuplicateAsync(LedgerSession session, string inputQuery, string submitFilter)
    {
        List<string> same = await session.QueryAsync(
            $"""
            {inputQuery}, second AS (SELECT position, hash FROM rows WHERE repetition > 1 AND {submitFilter} ORDER BY position LIMIT 1)
            SELECT source_file, source_line, source_row, position FROM input
            WHERE hash = (SELECT hash FROM second) AND position <= (SELECT position FROM second) ORDER BY position
            """,
            row => LedgerColumns.ReadSource(row, 0)?.ToString() ?? $"row {row.GetInt64(3)}").ConfigureAwait(false);
        return same.Count > 1 ? (same[0], same[^1]) : null;
    }

    /// <summary>
    /// Loads the staged rows into temporary tables and numbers the rows with the same hash. Returns how many rows repeat the request of a
    /// row before them.
    /// </summary>
    private async Task<long> LoadAsync(LedgerDatabase database, LedgerSession session)
    {
        session.Timeout = NoTimeout;
        await session.ExecuteAsync(LedgerSchema.CreateInputTable).ConfigureAwait(false);
        await database.InsertInputAsync(session, _rows.Read()).ConfigureAwait(false);
        await session.ExecuteAsync("CREATE INDEX input_position ON input (position)").ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            CREATE TEMPORARY TABLE numbered AS
            SELECT position, hash, occurrence, occurrence AS repetition
            FROM (SELECT position, hash, row_number() OVER (PARTITION BY hash ORDER BY position) AS occurrence FROM input) AS rows
            """).ConfigureAwait(false);
        long duplicates = await session.QueryNumberAsync("SELECT count(*) FROM numbered WHERE repetition > 1").ConfigureAwait(false) ?? 0;
        if (SkipDuplicates && duplicates > 0) await session.ExecuteAsync("DELETE FROM numbered WHERE repetition > 1").ConfigureAwait(false);
        if (_rows.MayHaveLegacyHash) await LegacyHashes.AdoptAsync(session).ConfigureAwait(false);
        await session.ExecuteAsync("CREATE UNIQUE INDEX numbered_hash ON numbered (hash, occurrence)").ConfigureAwait(false);
        await database.AnalyzeAsync(session, "input").ConfigureAwait(false);
        await database.AnalyzeAsync(session, "numbered").ConfigureAwait(false);
        return duplicates;
    }

    private static async Task ResetFailedAsync(LedgerSession session)
    {
        string retried =
            $"{LedgerColumns.StatusIn(BatchStage.Failed)} AND EXISTS (SELECT 1 FROM numbered n WHERE n.hash = items.hash AND n.occurrence = items.occurrence)";
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

    private static async Task MergeAsync(LedgerDatabase database, LedgerSession session)
    {
        string canChange = LedgerColumns.StatusIn(BatchStage.Pending, BatchStage.Uncertain);
        // Only changed rows are written, so that the same input again is cheap.
        await session.ExecuteAsync(
            $"""
            UPDATE items SET
                wanted = 1, position = s.position, source_file = s.source_file, source_line = s.source_line, source_row = s.source_row,
                request = CASE WHEN items.{canChange} AND items.worker IS NULL THEN s.request ELSE items.request END
            FROM numbered n JOIN input s ON s.position = n.position
            WHERE n.hash = items.hash AND n.occurrence = items.occurrence AND (
                items.wanted <> 1 OR items.position <> s.position OR items.source_file IS DISTINCT FROM s.source_file
                OR items.source_line IS DISTINCT FROM s.source_line OR items.source_row IS DISTINCT FROM s.source_row
                OR (items.{canChange} AND items.worker IS NULL AND items.request <> s.request))
            """).ConfigureAwait(false);
        int added = await session.ExecuteAsync(
            """
            INSERT INTO items (hash, occurrence, position, wanted, source_file, source_line, source_row, request, images, face, face_length, status)
            SELECT n.hash, n.occurrence, n.position, 1, s.source_file, s.source_line, s.source_row, s.request, s.images, s.face, s.face_length, 'Pending'
            FROM numbered n JOIN input s ON s.position = n.position
            WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.hash = n.hash AND i.occurrence = n.occurrence)
            ORDER BY n.position
            """).ConfigureAwait(false);
        // Workers that run the same batch at the same time process the rows of all inputs. A worker that may be dead does not count: at
        // worst its rows are not submitted.
        await session.ExecuteAsync(
            $"""
            UPDATE items SET wanted = 0
            WHERE wanted = 1
                AND NOT EXISTS (SELECT 1 FROM ({database.ResponsiveWorkersQuery}) AS alive WHERE alive.worker <> @worker)
                AND NOT EXISTS (SELECT 1 FROM numbered n WHERE n.hash = items.hash AND n.occurrence = items.occurrence)
            """, ("worker", database.Worker)).ConfigureAwait(false);
        if (added > 0) await database.AnalyzeAsync(session, "items").ConfigureAwait(false);
    }

    private async Task StoreFacesAsync(LedgerSession session)
    {
        if (!_rows.HasFaces) return;

        foreach (InputRow row in _rows.Read().Where(row => row.FaceBytes is not null))
        {
            await session.ExecuteAsync(
                "INSERT INTO faces (hash, bytes) VALUES (@hash, @bytes) ON CONFLICT DO NOTHING",
                ("hash", row.Face), ("bytes", row.FaceBytes)).ConfigureAwait(false);
        }
    }
}
