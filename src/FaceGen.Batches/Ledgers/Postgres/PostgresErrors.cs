using System.Data;
using System.Net.Sockets;
using FaceGen.Contract;
using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>What PostgreSQL's errors mean for a ledger.</summary>
internal static class PostgresErrors
{
    /// <summary>Whether the connection was lost or could not be had, which may be mended by itself.</summary>
    internal static bool IsConnectionLost(Exception error, NpgsqlConnection? connection) => error switch
    {
        FaceGenException or OperationCanceledException => false,
        PostgresException refused when IsStartupRefusal(refused) => false,
        // Connection exceptions, too many connections, the server's shutdown and start, and its time limits for transactions.
        PostgresException refused => HasSqlState(refused, "08", "53300", "57P", "25P03", "25P04"),
        NpgsqlException { IsTransient: true } or SocketException or IOException or TimeoutException => true,
        // Of several hosts: what each of them said, or nothing where all were found to be away just before.
        NpgsqlException { InnerException: AggregateException several } => several.InnerExceptions.Any(each => IsConnectionLost(each, null)),
        NpgsqlException { InnerException: null } none when none.Message.Contains("suitable host") => true,
        // Whatever says that a connection is gone while it is used.
        _ => connection is not null && connection.State != ConnectionState.Open && connection.FullState.HasFlag(ConnectionState.Broken),
    };

    /// <summary>Whether the transaction stood in another one's way, and can be done again at once.</summary>
    internal static bool IsConflict(Exception error) => error is PostgresException refused && HasSqlState(refused, "40", "55P03", "57014");

    internal static FaceGenException CreateUnreachableError(string name, Exception error) =>
        new(ErrorCode.LedgerUnreachable, $"The ledger's database '{name}' cannot be reached: {Describe(error)}.", error);

    /// <summary>The error in FaceGen's words; null where it is no expected one.</summary>
    internal static FaceGenException? Explain(Exception error, string name) => error switch
    {
        FaceGenException known => known,
        PostgresException refused when HasSqlState(refused, "28", "3D000") || IsStartupRefusal(refused) =>
            new(ErrorCode.LedgerUnreachable, $"The ledger's database '{name}' refuses the connection: {Describe(error)}.", error),
        PostgresException refused when HasSqlState(refused, "42P01", "42703", "3F000") =>
            new(ErrorCode.LedgerInvalid, $"'{name}' is no whole ledger: {Describe(error)}.", error),
        PostgresException refused when HasSqlState(refused, "XX001", "XX002", "58P01") =>
            new(ErrorCode.LedgerInvalid, $"The ledger '{name}' is damaged and was left as it is: {Describe(error)}.", error),
        NpgsqlException => new(
            ErrorCode.LedgerNotWritten,
            $"The ledger '{name}' could not be used: {Describe(error)}. Nothing that it holds was lost; the same command goes on when that is mended.",
            error),
        _ => null,
    };

    /// <summary>The server's or the driver's own words, which never hold the password.</summary>
    internal static string Describe(Exception error) => error is NpgsqlException { InnerException: AggregateException several }
        ? string.Join("; ", several.InnerExceptions.Select(Describe).Distinct())
        : DisplayText.Clean(error is PostgresException refused ? refused.MessageText : error.Message, 300).TrimEnd('.');

    /// <summary>True if a pooler does not forward an option of the connection string to the server; it never will.</summary>
    private static bool IsStartupRefusal(PostgresException error) => error.MessageText.Contains("unsupported startup parameter");

    private static bool HasSqlState(PostgresException error, params string[] states) =>
        states.Any(state => error.SqlState.StartsWith(state, StringComparison.Ordinal));
}
