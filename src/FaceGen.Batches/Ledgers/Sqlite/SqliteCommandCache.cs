using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>The commands of a connection by their SQL: a statement that comes with every row is compiled once.</summary>
internal sealed class SqliteCommandCache(SqliteConnection connection) : IDisposable
{
    /// <summary>More than there are; texts with numbers in them come and go.</summary>
    private const int Capacity = 64;

    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    /// <summary>A command without parameters, which stays this object's.</summary>
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
