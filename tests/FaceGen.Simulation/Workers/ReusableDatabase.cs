using System.Data.Common;
using FaceGen.Batches.Ledgers;

namespace FaceGen.Simulation.Workers;

/// <summary>A store whose connections are kept for the next history when it is closed.</summary>
/// <param name="database">The store.</param>
/// <param name="close">Is called when it is closed.</param>
/// <param name="gateAsync">Is awaited before each statement that writes, and before the commit; null for nothing.</param>
internal sealed class ReusableDatabase(LedgerDatabase database, Func<Task> close, Func<DbConnection, string, Task>? gateAsync = null) : LedgerDatabase
{
    internal override string Name => database.Name;

    internal override bool IsShared => database.IsShared;

    internal override long Worker => database.Worker;

    internal override string LiveWorkersQuery => database.LiveWorkersQuery;

    internal override string IsWorkerRunning => database.IsWorkerRunning;

    internal override string ResponsiveWorkersQuery => database.ResponsiveWorkersQuery;

    internal override string RowLockClause => database.RowLockClause;

    internal override string CaseFoldFunction => database.CaseFoldFunction;

    internal override Task LockAsync(LedgerSession session, string key) => database.LockAsync(session, key);

    internal override Task VerifyIdentityAsync(LedgerSession session) => database.VerifyIdentityAsync(session);

    internal override Task AnalyzeAsync(LedgerSession session, string table) => database.AnalyzeAsync(session, table);

    internal override bool IsUniqueViolation(DbException error) => database.IsUniqueViolation(error);

    internal override Task<T> WriteAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        database.WriteAsync(Gate(work), cancellationToken);

    internal override Task<T> WriteGroupedAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        database.WriteGroupedAsync(Gate(work), cancellationToken);

    internal override Task<T> WriteWithInputAsync<T>(InputStage input, Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        database.WriteWithInputAsync(input, Gate(work), cancellationToken);

    internal override Task<T> ReadWithInputAsync<T>(InputStage input, Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) =>
        database.ReadWithInputAsync(input, work, cancellationToken);

    internal override Task<T> ReadAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) => database.ReadAsync(work, cancellationToken);

    public override ValueTask DisposeAsync() => new(close());

    private Func<LedgerSession, Task<T>> Gate<T>(Func<LedgerSession, Task<T>> work) => gateAsync is null ? work : async session =>
    {
        DbConnection connection = session.Connection;
        T result = await work(new LedgerSession(
            connection, session.IsRepeat, session.CancellationToken, _ => new GatedCommand(connection.CreateCommand(), sql => gateAsync(connection, sql))));
        await gateAsync(connection, "COMMIT");
        return result;
    };
}
