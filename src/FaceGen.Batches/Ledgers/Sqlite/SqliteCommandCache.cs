using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>Caches the commands of a connection by their SQL, so that a repeated statement is compiled once.</summary>
internal sealed class SqliteCommandCache(SqliteConnection connection) : IDisposable
{
    /// <summary>More than the fixed statements; those with numbers in their text are replaced.</summary>
    private const int Capacity = 64;

    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    /// <summary>Returns a command without parameters, which the cache owns.</summary>
    internal DbCommand Get(string sql)
    {
        if (!_commands.TryGetValue(sql, out SqliteCommand? command))
        {
            if (_commands.Count == Capacity) Dispose();
            command = connection.CreateCommand();
            command.CommandText = sql;
            _commands.Add(sql, command);
        }

        command.Parameters.Clear();
        return command;
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in _commands.Values) command.Dispose();
        _commands.Clear();
    }
}
