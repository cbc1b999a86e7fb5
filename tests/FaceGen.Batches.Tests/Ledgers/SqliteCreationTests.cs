using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Sqlite;
using FaceGen.BatchModel;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>A process is killed while it creates a ledger, and the next run opens the remaining files.</summary>
/// <remarks>
/// The files are copied while SQLite's transaction is open, which is the state after a kill.
/// </remarks>
public sealed class SqliteCreationTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("facegen-creation-").FullName;

    private string Ledger => Path.Combine(_folder, "out", "batch.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData(".lock")]
    [InlineData(".lock", ".new")]
    [InlineData(".lock", ".new", ".new-journal")]
    [InlineData(".lock", ".new", ".new-wal", ".new-shm")]
    public async Task Creation_killed_before_rename_is_repeated(params string[] files)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        foreach (string length in new[] { "empty", "cut off" })
        {
            foreach (string file in files.Where(file => file.Length > 0))
                await File.WriteAllTextAsync(Ledger + file, length == "empty" || file == ".lock" ? "" : "half of a file");

            await AssertOpensAsync();

            foreach (string file in Directory.GetFiles(Path.GetDirectoryName(Ledger)!)) File.Delete(file);
        }
    }

    [Fact]
    public async Task Creation_sets_journal_mode_before_rename()
    {
        await using (SqliteLedgerDatabase store = await SqliteLedgerDatabase.OpenAsync(Ledger, LedgerMode.Run, _clock, CancellationToken.None)) Assert.Equal(1, store.Worker);
        string other = Path.Combine(_folder, "other.db");

        SqliteLedgerDatabase.Create(other, _clock);

        // Bytes 18 and 19 of SQLite's header are 2 in WAL mode: nothing is left to change when the file has its name.
        Assert.Equal([2, 2], (await File.ReadAllBytesAsync(other))[18..20]);
        Assert.Equal([other], Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Creation_whose_input_cannot_be_written_leaves_nothing_and_is_repeated()
    {
        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => SqliteLedgerDatabase.OpenAsync(
            Ledger, LedgerMode.Run, _clock, path => throw new IOException($"'{path}' is full."), CancellationToken.None));

        Assert.Equal(ErrorCode.LedgerNotWritten, error.Code);
        Assert.Equal([Ledger + ".lock"], Directory.GetFiles(Path.GetDirectoryName(Ledger)!));
        await AssertOpensAsync();
    }

    [Fact]
    public async Task Ledger_created_by_import_contains_the_input_when_it_gets_its_name()
    {
        await using var ledger = await LedgerFactory.OpenAsync(LedgerLocation.ForFile(Ledger), LedgerMode.RunAndCreateOnImport, _clock, new TestLog(), CancellationToken.None);
        InputRow row = new("a", "a", 1, "sha256:1", [1, 2, 3], null);
        await ledger.StageAsync([row, row, row with { Hash = "b" }], null, CancellationToken.None);
        await ledger.ImportAsync(false, CancellationToken.None);

        // No commit of the input is in the log.
        using SqliteConnection copy = CopyWithoutLog();
        Assert.Equal(["a 1 1", "a 2 2", "b 1 3"], Query(copy, "SELECT hash || ' ' || occurrence || ' ' || position FROM items ORDER BY item"));
        Assert.Equal(["sha256:1"], Query(copy, "SELECT hash FROM faces"));
        Assert.Equal(["items_hash"], Query(copy, "SELECT name FROM sqlite_schema WHERE type = 'index' AND name = 'items_hash'"));
        Assert.NotNull(await ledger.ClaimPendingAsync(new Uri("https://modelslab.example/"), 5, cancellationToken: CancellationToken.None));
    }

    /// <summary>As former versions could leave it: they changed the journal mode after the rename.</summary>
    [Theory]
    [InlineData(LedgerMode.Run)]
    [InlineData(LedgerMode.RunAndCreateOnImport)]
    [InlineData(LedgerMode.Plan)]
    [InlineData(LedgerMode.Read)]
    public async Task Ledger_with_a_hot_journal_is_opened(object mode)
    {
        await LeaveHotJournalAsync("UPDATE ledger SET created_by = 'half'");

        await using (SqliteLedgerDatabase store = await SqliteLedgerDatabase.OpenAsync(Ledger, (LedgerMode)mode, _clock, CancellationToken.None))
        {
            List<string> makers = await store.ReadAsync(
                session => session.QueryAsync("SELECT created_by FROM ledger", row => row.GetString(0)), CancellationToken.None);
            Assert.StartsWith("FaceGen", Assert.Single(makers), StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Ledger + "-journal"));
        await AssertOpensAsync();
    }

    [Theory]
    [InlineData("-journal")]
    [InlineData("-wal")]
    public async Task Ledger_missing_with_journal_is_refused(string end)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        await File.WriteAllTextAsync(Ledger + end, "what was written last");

        foreach (LedgerMode mode in Enum.GetValues<LedgerMode>().Except([LedgerMode.Read]))
        {
            FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(
                () => SqliteLedgerDatabase.OpenAsync(Ledger, mode, _clock, CancellationToken.None));
            Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
            Assert.Contains($"'{Ledger}{end}'", error.Message, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Ledger));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ledger_with_an_empty_log_is_opened(bool hasSharedMemory)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        SqliteLedgerDatabase.Create(Ledger, _clock);
        await File.WriteAllBytesAsync(Ledger + "-wal", []);
        if (hasSharedMemory) await File.WriteAllBytesAsync(Ledger + "-shm", new byte[32 * 1024]);

        await AssertOpensAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(100)]
    public async Task Ledger_with_truncated_log_is_opened(int length)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        SqliteLedgerDatabase.Create(Ledger, _clock);
        string log = Path.Combine(_folder, "log");
        using (SqliteConnection connection = SqliteConnections.Open(Ledger, SqliteOpenMode.ReadWrite))
        {
            SqliteConnections.Execute(connection, "INSERT INTO workers (machine, process, started_at, seen_at) VALUES ('m', 1, 1, 1)");
            File.Copy(Ledger + "-wal", log);
            SqliteConnections.Execute(connection, "DELETE FROM workers");
        }

        await File.WriteAllBytesAsync(Ledger + "-wal", (await File.ReadAllBytesAsync(log))[..length]);

        await AssertOpensAsync();
    }

    private SqliteConnection CopyWithoutLog()
    {
        string copy = Path.Combine(_folder, "copy.db");
        using (FileStream from = new(Ledger, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        using (FileStream to = File.Create(copy)) from.CopyTo(to);
        return SqliteConnections.Open(copy, SqliteOpenMode.ReadWrite);
    }

    private static List<string> Query(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader row = command.ExecuteReader();
        List<string> texts = [];
        while (row.Read()) texts.Add(row.GetString(0));
        return texts;
    }

    private async Task AssertOpensAsync()
    {
        await using var ledger = new DatabaseLedger(
            await SqliteLedgerDatabase.OpenAsync(Ledger, LedgerMode.Run, _clock, CancellationToken.None), _clock);
        await ledger.StageAsync([new InputRow("a", "a", 1, null, null, null)], null, CancellationToken.None);
        await ledger.ImportAsync(false, CancellationToken.None);
        Assert.NotNull(await ledger.ClaimPendingAsync(new Uri("https://modelslab.example/"), 5, cancellationToken: CancellationToken.None));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Ledger)!, "*.new*"));
    }

    private async Task LeaveHotJournalAsync(string sql)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        string made = Path.Combine(_folder, "made.db");
        SqliteLedgerDatabase.Create(made, _clock);
        using SqliteConnection connection = SqliteConnections.Open(made, SqliteOpenMode.ReadWrite);
        SqliteConnections.Execute(connection, "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1");
        // More than the cache holds: the pages go to the file, and their former contents to the journal.
        SqliteConnections.Execute(connection, $"BEGIN IMMEDIATE; {sql}; INSERT INTO faces VALUES ('a', zeroblob(1000000))");
        File.Copy(made, Ledger);
        await using (FileStream journal = new(made + "-journal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        await using (FileStream copy = File.Create(Ledger + "-journal"))
        {
            await journal.CopyToAsync(copy);
            Assert.NotEqual(0, copy.Length);
        }
    }
}
