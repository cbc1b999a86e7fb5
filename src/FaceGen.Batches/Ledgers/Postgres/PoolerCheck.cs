using System.Globalization;
using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>
/// Checks that a connection keeps its server session from one transaction to the next. Behind a pooler in transaction or statement mode
/// it does not, so that a worker would use the lock, schema and settings of other clients.
/// </summary>
internal static class PoolerCheck
{
    /// <summary>Selects an identifier of the session: the process id alone may occur on several servers behind one name.</summary>
    private const string SessionQuery = "SELECT pg_backend_pid(), CAST(pg_postmaster_start_time() AS text)";

    /// <summary>The timeout of one query.</summary>
    private const int QueryTimeoutSeconds = 10;

    /// <summary>
    /// Throws if connections share sessions. Nothing is set on the sessions, which may belong to other programs.
    /// </summary>
    /// <exception cref="FaceGenException">The connections share sessions.</exception>
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
            // The error of PgBouncer in statement mode.
            throw CreateError(name);
        }
    }

    /// <summary>
    /// Returns true if two open connections used one session, or one of them used two. A pooler returns either the session that was used
    /// last, which the other connection gets next, or the one that was unused for longest, so that one connection gets two. The check
    /// queries in both orders, and while a transaction holds a session.
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
        $"The ledger's database '{name}' is behind a connection pooler in transaction or statement mode (such as PgBouncer's pool_mode), "
        + "where a transaction does not keep the settings of the one before it. Nothing was sent. Connect to the server directly, or to a "
        + "pooler in session mode: hosted databases have another host or port for it.");
}
