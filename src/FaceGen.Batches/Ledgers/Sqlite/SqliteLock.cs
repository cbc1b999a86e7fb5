using FaceGen.Contract;
using FaceGen.Http;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>
/// The lock of a ledger's file: one run at a time. The system frees it when the process dies, however it dies; so all
/// other workers of the ledger are dead.
/// </summary>
internal static class SqliteLock
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Takes the lock, and waits a moment for a run that is just ending.</summary>
    /// <exception cref="FaceGenException">Another run has it.</exception>
    internal static async Task<FileStream> TakeAsync(string path, TimeProvider time, CancellationToken cancel)
    {
        for (DateTimeOffset end = time.GetUtcNow() + Patience; ;)
        {
            try
            {
                return OwnersFile.Lock(path + ".lock");
            }
            catch (IOException e) when (IsTaken(e))
            {
                if (time.GetUtcNow() >= end) throw InUse(path, e);
            }

            await time.Wait(Pause, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Sharing or lock violation of Windows; the "try again" of Linux and macOS.</summary>
    private static bool IsTaken(IOException error) => (error.HResult & 0xFFFF) is 32 or 33 || error.HResult is 11 or 35;

    private static FaceGenException InUse(string path, Exception error) => new(
        ErrorCode.LedgerInUse,
        $"Another run works on the ledger '{path}'{Who(path)}. Wait for it or end it; on several machines at a time, "
        + "a batch runs with a ledger on PostgreSQL.",
        error);

    private static string Who(string path)
    {
        try
        {
            using SqliteConnection connection = SqliteDatabase.Open(path, SqliteOpenMode.ReadOnly);
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "SELECT machine, process FROM workers WHERE ended_at IS NULL ORDER BY worker DESC LIMIT 1";
            using SqliteDataReader worker = command.ExecuteReader();
            return worker.Read() ? $": process {worker.GetInt64(1)} on {worker.GetString(0)}" : "";
        }
        catch (SqliteException)
        {
            // It is only just being made.
            return "";
        }
    }
}
