using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace FaceGen.Simulation.Workers;

/// <summary>A statement that waits before it is sent.</summary>
/// <param name="command">The statement.</param>
/// <param name="gateAsync">Waits.</param>
internal sealed class GatedCommand(DbCommand command, Func<string, Task> gateAsync) : DbCommand
{
    [AllowNull]
    public override string CommandText { get => command.CommandText; set => command.CommandText = value; }

    public override int CommandTimeout { get => command.CommandTimeout; set => command.CommandTimeout = value; }

    public override CommandType CommandType { get => command.CommandType; set => command.CommandType = value; }

    public override bool DesignTimeVisible { get => command.DesignTimeVisible; set => command.DesignTimeVisible = value; }

    public override UpdateRowSource UpdatedRowSource { get => command.UpdatedRowSource; set => command.UpdatedRowSource = value; }

    protected override DbConnection? DbConnection { get => command.Connection; set => command.Connection = value; }

    protected override DbParameterCollection DbParameterCollection => command.Parameters;

    protected override DbTransaction? DbTransaction { get => command.Transaction; set => command.Transaction = value; }

    public override void Cancel() => command.Cancel();

    public override void Prepare() => command.Prepare();

    public override int ExecuteNonQuery() => throw new NotSupportedException();

    public override object? ExecuteScalar() => throw new NotSupportedException();

    public override async Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken)
    {
        await gateAsync(CommandText);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken)
    {
        await gateAsync(CommandText);
        return await command.ExecuteReaderAsync(behavior, cancellationToken);
    }

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => throw new NotSupportedException();

    protected override DbParameter CreateDbParameter() => command.CreateParameter();

    protected override void Dispose(bool disposing)
    {
        if (disposing) command.Dispose();
        base.Dispose(disposing);
    }
}
