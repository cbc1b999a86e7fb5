using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>
/// Identifies a commit that the ledger's database must contain. The lock file stores it, so that a database whose <c>-wal</c> file with
/// this commit is missing is not mistaken for a complete one.
/// </summary>
/// <param name="CreatedAt">When the ledger was created, which distinguishes it from another ledger at the same path.</param>
/// <param name="Worker">The number of the run.</param>
/// <param name="SeenAt">The run's <c>workers.seen_at</c>, which increases with each mark.</param>
internal sealed record CommitMark(long CreatedAt, long Worker, long SeenAt)
{
    private const string Prefix = "FaceGen ledger";

    /// <summary>Describes whether a database contains the commit of a mark.</summary>
    internal enum Presence
    {
        /// <summary>The database contains the commit.</summary>
        Present,

        /// <summary>The same ledger lacks the commit.</summary>
        Missing,

        /// <summary>The database is another ledger.</summary>
        OtherLedger,
    }

    /// <summary>Parses the result of <see cref="ToString"/>; null if it is incomplete.</summary>
    internal static CommitMark? Parse(string text)
    {
        // A truncated line has no end.
        string[] parts = text.Split(' ');
        return parts is ["FaceGen", "ledger", _, _, _, "\n"]
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out long createdAt)
            && long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out long worker)
            && long.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out long seenAt)
            ? new CommitMark(createdAt, worker, seenAt)
            : null;
    }

    /// <summary>Commits a new mark of a run to the database.</summary>
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

    /// <summary>Checks whether a database contains this commit.</summary>
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
