using System.Data.Common;

namespace FaceGen.Batches.Ledgers;

/// <summary>The database below a ledger: what SQLite and PostgreSQL do not have in common.</summary>
internal abstract class LedgerDatabase : IAsyncDisposable
{
    /// <inheritdoc cref="ILedger.Name"/>
    internal abstract string Name { get; }

    /// <summary>The number of this worker; 0 where the ledger is only read.</summary>
    internal abstract long Worker { get; }

    /// <inheritdoc cref="ILedger.IsShared"/>
    internal abstract bool IsShared { get; }

    /// <summary>A query of the numbers of all workers that are alive.</summary>
    internal abstract string LiveWorkersQuery { get; }

    /// <summary>What holds for a row whose worker is no longer alive.</summary>
    internal string IsWorkerDead => $"worker IS NOT NULL AND worker NOT IN ({LiveWorkersQuery})";

    /// <summary>All that are alive, without those that have not been heard of and are only not taken for dead yet.</summary>
    internal virtual string ResponsiveWorkersQuery => LiveWorkersQuery;

    /// <summary>What ends a query that takes rows, where several workers could want the same ones.</summary>
    internal abstract string RowLockClause { get; }

    /// <summary>Waits until no other transaction is past this point with the same text.</summary>
    internal abstract Task LockAsync(LedgerSession session, string key);

    /// <summary>
    /// Makes sure that the ledger is still the one that was opened, before rows are claimed: what is claimed is submitted.
    /// </summary>
    /// <exception cref="FaceGen.FaceGenException">It was moved, deleted or replaced, or another run has opened it.</exception>
    internal virtual Task VerifyIdentityAsync(LedgerSession session) => Task.CompletedTask;

    /// <summary>Adds rows to the temporary table that <see cref="LedgerSchema.CreateInputTable"/> makes.</summary>
    internal abstract Task InsertInputAsync(LedgerSession session, IEnumerable<InputRow> rows);

    /// <summary>Lets the database know how many rows a table has now, where it plans its queries by that.</summary>
    internal abstract Task AnalyzeAsync(LedgerSession session, string table);

    /// <summary>Whether a statement failed because a value has to be unique.</summary>
    internal abstract bool IsUniqueViolation(DbException error);

    /// <summary>
    /// Does work in one transaction, which has reached the disk when this returns. Where the connection is lost the work
    /// is done again.
    /// </summary>
    internal abstract Task<T> WriteAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>Does work in one transaction that leaves nothing behind.</summary>
    internal abstract Task<T> ReadAsync<T>(Func<LedgerSession, Task<T>> work, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
