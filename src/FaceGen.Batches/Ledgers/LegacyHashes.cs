using System.Globalization;
using FaceGen.BatchModel;

namespace FaceGen.Batches.Ledgers;

/// <summary>
/// Recognizes rows that earlier versions of FaceGen stored under another hash, which included line ends and the signature of a link.
/// The rows of the ledger keep their hash, and the rows of the input get it too, so that no paid row is submitted again.
/// </summary>
internal static class LegacyHashes
{
    /// <summary>The number of rows that one statement inserts.</summary>
    private const int RowsPerStatement = 500;

    /// <summary>Sets the hash and occurrence of rows of the table <c>input</c> to those of the ledger's rows with the same request.</summary>
    internal static async Task AdoptAsync(LedgerSession session)
    {
        var text = new RequestSerializer();
        // A hash that the input contains is not a legacy one. Of the others, only a carriage return or a query can make the hashes
        // differ. (LIKE treats a backslash as its escape in one database only.)
        List<(long Item, string? Hash)> rows = await session.QueryAsync(
            @"SELECT i.item, i.hash, i.request, i.face FROM items i LEFT JOIN input n ON n.hash = i.hash
            WHERE n.hash IS NULL AND (i.request LIKE '%?%' OR replace(i.request, '\r', '') <> i.request)",
            row => (row.GetInt64(0), text.ComputeHash(row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3)) is { } hash && hash != row.GetString(1) ? hash : null)).ConfigureAwait(false);
        rows.RemoveAll(row => row.Hash is null);
        if (rows.Count == 0) return;

        await session.ExecuteAsync("CREATE TEMPORARY TABLE earlier (item BIGINT PRIMARY KEY, hash TEXT NOT NULL)").ConfigureAwait(false);
        for (int first = 0; first < rows.Count; first += RowsPerStatement)
        {
            // Numbers and hexadecimal hashes need no parameters.
            IEnumerable<string> values = rows.Skip(first).Take(RowsPerStatement)
                .Select(row => string.Format(CultureInfo.InvariantCulture, "({0}, '{1}')", row.Item, row.Hash));
            await session.ExecuteAsync($"INSERT INTO earlier (item, hash) VALUES {string.Join(", ", values)}").ConfigureAwait(false);
        }

        await session.ExecuteAsync(
            "INSERT INTO earlier (item, hash) SELECT item, hash FROM items WHERE hash IN (SELECT hash FROM earlier) AND item NOT IN (SELECT item FROM earlier)").ConfigureAwait(false);
        // Of several rows with the same request the paid ones come first, since the input may have fewer of them.
        await session.ExecuteAsync(
            $"""
            CREATE TEMPORARY TABLE recognized AS
            SELECT i.item, i.hash AS own_hash, i.occurrence AS own_occurrence, e.hash, row_number() OVER (PARTITION BY e.hash ORDER BY
                CASE WHEN i.{LedgerColumns.StatusIn(BatchStage.InFlight, BatchStage.Accepted, BatchStage.Saved)} THEN 0
                    WHEN i.{LedgerColumns.StatusIn(BatchStage.Uncertain)} THEN 1 WHEN i.{LedgerColumns.StatusIn(BatchStage.Pending)} THEN 3 ELSE 2 END, i.item) AS occurrence
            FROM earlier e JOIN items i ON i.item = e.item
            """).ConfigureAwait(false);
        await session.ExecuteAsync("CREATE UNIQUE INDEX recognized_hash ON recognized (hash, occurrence)").ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            UPDATE input SET hash = r.own_hash, occurrence = r.own_occurrence
            FROM recognized r WHERE r.hash = input.hash AND r.occurrence = input.occurrence
            """).ConfigureAwait(false);
        await session.ExecuteAsync("DROP TABLE recognized").ConfigureAwait(false);
        await session.ExecuteAsync("DROP TABLE earlier").ConfigureAwait(false);
    }
}
