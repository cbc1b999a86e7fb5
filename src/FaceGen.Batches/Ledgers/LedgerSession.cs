using System.Data.Common;
using System.Text;

namespace FaceGen.Batches.Ledgers;

/// <summary>A connection inside a transaction, and what SQL needs of it.</summary>
/// <param name="connection">The connection.</param>
/// <param name="isRepeat">
/// Whether the same work was tried before and its connection was lost: it may have been done all the same.
/// </param>
/// <param name="cancellationToken">Ends what runs.</param>
/// <param name="getCommand">Gives a command of the connection that is kept by whoever gives it; null to make a new one each time.</param>
internal sealed class LedgerSession(
    DbConnection connection, bool isRepeat, CancellationToken cancellationToken, Func<string, DbCommand>? getCommand = null)
{
    internal DbConnection Connection => connection;

    internal bool IsRepeat => isRepeat;

    internal CancellationToken CancellationToken => cancellationToken;

    /// <summary>How long a statement may take; null for as long as the connection says.</summary>
    internal TimeSpan? Timeout { get; set; }

    /// <summary>Carries a statement out; gives the number of rows that it changed.</summary>
    internal async Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] values)
    {
        DbCommand command = CreateCommand(sql, values);
        using DbCommand? unkept = getCommand is null ? command : null;
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads all rows of a query.</summary>
    internal async Task<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] values)
    {
        DbCommand command = CreateCommand(sql, values);
        using DbCommand? unkept = getCommand is null ? command : null;
        using DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        List<T> rows = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) rows.Add(read(reader));
        return rows;
    }

    /// <summary>Reads the one number that a query gives; null where it gives none.</summary>
    internal async Task<long?> QueryNumberAsync(string sql, params (string Name, object? Value)[] values)
    {
        List<long?> numbers = await QueryAsync(sql, row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), values).ConfigureAwait(false);
        return numbers.Count == 0 ? null : numbers[0];
    }

    /// <summary>Text that both databases can hold: no NUL, and no half of a pair.</summary>
    internal static string ToStorable(string text)
    {
        bool isSound = true;
        foreach (char character in text) isSound &= character != '\0' && !char.IsSurrogate(character);
        return isSound ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
    }

    private DbCommand CreateCommand(string sql, (string Name, object? Value)[] values)
    {
        DbCommand command = getCommand?.Invoke(sql) ?? connection.CreateCommand();
        command.CommandText = sql;
        if (Timeout is { } patience) command.CommandTimeout = (int)patience.TotalSeconds;
        foreach ((string name, object? value) in values)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value is string text ? ToStorable(text) : value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
