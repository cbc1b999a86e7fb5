using System.Diagnostics;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using static SQLitePCL.raw;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Errors on the thread that writes: every job ends, and the next one is done where the disk lets it.</summary>
/// <remarks>SQLite's authorizer simulates disk errors: it makes the statements fail that a test names.</remarks>
public sealed class SqliteWriterTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("facegen-writer-").FullName;
    private readonly List<SqliteLedgerDatabase> _opened = [];

    private string Ledger => Path.Combine(_folder, "batch.db");

    private static CancellationToken None => CancellationToken.None;

    public async ValueTask DisposeAsync()
    {
        foreach (SqliteLedgerDatabase store in _opened) await store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("COMMIT", "ROLLBACK")]
    [InlineData("BEGIN")]
    [InlineData("COMMIT")]
    public async Task Writer_statement_fails_fails_its_jobs_and_writes_the_next(params string[] statements)
    {
        SqliteLedgerDatabase store = await OpenAsync();
        SqliteConnection connection = await FailAsync(store, statements);

        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => AddAsync(store, "lost"));

        Assert.True(error is FaceGenException or SqliteException, error.GetType().Name);
        // One that cannot roll back was closed, and another one opened.
        if (!statements.Contains("ROLLBACK")) Fail(connection, []);
        await AddAsync(store, "kept");
        Assert.Equal(["kept"], await FacesAsync(store));
    }

    /// <summary>After an error of the disk a connection may find a sound file damaged, until it is closed.</summary>
    [Theory]
    [InlineData(10, ErrorCode.LedgerNotWritten, true)]
    [InlineData(11, ErrorCode.LedgerNotWritten, true)]
    [InlineData(13, ErrorCode.LedgerNotWritten, false)]
    public async Task Writer_disk_error_opens_another_connection(int code, object expected, bool isReopened)
    {
        SqliteLedgerDatabase store = await OpenAsync();
        SqliteConnection connection = await ConnectionAsync(store);
        connection.CreateFunction("fail", int () => throw new SqliteException("as the disk would", code));

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(
            () => store.WriteAsync(session => session.QueryNumberAsync("SELECT fail()"), None));

        Assert.Equal(expected, error.Code);
        await AddAsync(store, "kept");
        Assert.Equal(["kept"], await FacesAsync(store));
        Assert.Equal(isReopened, connection != await ConnectionAsync(store));
    }

    [Fact]
    public async Task Writer_opens_another_connection_marks_the_new_log()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A locked file cannot be copied there.");
        SqliteLedgerDatabase store = await OpenAsync();
        (await ConnectionAsync(store)).CreateFunction("fail", int () => throw new SqliteException("as the disk would", 10));
        await Assert.ThrowsAsync<FaceGenException>(() => store.WriteAsync(session => session.QueryNumberAsync("SELECT fail()"), None));
        await AddAsync(store, "kept");

        // The files after a kill, without the log that contains the last row.
        string killed = Directory.CreateDirectory(Path.Combine(_folder, "killed")).FullName;
        // In another process: in this one, closing the copied file would drop SQLite's locks.
        using (Process copy = Process.Start("cp", [Ledger, Ledger + ".lock", killed])) await copy.WaitForExitAsync(None);

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(
            () => SqliteLedgerDatabase.OpenAsync(Path.Combine(killed, Path.GetFileName(Ledger)), LedgerMode.Run, _clock, None));
        Assert.Contains("-wal' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writer_connection_lost_and_ledger_gone_fails_all_later_jobs()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        SqliteLedgerDatabase store = await OpenAsync();
        await FailAsync(store, ["COMMIT", "ROLLBACK"]);
        await Assert.ThrowsAnyAsync<Exception>(() => AddAsync(store, "lost"));
        File.Delete(Ledger);

        for (int tries = 0; tries < 3; tries++)
        {
            FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => AddAsync(store, "later"));
            Assert.Contains(Ledger, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Writer_connection_lost_and_ledger_replaced_fails_all_later_jobs()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        SqliteLedgerDatabase store = await OpenAsync();
        await FailAsync(store, ["COMMIT", "ROLLBACK"]);
        await Assert.ThrowsAnyAsync<Exception>(() => AddAsync(store, "lost"));
        File.Delete(Ledger);
        _clock.Advance(TimeSpan.FromHours(1));
        SqliteLedgerDatabase.Create(Ledger, _clock);

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => AddAsync(store, "later"));

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("replaced by another", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writer_disposed_after_its_connection_was_lost_ends_every_queued_job()
    {
        SqliteLedgerDatabase store = await OpenAsync();
        await FailAsync(store, ["COMMIT", "ROLLBACK"]);
        Task[] jobs = [.. Enumerable.Range(0, 1000).Select(number => AddAsync(store, $"{number}"))];

        _opened.Remove(store);
        await store.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(jobs));
        Assert.All(jobs, job => Assert.True(job.IsCompleted));
        // The lock is free.
        Assert.Equal(2, (await OpenAsync()).Worker);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Writer_job_throws_ends_only_that_job(bool isBefore)
    {
        SqliteLedgerDatabase store = await OpenAsync();
        Task good = isBefore ? AddAsync(store, "good") : Task.CompletedTask;

        Task bad = store.WriteAsync<bool>(_ => throw new InvalidDataException("bad"), None);
        if (!isBefore) good = AddAsync(store, "good");

        await Assert.ThrowsAsync<InvalidDataException>(() => bad);
        await good;
        Assert.Equal(["good"], await FacesAsync(store));
    }

    private async Task<SqliteLedgerDatabase> OpenAsync()
    {
        SqliteLedgerDatabase store = await SqliteLedgerDatabase.OpenAsync(Ledger, LedgerMode.Run, _clock, None);
        _opened.Add(store);
        return store;
    }

    private static Task<int> AddAsync(SqliteLedgerDatabase database, string hash) => database.WriteAsync(
        session => session.ExecuteAsync("INSERT INTO faces (hash, bytes) VALUES (@hash, zeroblob(10))", ("hash", hash)), None);

    private static Task<List<string>> FacesAsync(SqliteLedgerDatabase database) => database.ReadAsync(
        session => session.QueryAsync("SELECT hash FROM faces ORDER BY hash", row => row.GetString(0)), None);

    /// <summary>Lets statements fail on the connection that writes now.</summary>
    private static async Task<SqliteConnection> FailAsync(SqliteLedgerDatabase database, string[] statements)
    {
        SqliteConnection connection = await ConnectionAsync(database);
        Fail(connection, statements);
        return connection;
    }

    private static Task<SqliteConnection> ConnectionAsync(SqliteLedgerDatabase database) => database.WriteAsync(
        session => Task.FromResult((SqliteConnection)session.Connection), None);

    private static void Fail(SqliteConnection connection, string[] statements) => Assert.Equal(SQLITE_OK, sqlite3_set_authorizer(
        connection.Handle,
        (_, action, first, _, _, _) => action == SQLITE_TRANSACTION && statements.Contains(first) ? SQLITE_DENY : SQLITE_OK, null));
}
