using System.Security.Cryptography;
using System.Text;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Sqlite;
using FaceGen.BatchModel;
using FaceGen.Saving;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using Xunit.Sdk;

namespace FaceGen.Simulation.Disk;

public sealed class SimulatedDiskTests : SimulationTests, IDisposable
{
    private static readonly Func<int, int> Nothing = _ => 0;
    private static readonly Func<int, int> Everything = count => count - 1;

    private const int MaxOperations = 1000;

    /// <summary>The number of rows of an input: more than one page of a database.</summary>
    private const int InputRows = 20;

    private readonly string _folder = SimulatedDisk.NewFolder();
    private int _copies;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Unflushed_write_is_lost_with_the_power_and_survives_a_kill()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        using (Stream file = files.Create(disk.PathOf("a")))
        {
            file.Write("first"u8);
            files.Flush(file);
            files.FlushFolder(disk.Root);
            file.Write(" second"u8);
        }

        Assert.Equal("first second", Text(Copy(disk, powerIsLost: false, Nothing), "a"));
        Assert.Equal("first", Text(Copy(disk, powerIsLost: true, Nothing), "a"));
        Assert.Equal("first second", Text(Copy(disk, powerIsLost: true, Everything), "a"));
    }

    [Fact]
    public void Unflushed_sectors_survive_one_by_one()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        using (Stream file = files.Create(disk.PathOf("a")))
        {
            files.FlushFolder(disk.Root);
            file.Write(Enumerable.Repeat((byte)'x', 1200).ToArray());
        }

        // The second of three sectors is lost; the length is the new one.
        int asked = 0;
        string copy = Copy(disk, powerIsLost: true, count => asked++ == 1 ? 0 : count - 1);

        Assert.Equal(4, asked);
        Assert.Equal(new string('x', 512) + new string('\0', 512) + new string('x', 176), Text(copy, "a"));
    }

    [Fact]
    public void Flush_after_a_failed_one_makes_durable_only_what_was_written_since()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        using Stream file = files.Create(disk.PathOf("a"));
        files.FlushFolder(disk.Root);
        file.Write(Encoding.ASCII.GetBytes(new string('x', 5000)));
        disk.OnOperation = operation => operation.Action == DiskAction.Flush ? DiskFault.Fail(DiskError.InputOutput) : DiskFault.None;
        Assert.Throws<IOException>(() => files.Flush(file));
        disk.OnOperation = _ => DiskFault.None;

        file.Write(Encoding.ASCII.GetBytes(new string('y', 100)));
        files.Flush(file);

        // The system writes the second page of 4,096 bytes again, since it was changed.
        Assert.Equal(new string('\0', 4096) + new string('x', 904) + new string('y', 100), Text(Copy(disk, powerIsLost: true, Nothing), "a"));
        Assert.Equal(new string('x', 5000) + new string('y', 100), Text(Copy(disk, powerIsLost: true, Everything), "a"));
    }

    [Fact]
    public void Rename_is_undone_until_its_folder_is_flushed()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        Save(files, disk.PathOf("old"), "old");
        files.FlushFolder(disk.Root);
        Save(files, disk.PathOf("new"), "new");
        files.Rename(disk.PathOf("new"), disk.PathOf("old"), replace: true);

        // Of three states, the second has the new file under its first name.
        Assert.Equal(["old=old"], Content(Copy(disk, powerIsLost: true, Nothing)));
        Assert.Equal(["new=new", "old=old"], Content(Copy(disk, powerIsLost: true, count => count / 2)));
        Assert.Equal(["old=new"], Content(Copy(disk, powerIsLost: true, Everything)));
        Assert.Equal(["old=new"], Content(Copy(disk, powerIsLost: false, Nothing)));

        files.FlushFolder(disk.Root);
        Assert.Equal(["old=new"], Content(Copy(disk, powerIsLost: true, Nothing)));
    }

    [Fact]
    public void Rename_without_replacing_leaves_two_names_until_one_is_deleted()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        Save(files, disk.PathOf("part"), "x");
        files.FlushFolder(disk.Root);
        files.Rename(disk.PathOf("part"), disk.PathOf("image"), replace: false);
        Assert.Equal(["image=x", "part=x"], Content(Copy(disk, powerIsLost: false, Nothing)));

        files.Delete(disk.PathOf("part"));

        Assert.Equal(["part=x"], Content(Copy(disk, powerIsLost: true, Nothing)));
        Assert.Equal(["image=x", "part=x"], Content(Copy(disk, powerIsLost: true, count => count / 2)));
        Assert.Equal(["image=x"], Content(Copy(disk, powerIsLost: true, Everything)));
    }

    [Fact]
    public void Renamed_file_whose_content_was_not_flushed_may_be_empty()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        using (Stream file = files.Create(disk.PathOf("part"))) file.Write("x"u8);
        files.Rename(disk.PathOf("part"), disk.PathOf("image"), replace: true);
        files.FlushFolder(disk.Root);

        Assert.Equal(["image="], Content(Copy(disk, powerIsLost: true, Nothing)));
    }

    [Fact]
    public void Unflushed_write_of_a_killed_process_is_lost_at_the_next_power_loss()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        Save(files, disk.PathOf("old"), "old");
        files.FlushFolder(disk.Root);
        Save(files, disk.PathOf("part"), "new");
        files.Rename(disk.PathOf("part"), disk.PathOf("image"), replace: false);
        files.Rename(disk.PathOf("part"), disk.PathOf("old"), replace: true);
        using (Stream file = files.Create(disk.PathOf("unflushed"))) file.Write("x"u8);

        using SimulatedDisk next = disk.Restart(Path.Combine(_folder, "next"));
        Assert.Equal(["image=new", "old=new", "unflushed=x"], Content(next.Root));
        Assert.Equal(["image=new", "old=new", "unflushed=x"], Content(Copy(next, powerIsLost: true, Everything)));
        Assert.Equal(["old=old"], Content(Copy(next, powerIsLost: true, Nothing)));
        Assert.Equal(["old=old"], Content(Copy(disk, powerIsLost: true, Nothing)));

        new SimulatedFiles(next, TimeProvider.System).FlushFolder(next.Root);
        Assert.Equal(["image=new", "old=new", "unflushed="], Content(Copy(next, powerIsLost: true, Nothing)));
        // The former disk is unchanged.
        Assert.Equal(["old=old"], Content(Copy(disk, powerIsLost: true, Nothing)));
    }

    [Fact]
    public void Content_follows_a_file_that_other_code_renames()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        using (Stream file = files.Create(disk.PathOf("part"))) file.Write("x"u8);
        File.Move(disk.PathOf("part"), disk.PathOf("image"));

        Assert.Equal(["image="], Content(Copy(disk, powerIsLost: true, Nothing)));
    }

    [Fact]
    public void Folder_is_lost_with_its_files_until_the_folder_above_is_flushed()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        files.CreateFolder(disk.PathOf("out/sub"));
        Save(files, disk.PathOf("out/sub/a"), "x");
        files.FlushFolder(disk.PathOf("out/sub"));
        Assert.Empty(Content(Copy(disk, powerIsLost: true, Nothing)));

        files.FlushFolder(disk.PathOf("out"));
        files.FlushFolder(disk.Root);
        Assert.Equal(["out/sub/a=x"], Content(Copy(disk, powerIsLost: true, Nothing)));

        files.Delete(disk.PathOf("out/sub/a"));
        files.FlushFolder(disk.PathOf("out/sub"));
        files.DeleteFolder(disk.PathOf("out/sub"));
        Assert.True(Directory.Exists(Path.Combine(Copy(disk, powerIsLost: true, Nothing), "out/sub")));
        Assert.False(Directory.Exists(Path.Combine(Copy(disk, powerIsLost: true, Everything), "out/sub")));
    }

    [Fact]
    public void Files_have_the_simulated_time_in_copies_too()
    {
        using SimulatedDisk disk = NewDisk();
        var clock = new Clock();
        var files = new SimulatedFiles(disk, clock);
        Save(files, disk.PathOf("a"), "x");

        string copy = Copy(disk, powerIsLost: false, Nothing);

        Assert.Equal(Clock.Time, files.GetLastWriteTimeUtc(disk.PathOf("a")));
        Assert.Equal(Clock.Time, File.GetLastWriteTimeUtc(Path.Combine(copy, "a")));
    }

    [Theory]
    [InlineData(DiskError.NoSpace, "No space left on device")]
    [InlineData(DiskError.InputOutput, "Input/output error")]
    [InlineData(DiskError.ReadOnly, "Read-only file system")]
    public void Failed_operation_on_a_file_throws_the_exception_of_the_system(object error, string message)
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        using Stream file = files.Create(disk.PathOf("a"));
        file.Write("kept"u8);
        DiskOperation? asked = null;
        disk.OnOperation = operation =>
        {
            asked = operation;
            return DiskFault.Fail((DiskError)error, bytes: 2);
        };
        (DiskAction, Action)[] operations =
        [
            (DiskAction.Create, () => files.Create(disk.PathOf("b"))),
            (DiskAction.Write, () => file.Write("half"u8)),
            (DiskAction.Flush, () => files.Flush(file)),
            (DiskAction.Rename, () => files.Rename(disk.PathOf("a"), disk.PathOf("b"), replace: false)),
            (DiskAction.Delete, () => files.Delete(disk.PathOf("a"))),
            (DiskAction.Read, () => files.ReadAllBytes(disk.PathOf("a"))),
            (DiskAction.Read, () => files.GetLastWriteTimeUtc(disk.PathOf("a"))),
            (DiskAction.CreateFolder, () => files.CreateFolder(disk.PathOf("out"))),
        ];
        foreach ((DiskAction action, Action operation) in operations)
        {
            var thrown = Assert.Throws<IOException>(operation);
            Assert.Equal((int)error, thrown.HResult);
            Assert.StartsWith($"{message} : '{disk.Root}/", thrown.Message, StringComparison.Ordinal);
            Assert.Equal(action, asked?.Action);
        }

        Assert.Equal(["a=keptha"], Content(disk.Root));
    }

    [Fact]
    public void Random_parts_of_temporary_names_are_hidden()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        List<string> operations = Record(disk);

        AtomicFile.Write(files, disk.PathOf("out/a.jpg"), "x"u8.ToArray(), replace: false);

        Assert.Equal(
            [
                "CreateFolder out", "FlushFolder ", "Create out/.*.part", "Write out/.*.part 0+1", "Flush out/.*.part", "Rename out/a.jpg",
                "FlushFolder out", "Delete out/.*.part",
            ],
            operations);
    }

    [Fact]
    public void Dead_disk_changes_nothing()
    {
        using SimulatedDisk disk = NewDisk();
        var files = new SimulatedFiles(disk, TimeProvider.System);
        Stream file = files.Create(disk.PathOf("a"));
        file.Write("kept"u8);
        SqliteConnection connection = Open(disk);
        Execute(connection, "PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        disk.Kill();
        disk.OnOperation = operation => throw new InvalidOperationException($"A dead disk was asked for {operation}.");
        string[] before = Files(disk.Root, Convert.ToHexString);

        Action[] operations =
        [
            () => files.Create(disk.PathOf("b")),
            () => file.Write("more"u8),
            () => files.Flush(file),
            () => files.Rename(disk.PathOf("a"), disk.PathOf("b"), replace: true),
            () => files.Delete(disk.PathOf("a")),
            () => files.ReadAllBytes(disk.PathOf("a")),
            () => files.FileExists(disk.PathOf("a")),
            () => files.CreateFolder(disk.PathOf("out")),
            () => files.FlushFolder(disk.Root),
        ];
        Assert.All(operations, operation => Assert.Throws<IOException>(operation));
        Assert.Equal(10, Assert.Throws<SqliteException>(() => Execute(connection, "INSERT INTO t VALUES (2)")).SqliteErrorCode);
        Assert.Equal(10, Assert.Throws<SqliteException>(() => Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)")).SqliteErrorCode);
        Assert.Equal(10, Assert.Throws<SqliteException>(() => Open(disk)).SqliteErrorCode);
        connection.Dispose();
        file.Dispose();

        Assert.Equal(before, Files(disk.Root, Convert.ToHexString));
        Assert.Equal(["1"], Rows(Copy(disk, powerIsLost: false, Nothing)));
    }

    [Fact]
    public void Copy_of_a_dead_disk_lacks_what_other_code_did_afterwards()
    {
        using SimulatedDisk disk = NewDisk();
        File.WriteAllText(disk.PathOf("a"), "before");
        disk.Kill();
        File.WriteAllText(disk.PathOf("a"), "after");
        File.WriteAllText(disk.PathOf("b"), "after");

        Assert.Equal(["a=before"], Content(Copy(disk, powerIsLost: false, Nothing)));
    }

    [Fact]
    public void Files_elsewhere_are_used_directly()
    {
        using SimulatedDisk disk = NewDisk();
        disk.OnOperation = operation => throw new InvalidOperationException($"The disk was asked for {operation}.");
        string other = Path.Combine(_folder, "other");
        Directory.CreateDirectory(other);

        using (SqliteConnection connection = Open(Path.Combine(other, "db"))) Execute(connection, "CREATE TABLE t (x); INSERT INTO t VALUES (1)");

        Assert.Equal(["1"], Rows(other));
        Assert.Throws<InvalidOperationException>(() => new SimulatedFiles(disk, TimeProvider.System).FileExists(Path.Combine(other, "db")));
    }

    [Theory]
    [InlineData("Write db-wal", DiskError.NoSpace, 13)]
    [InlineData("Write db-wal", DiskError.InputOutput, 10 | (3 << 8))]
    [InlineData("Flush db-wal", DiskError.InputOutput, 10 | (4 << 8))]
    [InlineData("Flush db-wal", DiskError.NoSpace, 10 | (4 << 8))]
    [InlineData("Read db-wal", DiskError.InputOutput, 11)]
    [InlineData("Truncate db-wal", DiskError.InputOutput, 10 | (6 << 8))]
    [InlineData("Write db", DiskError.NoSpace, 13)]
    [InlineData("Create db-journal", DiskError.ReadOnly, 14)]
    [InlineData("Create db-journal", DiskError.NoSpace, 14)]
    [InlineData("Delete db-journal", DiskError.InputOutput, 10 | (10 << 8))]
    public void Failed_operation_of_SQLite_gives_the_error_of_the_system(string failing, object error, int code)
    {
        using SimulatedDisk disk = NewDisk();
        bool usesJournal = failing.EndsWith("-journal", StringComparison.Ordinal);
        using SqliteConnection connection = Open(disk, usesJournal ? "DELETE" : "WAL");
        Execute(connection, "CREATE TABLE t (x); PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES (1)");
        int failures = 0;
        disk.OnOperation = operation =>
        {
            if ($"{operation.Action} {operation.File}" != failing) return DiskFault.None;

            failures++;
            return DiskFault.Fail((DiskError)error);
        };

        string statement = failing switch
        {
            // A connection that has cached pages does not read them.
            "Read db-wal" => "PRAGMA cache_size = 0; PRAGMA shrink_memory; SELECT * FROM t",
            "Write db" or "Truncate db-wal" => "PRAGMA wal_checkpoint(TRUNCATE)",
            _ => "INSERT INTO t VALUES (2)",
        };
        var thrown = Assert.Throws<SqliteException>(() => Execute(connection, statement));
        Assert.Equal(code, thrown.SqliteExtendedErrorCode);
        Assert.NotEqual(0, failures);

        disk.OnOperation = _ => DiskFault.None;
        Execute(connection, "INSERT INTO t VALUES (3)");
        connection.Dispose();
        Assert.Equal(["1", "3"], Rows(disk.Root).Where(row => row != "2"));
    }

    [Fact]
    public async Task Committed_transaction_survives_each_cut_of_SQLite()
    {
        int operations = await EnumerateAsync(WorkAsync, CountAsync, seeds: 5);

        Assert.InRange(operations, 80, 200);

        static Task<(int Begun, int Committed)> WorkAsync(SimulatedDisk disk)
        {
            int begun = 0, committed = 0;
            SqliteConnection? connection = null;
            try
            {
                connection = Open(disk);
                Execute(connection, "PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x)");
                for (int i = 1; i <= 8; i++)
                {
                    begun = i;
                    // Two rows, most of a page apart.
                    Execute(connection, $"BEGIN; INSERT INTO t VALUES ({i}); INSERT INTO t VALUES ({i} || zeroblob(3000)); COMMIT");
                    committed = i;
                    if (i % 3 == 0) Execute(connection, $"PRAGMA wal_checkpoint({(i == 3 ? "PASSIVE" : "TRUNCATE")})");
                }
            }
            catch (SqliteException)
            {
                Assert.True(disk.IsDead);
            }

            connection?.Dispose();
            return Task.FromResult((begun, committed));
        }

        static Task<int> CountAsync(string folder)
        {
            using SqliteConnection connection = Open(Path.Combine(folder, "db"));
            Assert.Equal(["ok"], Query(connection, "PRAGMA integrity_check"));
            if (Query(connection, "SELECT name FROM sqlite_schema").Count == 0) return Task.FromResult(0);

            List<string> rows = Query(connection, "SELECT CAST(x AS INTEGER) FROM t");
            Assert.Equal(Enumerable.Range(1, rows.Count / 2).SelectMany(i => new[] { $"{i}", $"{i}" }), rows);
            return Task.FromResult(rows.Count / 2);
        }
    }

    [Fact]
    public async Task Committed_work_of_a_ledger_survives_each_cut()
    {
        int operations = await EnumerateAsync(WorkAsync, CountAsync, seeds: 1);

        Assert.InRange(operations, 80, 200);

        static async Task<(int Begun, int Committed)> WorkAsync(SimulatedDisk disk)
        {
            int begun = 0, committed = 0;
            try
            {
                for (int run = 0; run < 2; run++)
                {
                    await using SqliteLedgerDatabase store = await OpenLedgerAsync(disk.Root);
                    for (int i = 0; i < 2; i++)
                    {
                        begun++;
                        await WriteAsync(store, begun);
                        committed = begun;
                    }
                }
            }
            catch (FaceGenException)
            {
                Assert.True(disk.IsDead);
            }

            return (begun, committed);
        }

        static async Task<int> CountAsync(string folder)
        {
            await using SqliteLedgerDatabase store = await OpenLedgerAsync(folder);
            List<long> written = await store.ReadAsync(
                session => session.QueryAsync("SELECT process FROM workers WHERE machine = 'test' ORDER BY worker", row => row.GetInt64(0)),
                CancellationToken.None);
            Assert.Equal(Enumerable.Range(1, written.Count / 2).SelectMany(i => new[] { (long)i, i }), written);
            return written.Count / 2;
        }
    }

    /// <summary>A new ledger is filled before it gets its name: there is none, or one with all rows.</summary>
    [Fact]
    public async Task Ledger_created_with_an_input_is_complete_or_missing_after_each_cut()
    {
        int operations = await EnumerateAsync(CreateAsync, CountAsync, seeds: 3);

        Assert.InRange(operations, 30, 200);

        static async Task<(int Begun, int Committed)> CreateAsync(SimulatedDisk disk)
        {
            try
            {
                await using ILedger ledger = await OpenAsync(disk.Root);
                await ledger.ImportAsync(false, CancellationToken.None);
                return (1, 1);
            }
            catch (FaceGenException)
            {
                Assert.True(disk.IsDead);
                return (1, 0);
            }
        }

        static async Task<int> CountAsync(string folder)
        {
            if (File.Exists(Path.Combine(folder, "ledger")))
            {
                await using ILedger ledger = await OpenAsync(folder);
                Assert.Equal(InputRows, await CountRowsAsync(ledger));
                return 1;
            }

            // The next run creates it again.
            string next = folder + "-next";
            Directory.CreateDirectory(next);
            foreach (string file in Directory.EnumerateFiles(folder)) File.Copy(file, Path.Combine(next, Path.GetFileName(file)));
            await using (ILedger again = await OpenAsync(next))
            {
                await again.ImportAsync(false, CancellationToken.None);
                Assert.Equal(InputRows, await CountRowsAsync(again));
            }

            Directory.Delete(next, recursive: true);
            return 0;
        }

        static async Task<ILedger> OpenAsync(string folder)
        {
            ILedger ledger = await LedgerFactory.OpenAsync(
                LedgerLocation.ForFile(Path.Combine(folder, "ledger")), LedgerMode.RunAndCreateOnImport, TimeProvider.System, new NullLog(), CancellationToken.None);
            await ledger.StageAsync(
                [.. Enumerable.Range(1, InputRows).Select(number => new InputRow($"hash of {number}", new string('x', 1000), 1, null, null, null))], null, CancellationToken.None);
            return ledger;
        }

        static async Task<long> CountRowsAsync(ILedger ledger) => (await ledger.CountAsync(CancellationToken.None)).ByStatus.Values.Sum();
    }

    /// <summary>
    /// Repeats work once for each of its operations, interrupts another operation each time, before it and halfway, and checks what
    /// a new process finds after a kill and after losses of power.
    /// </summary>
    /// <param name="work">Does it, and returns how many transactions it began and how many were committed.</param>
    /// <param name="check">Returns how many transactions there are in a copy.</param>
    /// <param name="seeds">How many states after a loss of power are checked.</param>
    /// <returns>The number of operations.</returns>
    private async Task<int> EnumerateAsync(
        Func<SimulatedDisk, Task<(int Begun, int Committed)>> work, Func<string, Task<int>> check, int seeds)
    {
        for (int cut = 0; cut < MaxOperations; cut++)
        {
            int[] torn = [0];
            for (int i = 0; i < torn.Length; i++)
            {
                using SimulatedDisk disk = NewDisk();
                int count = 0, bytes = torn[i];
                DiskOperation? reached = null;
                disk.OnOperation = operation =>
                {
                    // A process that dies during a read leaves the same state as one that dies later.
                    if (operation.Action == DiskAction.Read || count++ != cut) return DiskFault.None;

                    reached = operation;
                    if (operation.Action == DiskAction.Write) torn = [0, operation.Length / 2];
                    return DiskFault.Cut(bytes);
                };
                (int begun, int committed) = await work(disk);
                await CheckCopiesAsync(disk, begun, committed, check, seeds, $"operation {cut} ({reached}), {bytes} bytes");
                if (reached is null) return count;
            }
        }

        throw new InvalidOperationException("There are more operations than expected.");
    }

    private async Task CheckCopiesAsync(
        SimulatedDisk disk, int begun, int committed, Func<string, Task<int>> check, int seeds, string state)
    {
        HashSet<string> different = [];
        for (int seed = 0; seed <= seeds; seed++)
        {
            Func<int, int> choose = seed switch { 1 => Nothing, 2 => Everything, _ => new Random(seed).Next };
            string copy = Copy(disk, powerIsLost: seed > 0, choose);
            if (different.Add(string.Concat(Files(copy, bytes => Convert.ToHexString(SHA256.HashData(bytes))))))
            {
                int found;
                try
                {
                    found = await check(copy);
                }
                catch (Exception e) when (e is SqliteException or FaceGenException or XunitException)
                {
                    throw new InvalidOperationException($"At {state}, seed {seed}: {e.Message}", e);
                }

                Assert.True(found >= committed && found <= begun, $"At {state}, seed {seed}: {found} transactions of {committed} to {begun}.");
            }

            Directory.Delete(copy, recursive: true);
        }

        // The state that the next process has read survives a loss of power, although the killed process may not have flushed it.
        using SimulatedDisk next = disk.Restart(Path.Combine(_folder, $"next-{_copies++}"));
        int seen = await check(next.Root);
        Assert.Equal(seen, await check(Copy(next, powerIsLost: true, Nothing)));
    }

    private SimulatedDisk NewDisk() => new(Path.Combine(_folder, $"disk-{_copies++}"));

    private string Copy(SimulatedDisk disk, bool powerIsLost, Func<int, int> choose)
    {
        string copy = Path.Combine(_folder, $"copy-{_copies++}");
        disk.CopyTo(copy, powerIsLost, choose);
        return copy;
    }

    private static List<string> Record(SimulatedDisk disk)
    {
        List<string> operations = [];
        disk.OnOperation = operation =>
        {
            operations.Add(operation.ToString());
            return DiskFault.None;
        };
        return operations;
    }

    private static void Save(SimulatedFiles files, string path, string text)
    {
        using Stream file = files.Create(path);
        file.Write(Encoding.UTF8.GetBytes(text));
        files.Flush(file);
    }

    private static string Text(string folder, string name) => Encoding.UTF8.GetString(Bytes(Path.Combine(folder, name)));

    /// <summary>Returns the names and contents of all files but those that are memory.</summary>
    private static string[] Content(string folder) => Files(folder, bytes => Encoding.UTF8.GetString(bytes));

    private static string[] Files(string folder, Func<byte[], string> format) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith("-shm", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(path => $"{Path.GetRelativePath(folder, path)}={format(Bytes(path))}")];

    private static byte[] Bytes(string path)
    {
        // Some are locked.
        using SafeFileHandle file = UnixFile.OpenToRead(path);
        var bytes = new byte[RandomAccess.GetLength(file)];
        RandomAccess.Read(file, bytes, 0);
        return bytes;
    }

    private static SqliteConnection Open(SimulatedDisk disk, string journal = "WAL") => Open(disk.PathOf("db"), journal);

    private static SqliteConnection Open(string path, string journal = "WAL")
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Execute(connection, $"PRAGMA journal_mode = {journal}; PRAGMA synchronous = FULL");
            return connection;
        }
        catch (SqliteException)
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Execute(SqliteConnection connection, string sql) => Query(connection, sql);

    private static List<string> Query(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader reader = command.ExecuteReader();
        List<string> rows = [];
        do
        {
            while (reader.Read()) rows.Add(reader.GetValue(0).ToString()!);
        }
        while (reader.NextResult());
        return rows;
    }

    private static List<string> Rows(string folder)
    {
        using SqliteConnection connection = Open(Path.Combine(folder, "db"));
        return Query(connection, "SELECT x FROM t ORDER BY x")[..];
    }

    private static Task<SqliteLedgerDatabase> OpenLedgerAsync(string folder) =>
        SqliteLedgerDatabase.OpenAsync(Path.Combine(folder, "ledger"), LedgerMode.Run, TimeProvider.System, CancellationToken.None);

    private static Task<int> WriteAsync(SqliteLedgerDatabase database, int number) => database.WriteAsync(
        session => session.ExecuteAsync(
            """
            INSERT INTO workers (machine, process, started_at, seen_at, ended_at)
            VALUES ('test', @number, 0, 0, 0), ('test', @number, 0, 0, 0)
            """,
            ("number", number)),
        CancellationToken.None);

    private sealed class Clock : TimeProvider
    {
        internal static DateTime Time { get; } = new(2030, 1, 2, 3, 4, 5, DateTimeKind.Utc);

        public override DateTimeOffset GetUtcNow() => Time;
    }
}
