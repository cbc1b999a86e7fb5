using System.Data.Common;

namespace FaceGen.Batches.Ledgers;

/// <summary>
/// The database of a ledger: the part that differs between SQLite and PostgreSQL. The SQL that both share is in
/// <see cref="DatabaseLedger"/> and <see cref="LedgerInput"/>, and uses what only these two have in common.
/// </summary>
internal abstract class LedgerDatabase : IAsyncDisposable
{
    /// <inheritdoc cref="ILedger.Name"/>
    internal abstract string Name { get; }

    /// <summary>Gets the number of this worker; 0 if the ledger is only read.</summary>
    internal abstract long Worker { get; }

    /// <inheritdoc cref="ILedger.IsShared"/>
    internal abstract bool IsShared { get; }

    /// <summary>Gets a query of the numbers of all live workers.</summary>
    internal abstract string LiveWorkersQuery { get; }

    /// <summary>Gets the filter of rows whose worker is dead.</summary>
    internal string IsWorkerDead => $"worker IS NOT NULL AND worker NOT IN ({LiveWorkersQuery})";

    /// <summary>Gets a query of the live workers without those that are silent and only not declared dead yet.</summary>
    internal virtual string ResponsiveWorkersQuery => LiveWorkersQuery;

    /// <summary>Gets the filter of the workers that work now.</summary>
    internal abstract string IsWorkerRunning { get; }

    /// <summary>Gets the clause that ends a query that claims rows, so that two workers do not claim the same ones.</summary>
    internal abstract string RowLockClause { get; }

    /// <summary>Gets the SQL function that makes paths equal that differ only in case.</summary>
    internal abstract string CaseFoldFunction { get; }

    /// <summary>Waits until no other transaction holds the lock of a key, and holds it until the end of this one.</summary>
    internal abstract Task LockAsync(LedgerSession session, string key);

    /// <summary>
    /// Throws if the ledger was moved, deleted or replaced since it was opened. Called before rows are claimed, because a claimed row is submitted.
    /// </summary>
    /// <exception cref="FaceGenException">The ledger was moved, deleted or replaced, or another run has opened it.</exception>
    internal virtual Task VerifyIdentityAsync(LedgerSession session) => Task.CompletedTask;

    /// <summary>Updates the database's statistics of a table, if it plans queries by them.</summary>
    internal abstract Task AnalyzeAsync(LedgerSession session, string table);

    /// <summary>True if a statement failed because a value is not unique.</summary>
    internal abstract bool IsUniqueViolation(DbException error);

    /// <summary>
    /// Runs work in one transaction, which is on disk when this returns. After a lost connection the work is repeated.
    /// </summary>
    internal abstract Task<T> WriteAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// The same as <see cref="WriteAsync"/>, possibly in one transaction with other works, for work that locks only rows of this worker
    /// and only executes statements, without queries.
    /// </summary>
    internal virtual Task<T> WriteGroupedAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken) => WriteAsync(work, cancellationToken);

    /// <summary>Runs work in one transaction, which is rolled back.</summary>
    internal abstract Task<T> ReadAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>The same as <see cref="WriteAsync"/>, with the table <see cref="LedgerSchema.CreateInput"/> of the staged rows.</summary>
    internal abstract Task<T> WriteWithInputAsync<T>(InputStage input, Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>The same as <see cref="ReadAsync"/>, with the table <see cref="LedgerSchema.CreateInput"/> of the staged rows.</summary>
    internal abstract Task<T> ReadWithInputAsync<T>(InputStage input, Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
