using System.Data.Common;

namespace FaceGen.Simulation.Workers;

/// <summary>A row in the database.</summary>
/// <param name="Item">The ledger's number of the row.</param>
/// <param name="Row">The row of the input, from 1.</param>
/// <param name="Status">The status.</param>
/// <param name="Attempts">How often it was submitted.</param>
/// <param name="Worker">The number of the worker that holds it; null if none does.</param>
/// <param name="Fence">The fence of the last claim.</param>
/// <param name="GenerationId">The service's id.</param>
internal sealed record WorkerRow(long Item, int Row, BatchItemStatus Status, long Attempts, long? Worker, long Fence, string? GenerationId)
{
    /// <summary>Selects all rows, in SQL that both databases understand.</summary>
    internal const string Query = "SELECT item, source_row, status, attempts, worker, fence, generation_id FROM items ORDER BY item";

    internal static async Task<WorkerRow[]> ReadAsync(DbCommand query)
    {
        await using DbDataReader reader = await query.ExecuteReaderAsync();
        List<WorkerRow> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(new WorkerRow(
                reader.GetInt64(0), (int)reader.GetInt64(1), Enum.Parse<BatchItemStatus>(reader.GetString(2)), reader.GetInt64(3),
                reader.IsDBNull(4) ? null : reader.GetInt64(4), reader.GetInt64(5), reader.IsDBNull(6) ? null : reader.GetString(6)));
        }

        return [.. rows];
    }
}
