using System.Data;
using System.Data.Common;
using System.Text;

namespace FaceGen.Batches.Ledgers;

/// <summary>Executes SQL on a connection inside a transaction.</summary>
/// <param name="connection">The connection.</param>
/// <param name="isRepeat">True if the same work lost its connection before: it may have been committed all the same.</param>
/// <param name="cancellationToken">Cancels the statements.</param>
/// <param name="getCommand">Returns a cached command, which its cache disposes of; null to create a command for each statement.</param>
/// <param name="executeAsync">Executes a statement together with those of other sessions; null to execute it alone.</param>
internal sealed class LedgerSession(
    DbConnection connection, bool isRepeat, CancellationToken cancellationToken, Func<string, DbCommand>? getCommand = null,
    Func<string, (string Name, object? Value)[], Task<int>>? executeAsync = null)
{
    internal DbConnection Connection => connection;

    internal bool IsRepeat => isRepeat;

    internal CancellationToken CancellationToken => cancellationToken;

    /// <summary>Gets or sets the timeout of a statement; null for the connection's timeout.</summary>
    internal TimeSpan? Timeout { get; set; }

    /// <summary>Executes a statement and returns the number of changed rows.</summary>
    internal async Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] values)
    {
        if (executeAsync is not null) return await executeAsync(sql, values).ConfigureAwait(false);

        DbCommand command = CreateCommand(sql, values);
        using DbCommand? owned = getCommand is null ? command : null;
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns all rows of a query.</summary>
    internal async Task<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] values)
    {
        DbCommand command = CreateCommand(sql, values);
        using DbCommand? owned = getCommand is null ? command : null;
        using DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        List<T> rows = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) rows.Add(read(reader));
        return rows;
    }

    /// <summary>Returns the number that a query selects; null if it selects none.</summary>
    internal async Task<long?> QueryNumberAsync(string sql, params (string Name, object? Value)[] values)
    {
        List<long?> numbers = await QueryAsync(sql, row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), values).ConfigureAwait(false);
        return numbers.Count == 0 ? null : numbers[0];
    }

    /// <summary>Returns the value of a parameter: a null has a type too, since PostgreSQL executes a prepared statement only with the types of its first values.</summary>
    internal static object ToValue(string? text) => text ?? (object)DbType.String;

    /// <inheritdoc cref="ToValue(string?)"/>
    internal static object ToValue(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() ?? (object)DbType.Int64;

    /// <summary>Returns a text that both databases can store: without NUL and without half of a surrogate pair.</summary>
    internal static string ToStorable(string text)
    {
        bool isSound = true;
        foreach (char character in text) isSound &= character != '\0' && !char.IsSurrogate(character);
        return isSound ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
    }

    /// <summary>Adds the parameters of a statement.</summary>
    internal static void AddParameters(DbParameterCollection parameters, Func<DbParameter> create, (string Name, object? Value)[] values)
    {
        foreach ((string name, object? value) in values)
        {
            DbParameter parameter = create();
            parameter.ParameterName = name;
            if (value is DbType type) parameter.DbType = type;
            parameter.Value = value switch { string text => ToStorable(text), null or DbType => DBNull.Value, _ => value };
            parameters.Add(parameter);
        }
    }

    private DbCommand CreateCommand(string sql, (string Name, object? Value)[] values)
    {
        DbCommand command = getCommand?.Invoke(sql) ?? connection.CreateCommand();
        command.CommandText = sql;
        if (Timeout is { } timeout) command.CommandTimeout = (int)timeout.TotalSeconds;
        AddParameters(command.Parameters, command.CreateParameter, values);
        return command;
    }
}
