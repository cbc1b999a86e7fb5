using System.Globalization;

namespace FaceGen.Batches.Ledgers;

/// <summary>
/// Recognizes rows that earlier versions of FaceGen entered under another hash: those versions took the line ends inside a
/// text and the signature of a link for a part of what a row asks for. Such rows keep their hash; the input's rows take it
/// over, so that nothing that was paid for is sent again.
/// </summary>
internal static class LegacyHashes
{
    /// <summary>How many rows one statement adds.</summary>
    private const int RowsPerStatement = 500;

    /// <summary>Gives the rows of the table <c>numbered</c> the hash and occurrence of the ledger's rows that ask for the same.</summary>
    internal static async Task AdoptAsync(LedgerSession session)
    {
        var text = new RequestSerializer();
        // A hash that the input has is not an earlier one. Of the others, only a carriage return or a query can make the hashes
        // differ. LIKE would take a backslash for its escape in one database only.
        List<(long Item, string? Hash)> rows = await session.QueryAsync(
            @"SELECT i.item, i.hash, i.request, i.face FROM items i LEFT JOIN numbered n ON n.hash = i.hash
            WHERE n.hash IS NULL AND (i.request LIKE '%?%' OR replace(i.request, '\r', '') <> i.request)",
            row => (row.GetInt64(0), text.ComputeHash(row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3)) is { } hash && hash != row.GetString(1) ? hash : null)).ConfigureAwait(false);
        rows.RemoveAll(row => row.Hash is null);
        if (rows.Count == 0) return;

        await session.ExecuteAsync("CREATE TEMPORARY TABLE earlier (item BIGINT PRIMARY KEY, hash TEXT NOT NULL)").ConfigureAwait(false);
        for (int first = 0; first < rows.Count; first += RowsPerStatement)
        {
            // Numbers and hexadecimal hashes: nothing in them needs a parameter.
            IEnumerable<string> values = rows.Skip(first).Take(RowsPerStatement)
                .Select(row => string.Format(CultureInfo.InvariantCulture, "({0}, '{1}')", row.Item, row.Hash));
            await session.ExecuteAsync($"INSERT INTO earlier (item, hash) VALUES {string.Join(", ", values)}").ConfigureAwait(false);
        }

        await session.ExecuteAsync(
            "INSERT INTO earlier (item, hash) SELECT item, hash FROM items WHERE hash IN (SELECT hash FROM earlier) AND item NOT IN (SELECT item FROM earlier)").ConfigureAwait(false);
        // Of several rows that ask for the same, the one that was paid for comes first: the input may have fewer of them.
        await session.ExecuteAsync(
            """
            CREATE TEMPORARY TABLE recognized AS
            SELECT i.item, i.hash AS own_hash, i.occurrence AS own_occurrence, e.hash, row_number() OVER (PARTITION BY e.hash ORDER BY
                CASE WHEN i.status IN ('Saved', 'Filtered', 'Generated', 'Submitted', 'Submitting') THEN 0
                    WHEN i.status = 'Uncertain' THEN 1 WHEN i.status = 'Pending' THEN 3 ELSE 2 END, i.item) AS occurrence
            FROM earlier e JOIN items i ON i.item = e.item
            """).ConfigureAwait(false);
        await session.ExecuteAsync("CREATE UNIQUE INDEX recognized_hash ON recognized (hash, occurrence)").ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            UPDATE numbered SET hash = r.own_hash, occurrence = r.own_occurrence
            FROM recognized r WHERE r.hash = numbered.hash AND r.occurrence = numbered.occurrence
            """).ConfigureAwait(false);
        await session.ExecuteAsync("DROP TABLE recognized").ConfigureAwait(false);
        await session.ExecuteAsync("DROP TABLE earlier").ConfigureAwait(false);
    }
}
