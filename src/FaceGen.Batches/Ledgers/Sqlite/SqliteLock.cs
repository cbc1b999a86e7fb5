using System.Text;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Ledgers.Sqlite;

/// <summary>
/// The lock of a ledger's file, which allows one run at a time. The system releases it when the process dies, so that all other workers
/// of the ledger are dead. The lock file also contains the run's <see cref="CommitMark"/>.
/// </summary>
internal sealed class SqliteLock : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    private readonly FileStream _file;

    private SqliteLock(string path, FileStream file) => (Path, _file) = (path, file);

    /// <summary>Gets the path of the ledger.</summary>
    internal string Path { get; }

    /// <summary>Returns the path of a ledger's lock file.</summary>
    internal static string PathOf(string path) => path + ".lock";

    /// <summary>Acquires the lock, and waits a moment for a run that is ending.</summary>
    /// <exception cref="FaceGenException">Another run holds it.</exception>
    internal static async Task<SqliteLock> AcquireAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        for (DateTimeOffset end = time.GetUtcNow() + Timeout; ;)
        {
            try
            {
                return new SqliteLock(path, PrivateFile.OpenExclusive(PathOf(path)));
            }
            catch (IOException e) when (IsHeld(e))
            {
                if (time.GetUtcNow() >= end) throw CreateInUseError(path, e);
            }

            await time.DelayAsync(RetryDelay, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>True if a run holds the lock of a ledger. The lock itself is not changed.</summary>
    internal static bool IsHeld(string path)
    {
        try
        {
            // A run that begins now waits a moment for the file.
            using var stream = new FileStream(PathOf(path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return false;
        }
        catch (IOException e)
        {
            return IsHeld(e);
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's lock file does not show whether a run works.
            return false;
        }
    }

    /// <summary>Returns the mark of a ledger that the caller does not lock; null if there is none, or if a run holds the lock.</summary>
    internal static CommitMark? PeekMark(string path)
    {
        string file = PathOf(path);
        if (!File.Exists(file)) return null;

        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return ReadMark(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The run that holds the lock has checked the mark.
            return null;
        }
    }

    /// <summary>Returns the mark that an earlier run left; null if there is none.</summary>
    internal CommitMark? ReadMark() => ReadMark(_file);

    /// <summary>Writes a mark, which is on disk when this returns.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    internal void WriteMark(CommitMark mark)
    {
        byte[] text = Encoding.ASCII.GetBytes(mark.ToString());
        _file.Position = 0;
        _file.Write(text, 0, text.Length);
        _file.SetLength(text.Length);
        _file.Flush(flushToDisk: true);
    }

    /// <summary>Removes the mark: the database is complete without a <c>-wal</c> file, or is about to be created.</summary>
    internal void ClearMark() => _file.SetLength(0);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static CommitMark? ReadMark(FileStream file)
    {
        file.Position = 0;
        using var reader = new StreamReader(file, Encoding.ASCII, detectEncodingFromByteOrderMarks: false, bufferSize: 256, leaveOpen: true);
        return CommitMark.Parse(reader.ReadToEnd());
    }

    /// <summary>Returns true for a sharing or lock violation of Windows, and for EAGAIN of Linux and macOS.</summary>
    private static bool IsHeld(IOException error) => (error.HResult & 0xFFFF) is 32 or 33 || error.HResult is 11 or 35;

    private static FaceGenException CreateInUseError(string path, Exception error) => new(
        ErrorCode.LedgerInUse,
        $"Another run uses the ledger '{path}'{DescribeHolder(path)}. Nothing was sent. Wait until it has ended, or stop it. To run a batch on several "
        + "machines at the same time, use a ledger on PostgreSQL.",
        error);

    private static string DescribeHolder(string path)
    {
        try
        {
            using SqliteConnection connection = SqliteConnections.Open(path, SqliteOpenMode.ReadOnly);
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "SELECT machine, process FROM workers WHERE ended_at IS NULL ORDER BY worker DESC LIMIT 1";
            using SqliteDataReader worker = command.ExecuteReader();
            return worker.Read() ? $": process {worker.GetInt64(1)} on {worker.GetString(0)}" : "";
        }
        catch (SqliteException)
        {
            // The ledger is being created.
            return "";
        }
    }
}
