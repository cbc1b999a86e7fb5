using System.Data.Common;
using FaceGen.Batches.Ledgers;

namespace FaceGen.Simulation.Workers;

/// <summary>A store whose connections are kept for the next history when it is closed.</summary>
/// <param name="store">The store.</param>
/// <param name="close">Is called when it is closed.</param>
/// <param name="gateAsync">Is awaited before each statement that writes, and before the commit; null for nothing.</param>
internal sealed class KeptStore(LedgerStore store, Func<Task> close, Func<DbConnection, string, Task>? gateAsync = null) : LedgerStore
{
    internal override string Name => store.Name;

    internal override bool IsShared => store.IsShared;

    internal override long Worker => store.Worker;

    internal override string Alive => store.Alive;

    internal override string HeardOf => store.HeardOf;

    internal override string Exclusively => store.Exclusively;

    internal override Task LockAsync(LedgerSession session, string text) => store.LockAsync(session, text);

    internal override Task ConfirmAsync(LedgerSession session) => store.ConfirmAsync(session);

    internal override Task FillAsync(LedgerSession session, IEnumerable<InputRow> rows) => store.FillAsync(session, rows);

    internal override Task MeasureAsync(LedgerSession session, string table) => store.MeasureAsync(session, table);

    internal override bool IsDuplicate(DbException error) => store.IsDuplicate(error);

    internal override Task<T> WriteAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancel) => store.WriteAsync(
        gateAsync is null ? work : async session =>
        {
            DbConnection connection = session.Connection;
            T result = await work(new LedgerSession(
                connection, session.IsRepeat, session.Cancel, _ => new GatedCommand(connection.CreateCommand(), sql => gateAsync(connection, sql))));
            await gateAsync(connection, "COMMIT");
            return result;
        }, cancel);

    internal override Task<T> ReadAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancel) => store.ReadAsync(work, cancel);

    public override ValueTask DisposeAsync() => new(close());
}
