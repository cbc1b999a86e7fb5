using System.Data;
using System.Net.Sockets;
using FaceGen.Contract;
using Npgsql;

namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>Classifies PostgreSQL's errors.</summary>
internal static class PostgresErrors
{
    /// <summary>Returns true if the connection was lost or could not be opened, which may be temporary.</summary>
    internal static bool IsConnectionLost(Exception error, NpgsqlConnection? connection) => error switch
    {
        FaceGenException or OperationCanceledException => false,
        PostgresException refused when IsStartupRefusal(refused) => false,
        // Connection exceptions, too many connections, shutdown and start of the server, and its timeouts of transactions.
        PostgresException refused => HasSqlState(refused, "08", "53300", "57P", "25P03", "25P04"),
        NpgsqlException { IsTransient: true } or SocketException or IOException or TimeoutException => true,
        // With several hosts: the error of each one, or none if all were marked as unreachable just before.
        NpgsqlException { InnerException: AggregateException several } => several.InnerExceptions.Any(each => IsConnectionLost(each, null)),
        NpgsqlException { InnerException: null } none when none.Message.Contains("suitable host") => true,
        // Any other error with which a connection breaks.
        _ => connection is not null && connection.State != ConnectionState.Open && connection.FullState.HasFlag(ConnectionState.Broken),
    };

    /// <summary>Returns true if the transaction conflicted with another one, and can be repeated at once.</summary>
    internal static bool IsConflict(Exception error) => error is PostgresException refused && HasSqlState(refused, "40", "55P03", "57014");

    internal static FaceGenException CreateUnreachableError(string name, Exception error) =>
        new(ErrorCode.LedgerUnreachable, $"The ledger's database '{name}' is unreachable: {Describe(error)}. Nothing more is submitted. Check the address and the server.", error);

    /// <summary>Returns FaceGen's error for an expected exception; null for another one.</summary>
    internal static FaceGenException? Explain(Exception error, string name) => error switch
    {
        FaceGenException known => known,
        PostgresException refused when HasSqlState(refused, "28", "3D000") || IsStartupRefusal(refused) =>
            new(ErrorCode.LedgerUnreachable, $"The ledger's database '{name}' refuses the connection: {Describe(error)}. Nothing was sent. Correct the connection string or the rights.", error),
        PostgresException refused when HasSqlState(refused, "42P01", "42703", "3F000") =>
            new(ErrorCode.LedgerInvalid, $"The ledger '{name}' is incomplete: {Describe(error)}. Restore it from a backup, or name another schema, whose new ledger would pay for every row again.", error),
        PostgresException refused when HasSqlState(refused, "XX001", "XX002", "58P01") =>
            new(ErrorCode.LedgerInvalid, $"The ledger '{name}' is damaged and was not changed: {Describe(error)}. Restore it from a backup. A new ledger would pay for every row again.", error),
        NpgsqlException => new(
            ErrorCode.LedgerNotWritten,
            $"The ledger '{name}' could not be used: {Describe(error)}. Nothing in it was lost. Remove the cause and run the same command again.",
            error),
        _ => null,
    };

    /// <summary>Returns the message of the server or the driver, which never contains the password.</summary>
    internal static string Describe(Exception error) => error is NpgsqlException { InnerException: AggregateException several }
        ? string.Join("; ", several.InnerExceptions.Select(Describe).Distinct())
        : DisplayText.Clean(error is PostgresException refused ? refused.MessageText : error.Message, 300).TrimEnd('.');

    /// <summary>Returns true if a pooler refuses an option of the connection string, which is not temporary.</summary>
    private static bool IsStartupRefusal(PostgresException error) => error.MessageText.Contains("unsupported startup parameter");

    private static bool HasSqlState(PostgresException error, params string[] states) =>
        states.Any(state => error.SqlState.StartsWith(state, StringComparison.Ordinal));
}
