using System.Globalization;
using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>
/// Finds out whether connections keep their session of the server from one transaction to the next. Behind a pooler in
/// transaction or statement mode they do not: then a worker's lock, its schema and its settings are those of others.
/// </summary>
internal static class PoolerCheck
{
    /// <summary>A session of a server: the number alone may occur on several servers behind one name.</summary>
    private const string SessionQuery = "SELECT pg_backend_pid(), CAST(pg_postmaster_start_time() AS text)";

    /// <summary>How long the server may take for one of the questions, in seconds.</summary>
    private const int QueryTimeoutSeconds = 10;

    /// <summary>
    /// Checks a connection string. Nothing is set on the sessions, which may be those of other programs.
    /// </summary>
    /// <exception cref="FaceGenException">The connections share their sessions.</exception>
    internal static async Task RunAsync(PostgresConnections connections, string name, CancellationToken cancellationToken)
    {
        using NpgsqlConnection first = await connections.OpenPlainAsync(cancellationToken).ConfigureAwait(false);
        using NpgsqlConnection second = await connections.OpenPlainAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await ShareSessionsAsync(first, second, cancellationToken).ConfigureAwait(false)) throw CreateError(name);
        }
        catch (PostgresException e) when (e.MessageText.Contains("transaction blocks not allowed"))
        {
            // PgBouncer's answer in statement mode.
            throw CreateError(name);
        }
    }

    /// <summary>
    /// True if two open connections were at one session, or one of them at two. A pool gives out either the session that was
    /// used last, which the other connection gets next; or the one that was not used for the longest time, so that a
    /// connection that asks twice gets two. It is asked in both orders, and while a transaction holds a session.
    /// </summary>
    private static async Task<bool> ShareSessionsAsync(NpgsqlConnection first, NpgsqlConnection second, CancellationToken cancellationToken)
    {
        Task<string> AskAsync(NpgsqlConnection connection) => ReadSessionAsync(connection, cancellationToken);

        string ofFirst = await AskAsync(first).ConfigureAwait(false);
        if (await AskAsync(first).ConfigureAwait(false) != ofFirst) return true;

        string ofSecond = await AskAsync(second).ConfigureAwait(false);
        if (ofSecond == ofFirst || await AskAsync(second).ConfigureAwait(false) != ofSecond) return true;
        if (await AskAsync(first).ConfigureAwait(false) != ofFirst) return true;

        using NpgsqlTransaction transaction = second.BeginTransaction();
        if (await AskAsync(second).ConfigureAwait(false) != ofSecond || await AskAsync(first).ConfigureAwait(false) != ofFirst) return true;

        await transaction.RollbackAsync(cancellationToken).ConfigureAwait(false);
        return await AskAsync(first).ConfigureAwait(false) != ofFirst || await AskAsync(second).ConfigureAwait(false) != ofSecond;
    }

    private static async Task<string> ReadSessionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = SessionQuery;
        command.CommandTimeout = QueryTimeoutSeconds;
        using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return string.Format(CultureInfo.InvariantCulture, "{0} {1}", reader.GetInt32(0), reader.GetString(1));
    }

    private static FaceGenException CreateError(string name) => new(
        ErrorCode.LedgerInvalid,
        $"The ledger's database '{name}' is reached through a connection pooler in transaction or statement mode (PgBouncer's pool_mode, "
        + "for instance), where one transaction does not find what the one before it has set. Nothing was sent. Connect to the server "
        + "itself, or to a pooler in session mode: hosted databases name another host or port for it.");
}
