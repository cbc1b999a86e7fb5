using System.Diagnostics;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Sqlite;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>The ledger in a file of SQLite.</summary>
public sealed class SqliteLedgerTests : LedgerTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("facegen-ledger-").FullName;

    private protected override string Ledger => Path.Combine(_folder, "out", "batch.db");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private protected override Task ExecuteAsync(string sql)
    {
        using SqliteConnection connection = SqliteConnections.Open(Ledger, SqliteOpenMode.ReadWriteCreate);
        SqliteConnections.Execute(connection, sql);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task History_killed_run_lasted_until_its_last_step()
    {
        await using (ILedger run = await OpenAsync())
        {
            await ImportAsync(run, "a");
            LedgerRow row = await ClaimAsync(run);
            Clock.Advance(TimeSpan.FromSeconds(10));
            await EndAsync(run, row, BatchItemStatus.Saved, "1");
        }

        await ExecuteAsync("UPDATE workers SET ended_at = NULL");
        Clock.Advance(TimeSpan.FromHours(1));

        await using ILedger reader = await OpenAsync(LedgerMode.Read);
        Assert.Equal((TimeSpan.FromSeconds(10), null), ((await reader.ReadHistoryAsync(CancellationToken.None)).Duration, (await reader.ReadHistoryAsync(CancellationToken.None)).RunningSince));
    }

    [Fact]
    public void History_simultaneous_runs_count_once() =>
        Assert.Equal(TimeSpan.FromMilliseconds(35), LedgerHistory.GetTotalLength([(0, 10), (5, 20), (6, 7), (30, 45)]));

    [Fact]
    public async Task Ledger_is_readable_by_its_owner_only()
    {
        await using (ILedger first = await OpenAsync()) await ImportAsync(first, "a");
        // Whatever became of it since: a copy, a backup that was restored.
        const UnixFileMode AllMayRead = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Ledger, AllMayRead);
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "b");
        Assert.Single(ledger.Read([]));

        string[] files = Directory.GetFiles(Path.GetDirectoryName(Ledger)!);

        Assert.Equal(["batch.db", "batch.db-shm", "batch.db-wal", "batch.db.lock"], files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.True(
            OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite), file));
    }

    /// <summary>NTFS ignores the case of all letters; SQLite's own <c>lower</c> only that of ASCII.</summary>
    [Theory]
    [InlineData("/out/Éva", "/out/éva", true)]
    [InlineData("/out/ЖЕНЯ", "/out/женя", true)]
    [InlineData("/out/A", "/out/a", true)]
    [InlineData("/out/Éva", "/out/eva", false)]
    public async Task Plan_names_that_differ_only_in_case_conflict(string first, string second, bool conflict)
    {
        Assert.Equal(conflict ? ("people.csv:2", "people.csv:3") : null, (await PlanAsync(ignoresCase: true)).FileConflict);
        Assert.Null((await PlanAsync(ignoresCase: false)).FileConflict);

        async Task<BatchPlan> PlanAsync(bool ignoresCase)
        {
            await using SqliteLedgerDatabase database = SqliteLedgerDatabase.CreateEmpty(Ledger, Clock);
            using var input = new LedgerInput { IgnoresCase = ignoresCase };
            await input.StageAsync([Row("a", 1) with { Path = first }, Row("b", 2) with { Path = second }], null);
            return await input.PlanAsync(database, default, CancellationToken.None);
        }
    }

    /// <summary>The image of a row that was saved by an earlier run.</summary>
    [Fact]
    public async Task Plan_existing_image_whose_name_differs_in_case_conflicts()
    {
        await using SqliteLedgerDatabase database = await SqliteLedgerDatabase.OpenAsync(Ledger, LedgerMode.Run, Clock, CancellationToken.None);
        await database.WriteAsync(
            session => session.ExecuteAsync(
                """
                INSERT INTO items (item, hash, occurrence, position, wanted, request, images, status) VALUES (1, 'old', 1, 1, 0, '{}', 1, 'Saved');
                INSERT INTO files VALUES (1, 1, '/out/Éva.png', 12, 'ab', 'Png', 512, 256, 0);
                """), CancellationToken.None);
        using var input = new LedgerInput { IgnoresCase = true };
        await input.StageAsync([Row("new", 1) with { Path = "/out/éva" }], null);

        BatchPlan plan = await input.PlanAsync(database, default, CancellationToken.None);

        Assert.Equal(("people.csv:2", "/out/Éva.png", true), plan.ExistingFile);
    }

    [Fact]
    public async Task Ended_run_leaves_one_file()
    {
        await using (ILedger ledger = await OpenAsync())
        {
            await ImportAsync(ledger, "a");
            Assert.Single(ledger.Read([]));
        }

        Assert.Equal(["batch.db", "batch.db.lock"], Directory.GetFiles(Path.GetDirectoryName(Ledger)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Second_run_is_refused_with_holder()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => RunOnRealClockAsync());

        Assert.Equal(ErrorCode.LedgerInUse, error.Code);
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", error.Message, StringComparison.Ordinal);
        Assert.NotNull(await ledger.ClaimPendingAsync(Service, 5, cancellationToken: CancellationToken.None));
    }

    [Fact]
    public async Task Run_waits_for_one_that_is_ending()
    {
        ILedger ledger = await OpenAsync();
        Task<ILedger> next = RunOnRealClockAsync();
        Assert.False(next.IsCompleted);

        await ledger.DisposeAsync();

        await using ILedger opened = await next;
        Assert.Empty(opened.Read([]));
    }

    [Fact]
    public async Task Lock_of_another_process_is_respected()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        await using (new FileStream(Ledger + ".lock", FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => RunOnRealClockAsync());
            Assert.Equal(ErrorCode.LedgerInUse, error.Code);
        }

        Assert.False(File.Exists(Ledger));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ledger_empty_file_is_refused_and_log_unchanged(bool hasLog)
    {
        ILedger run = await OpenAsync();
        await ImportAsync(run, "a");
        string lost = Path.Combine(_folder, "lost.db");
        await File.WriteAllBytesAsync(lost, []);
        if (hasLog) File.Copy(Ledger + "-wal", lost + "-wal");
        byte[] log = hasLog ? await File.ReadAllBytesAsync(lost + "-wal") : [];

        foreach (LedgerMode mode in Enum.GetValues<LedgerMode>())
        {
            FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync(lost, Clock, mode));
            Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
            Assert.Contains("its file is empty", error.Message, StringComparison.Ordinal);
            Assert.Equal(hasLog, error.Message.Contains("-wal' contains the last changes", StringComparison.Ordinal));
        }

        Assert.Equal(0, new FileInfo(lost).Length);
        if (hasLog) Assert.Equal(log, await File.ReadAllBytesAsync(lost + "-wal"));
    }

    [Fact]
    public void Permissions_not_changeable_do_not_fail_the_run()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has a file whose rights no user can change.");

        PrivateFile.Restrict("/proc/self/status");
    }

    [Fact]
    public async Task Link_to_ledger_uses_same_lock()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links takes rights there.");
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");
        string link = Path.Combine(_folder, "link.db");
        File.CreateSymbolicLink(link, Ledger);

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync(link, TimeProvider.System));

        Assert.Equal(ErrorCode.LedgerInUse, error.Code);
        await using ILedger reader = await OpenAsync(link, Clock, LedgerMode.Read);
        Assert.Equal(("a", Ledger), (Assert.Single(reader.Read([])).Request, reader.Name));
    }

    [Fact]
    public async Task Run_killed_during_creation_is_followed_by_another()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        await File.WriteAllTextAsync(Ledger + ".new", "half of a ledger");
        await File.WriteAllTextAsync(Ledger + ".new-journal", "and how to take it back");

        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");

        Assert.Single(ledger.Read([]));
        Assert.Empty(Directory.GetFiles(_folder, "*.new*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Killed_run_keeps_its_writes()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        await AcceptAsync(ledger, await ClaimAsync(ledger), "1");
        // A killed process leaves the file and the log beside it with all commits.
        string copy = Path.Combine(_folder, "copy.db");
        foreach (string end in new[] { "", "-wal" }) File.Copy(Ledger + end, copy + end);

        ILedger next = await OpenAsync(copy, Clock);

        Assert.Equal("1", Assert.Single(await next.ClaimAbandonedAsync(Service, 5, CancellationToken.None)).GenerationId);
        Assert.Equal("b", (await ClaimAsync(next)).Request);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("this is a text of a hundred bytes and more, which somebody has put where the ledger should be, by mistake or so")]
    public async Task File_that_is_not_a_database_is_refused(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        await File.WriteAllTextAsync(Ledger, text);

        await AssertInvalidAsync("is not a ledger");

        Assert.Equal(text, await File.ReadAllTextAsync(Ledger));
    }

    [Fact]
    public async Task Database_of_another_program_is_refused()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        await ExecuteAsync("CREATE TABLE photos (name TEXT)");
        byte[] before = await File.ReadAllBytesAsync(Ledger);

        await AssertInvalidAsync("another program");

        Assert.Equal(before, await File.ReadAllBytesAsync(Ledger));
    }

    [Fact]
    public async Task Ledger_of_newer_version_is_refused()
    {
        await using (ILedger ledger = await OpenAsync()) await ImportAsync(ledger, "a");
        await ExecuteAsync("PRAGMA user_version = 2");
        byte[] before = await File.ReadAllBytesAsync(Ledger);

        await AssertInvalidAsync("version 2 of a newer FaceGen");

        Assert.Equal(before, await File.ReadAllBytesAsync(Ledger));
    }

    [Fact]
    public async Task Ledger_damaged_is_refused_and_unchanged()
    {
        await using (ILedger ledger = await OpenAsync()) await ImportAsync(ledger, [.. Enumerable.Range(0, 2000).Select(number => $"row {number}")]);
        byte[] bytes = await File.ReadAllBytesAsync(Ledger);
        bytes.AsSpan(bytes.Length / 2, 8192).Fill(0xA5);
        await File.WriteAllBytesAsync(Ledger, bytes);

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync());

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Ledger));
        // A reader finds the damage when it reads that page.
        await using ILedger reader = await OpenAsync(LedgerMode.Read);
        Assert.Equal(ErrorCode.LedgerInvalid, Assert.Throws<FaceGenException>(() => reader.Read([]).Count()).Code);
    }

    [Fact]
    public async Task Ledger_truncated_is_refused()
    {
        await using (ILedger ledger = await OpenAsync()) await ImportAsync(ledger, [.. Enumerable.Range(0, 2000).Select(number => $"row {number}")]);
        await using (FileStream file = File.OpenWrite(Ledger)) file.SetLength(file.Length / 2);

        await AssertInvalidAsync("damaged");
    }

    [Fact]
    public async Task Ledger_missing_with_log_is_refused()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Ledger)!);
        await File.WriteAllTextAsync(Ledger + "-wal", "what was written last");

        await AssertInvalidAsync("is missing");

        Assert.False(File.Exists(Ledger));
        Assert.Equal(ErrorCode.LedgerInvalid, (await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync(LedgerMode.Plan))).Code);
    }

    [Fact]
    public async Task Folder_not_creatable_is_an_error()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "out"), "a file where the folder should be");

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync());

        Assert.Equal(ErrorCode.LedgerNotWritten, error.Code);
    }

    [Fact]
    public async Task Disk_full_fails_call_and_repeat_succeeds()
    {
        SqliteLedgerDatabase store = await SqliteLedgerDatabase.OpenAsync(Ledger, LedgerMode.Run, Clock, CancellationToken.None);
        await using var ledger = new DatabaseLedger(store, Clock);
        await ImportAsync(ledger, "a", "b");
        LedgerRow row = await ClaimAsync(ledger);
        LedgerRow longer = row with { Status = BatchItemStatus.Submitted, GenerationId = "1", Generation = new string('x', 100_000) };
        // SQLite's page limit simulates a full disk.
        long pages = (await store.WriteAsync(session => session.QueryNumberAsync("PRAGMA page_count"), CancellationToken.None))!.Value;
        Task LimitAsync(long limit) => store.WriteAsync(session => session.QueryNumberAsync($"PRAGMA max_page_count = {limit}"), CancellationToken.None);
        await LimitAsync(pages);

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => ledger.WriteAsync(longer, release: false, CancellationToken.None));

        Assert.Equal(ErrorCode.LedgerNotWritten, error.Code);
        Assert.Contains("full", error.Message, StringComparison.Ordinal);
        Assert.Equal(BatchItemStatus.Submitting, ledger.Read([]).First().Status);
        await LimitAsync(pages + 1000);
        Assert.True(await ledger.WriteAsync(longer, release: false, CancellationToken.None));
        Assert.Equal("1", ledger.Read([]).First().GenerationId);
    }

    [Fact]
    public async Task External_tool_can_read_during_run()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");

        await ExecuteAsync("BEGIN; SELECT * FROM items");

        Assert.NotNull(await ledger.ClaimPendingAsync(Service, 5, cancellationToken: CancellationToken.None));
    }

    [Fact]
    public async Task Reading_does_not_change_the_file()
    {
        await using (ILedger ledger = await OpenAsync()) await ImportAsync(ledger, "a");
        byte[] before = await File.ReadAllBytesAsync(Ledger);

        await using (ILedger reader = await OpenAsync(LedgerMode.Read)) Assert.Single(reader.Read([]));
        await using (ILedger plan = await OpenAsync(LedgerMode.Plan))
        {
            await plan.StageAsync(Rows("a", "b"), null, CancellationToken.None);
            Assert.Equal(2, (await plan.PlanAsync(default, CancellationToken.None)).ToSubmit);
        }

        Assert.Equal(before, await File.ReadAllBytesAsync(Ledger));
        Assert.Equal(["batch.db", "batch.db.lock"], Directory.GetFiles(Path.GetDirectoryName(Ledger)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Ten_thousand_saved_rows_import_quickly()
    {
        InputRow[] rows = [.. Enumerable.Range(1, 10_000).Select(number => Row($"row {number}", number) with { Path = $"/out/{number}", ExistingFileWrittenAt = Clock.GetUtcNow() })];
        await using (ILedger first = await OpenAsync())
        {
            await first.StageAsync(rows, null, CancellationToken.None);
            await first.ImportAsync(false, CancellationToken.None);
        }

        await ExecuteAsync("""
            UPDATE items SET status = 'Saved';
            INSERT INTO files SELECT item, 1, '/out/' || position || '.png', 1, 'ab', 'Png', 1, 1, 0 FROM items
            """);
        // A limit in seconds would depend on the machine; twenty times the duration of bare inserts is about a second.
        double best = double.MaxValue;
        for (int tries = 0; tries < 10 && best > 20; tries++)
        {
            double bare = Bare(rows);
            var watch = Stopwatch.StartNew();
            await using ILedger again = await OpenAsync(LedgerMode.RunAndCreateOnImport);
            await again.StageAsync(rows, null, CancellationToken.None);
            BatchPlan plan = await again.PlanAsync(default, CancellationToken.None);
            await again.ImportAsync(false, CancellationToken.None);
            Assert.Null(await again.ClaimPendingAsync(Service, 5, cancellationToken: CancellationToken.None));
            best = Math.Min(best, watch.Elapsed.TotalSeconds / bare);
            Assert.Equal((10_000, 0, null, null), (plan.Done, plan.ToSubmit, plan.FileConflict, plan.ExistingFile));
        }

        Assert.True(best < 20, $"It took {best:0} times as long as bare rows.");
    }

    [Fact]
    public async Task Call_canceled_before_start_does_nothing()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ledger.ClaimPendingAsync(Service, 5, cancellationToken: new CancellationToken(canceled: true)));

        Assert.Equal(1, (await ClaimAsync(ledger)).Attempts);
    }

    /// <summary>Returns how long SQLite takes to insert the same requests in one transaction.</summary>
    private double Bare(InputRow[] rows)
    {
        var watch = Stopwatch.StartNew();
        using SqliteConnection connection = SqliteConnections.Open(Path.Combine(_folder, $"{Guid.NewGuid():N}.db"), SqliteOpenMode.ReadWriteCreate);
        SqliteConnections.Execute(connection, "CREATE TABLE bare (hash TEXT PRIMARY KEY, request TEXT)");
        using SqliteTransaction transaction = connection.BeginTransaction();
        using SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO bare VALUES ($hash, $request)";
        SqliteParameter hash = insert.Parameters.Add("$hash", SqliteType.Text);
        SqliteParameter request = insert.Parameters.Add("$request", SqliteType.Text);
        foreach (InputRow row in rows)
        {
            (hash.Value, request.Value) = (row.Hash, row.Request);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
        return watch.Elapsed.TotalSeconds;
    }

    private Task<ILedger> RunOnRealClockAsync() => OpenAsync(Ledger, TimeProvider.System);

    private async Task AssertInvalidAsync(string words)
    {
        foreach (LedgerMode mode in Enum.GetValues<LedgerMode>())
        {
            FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(async () =>
            {
                ILedger ledger = await OpenAsync(mode);
                Assert.Empty(ledger.Read([]));
            });
            Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
    }
}
