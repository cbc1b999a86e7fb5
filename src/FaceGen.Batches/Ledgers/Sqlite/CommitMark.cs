using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>
/// Names a commit of a run that the ledger's database must hold. The lock file keeps it, so that a database without the
/// <c>-wal</c> file that held this commit is not taken for complete.
/// </summary>
/// <param name="CreatedAt">When the ledger was created, which distinguishes it from another ledger at the same path.</param>
/// <param name="Worker">The number of the run.</param>
/// <param name="SeenAt">The run's <c>workers.seen_at</c>, which grows with each mark.</param>
internal sealed record CommitMark(long CreatedAt, long Worker, long SeenAt)
{
    private const string Prefix = "FaceGen ledger";

    /// <summary>Compares a database with a mark.</summary>
    internal enum Presence
    {
        /// <summary>The database holds the commit.</summary>
        Present,

        /// <summary>It is the same ledger and lacks the commit.</summary>
        Missing,

        /// <summary>It is another ledger.</summary>
        OtherLedger,
    }

    /// <summary>Parses what <see cref="ToString"/> wrote; null if it is not whole.</summary>
    internal static CommitMark? Parse(string text)
    {
        // A line that was cut off has no end.
        string[] parts = text.Split(' ');
        return parts is ["FaceGen", "ledger", _, _, _, "\n"]
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out long createdAt)
            && long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out long worker)
            && long.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out long seenAt)
            ? new CommitMark(createdAt, worker, seenAt)
            : null;
    }

    /// <summary>Commits a new mark for a run in the database.</summary>
    internal static CommitMark Commit(SqliteConnection connection, long worker, TimeProvider time)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText =
            """
            UPDATE workers SET seen_at = max(@now, seen_at + 1) WHERE worker = @worker
            RETURNING (SELECT created_at FROM ledger), worker, seen_at
            """;
        command.Parameters.AddWithValue("now", time.GetUtcNow().ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("worker", worker);
        using SqliteDataReader row = command.ExecuteReader();
        row.Read();
        return new CommitMark(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
    }

    /// <summary>Compares a database with this mark.</summary>
    internal Presence FindIn(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT (SELECT created_at FROM ledger),
                EXISTS (SELECT 1 FROM workers WHERE worker > @worker OR (worker = @worker AND seen_at >= @seen_at))
            """;
        command.Parameters.AddWithValue("worker", Worker);
        command.Parameters.AddWithValue("seen_at", SeenAt);
        using SqliteDataReader row = command.ExecuteReader();
        row.Read();
        return row.IsDBNull(0) || row.GetInt64(0) != CreatedAt ? Presence.OtherLedger : row.GetInt64(1) == 1 ? Presence.Present : Presence.Missing;
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Prefix} {CreatedAt:D16} {Worker:D10} {SeenAt:D16} \n");
}
