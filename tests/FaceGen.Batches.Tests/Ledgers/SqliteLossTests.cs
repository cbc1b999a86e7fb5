using System.Diagnostics;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Ledgers.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>
/// A ledger of which a part was moved, deleted or replaced, while a run works on it or after a run was killed, is noticed;
/// a ledger that is complete is not suspected.
/// </summary>
public sealed class SqliteLossTests : IAsyncDisposable
{
    private static readonly Uri Service = new("https://modelslab.example/");

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("facegen-loss-").FullName;
    private readonly List<ILedger> _opened = [];

    private string OutputFolder => Path.Combine(_folder, "out");

    private string Moved => Path.Combine(_folder, "moved");

    private string Ledger => Path.Combine(OutputFolder, "batch.db");

    private static CancellationToken None => CancellationToken.None;

    public async ValueTask DisposeAsync()
    {
        foreach (ILedger ledger in _opened) await ledger.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public static TheoryData<string> Losses => ["folder deleted", "folder moved", "moved", "deleted", "replaced", "replaced by a copy", "-wal deleted"];

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task Ledger_file_lost_during_run_claims_nothing(string loss)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        ILedger ledger = await StartAsync("a", "b", "c");
        Assert.NotNull(await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None));

        await LoseAsync(loss);

        await AssertLostAsync(() => ledger.ClaimPendingAsync(Service, 5, cancellationToken: None));
        await AssertLostAsync(() => ledger.ClaimAbandonedAsync(Service, 5, None));
        await AssertLostAsync(() => ledger.CountAsync(None));
    }

    [Fact]
    public async Task Lock_file_deleted_during_run_records_results_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        ILedger ledger = await StartAsync("a", "b");
        LedgerRow row = (await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None))!;

        File.Delete(Ledger + ".lock");

        await AssertLostAsync(() => ledger.ClaimPendingAsync(Service, 5, cancellationToken: None));
        await AssertLostAsync(() => ledger.ClaimAbandonedAsync(Service, 5, None));
        Assert.True(await ledger.WriteAsync(row with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));
        Assert.Equal(1, (await ledger.CountAsync(None))[BatchItemStatus.Submitted]);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task Ledger_file_lost_during_run_reports_unrecorded_result(string loss)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        ILedger ledger = await StartAsync("a", "b");
        LedgerRow row = (await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None))!;

        await LoseAsync(loss);

        await AssertLostAsync(() => ledger.WriteAsync(row with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));
    }

    [Fact]
    public async Task Ledger_file_moved_during_run_records_result_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        ILedger ledger = await StartAsync("a", "b");
        LedgerRow row = (await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None))!;
        Directory.Move(OutputFolder, Moved);

        await AssertLostAsync(() => ledger.ClaimPendingAsync(Service, 5, cancellationToken: None));
        await AssertLostAsync(() => ledger.WriteAsync(row with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));
        await ledger.DisposeAsync();

        ILedger next = await OpenAtAsync(Path.Combine(Moved, "batch.db"));
        Assert.Equal("1", Assert.Single(await next.ClaimAbandonedAsync(Service, 5, None)).GenerationId);
        Assert.Equal(1, (await next.ClaimPendingAsync(Service, 5, cancellationToken: None))!.Attempts);
    }

    [Fact]
    public async Task Log_deleted_during_run_ledger_is_complete_at_end()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        ILedger ledger = await StartAsync("a", "b");
        LedgerRow row = (await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None))!;
        File.Delete(Ledger + "-wal");
        await AssertLostAsync(() => ledger.WriteAsync(row with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));
        await ledger.DisposeAsync();

        Assert.Equal("1", Assert.Single(await (await OpenAsync()).ClaimAbandonedAsync(Service, 5, None)).GenerationId);
    }

    [Fact]
    public async Task Run_without_lock_file_stops_for_newer_run()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files can neither be moved nor deleted there.");
        ILedger first = await StartAsync("a", "b", "c");
        LedgerRow sent = (await first.ClaimPendingAsync(Service, 5, cancellationToken: None))!;
        File.Delete(Ledger + ".lock");

        ILedger second = await OpenAsync();

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => first.ClaimPendingAsync(Service, 5, cancellationToken: None));
        Assert.Equal(ErrorCode.LedgerInUse, error.Code);
        Assert.Contains("submits nothing more", error.Message, StringComparison.Ordinal);
        // The row in flight of the first run is uncertain for the second one until its response arrives.
        Assert.Equal(BatchItemStatus.Uncertain, Assert.Single(await second.ClaimAbandonedAsync(Service, 5, None)).Status);
        Assert.True(await first.WriteAsync(sent with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: true, None));
        Assert.Equal("1", Assert.Single(await second.ClaimAbandonedAsync(Service, 5, None)).GenerationId);
        Assert.Equal("b", (await second.ClaimPendingAsync(Service, 5, cancellationToken: None))!.Request);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 6_000_000)]
    [InlineData(false, 22_000_000)]
    public async Task Log_missing_after_kill_is_refused(bool isEmpty, int length)
    {
        await KillAsync(length);
        string log = Path.Combine(_folder, "log");
        File.Move(Ledger + "-wal", log);
        if (isEmpty) await File.WriteAllBytesAsync(Ledger + "-wal", []);
        byte[] before = await File.ReadAllBytesAsync(Ledger);

        foreach (LedgerMode mode in Enum.GetValues<LedgerMode>())
        {
            FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync(mode));
            Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
            Assert.Contains($"'{Ledger}-wal' is missing", error.Message, StringComparison.Ordinal);
            Assert.Contains("Nothing was sent", error.Message, StringComparison.Ordinal);
            Assert.Contains($"delete '{Ledger}.lock'", error.Message, StringComparison.Ordinal);
        }

        // As the message says, the log is restored.
        Assert.Equal(before, await File.ReadAllBytesAsync(Ledger));
        File.Move(log, Ledger + "-wal", overwrite: true);
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task Log_missing_after_kill_without_lock_file_is_accepted()
    {
        await KillAsync();
        File.Delete(Ledger + "-wal");
        File.Delete(Ledger + ".lock");

        Assert.Null(await (await OpenAsync()).ClaimPendingAsync(Service, 5, cancellationToken: None));
    }

    [Fact]
    public async Task Older_copy_in_place_after_kill_is_refused()
    {
        await (await StartAsync("a", "b")).DisposeAsync();
        byte[] copy = await File.ReadAllBytesAsync(Ledger);
        await KillAsync();
        await File.WriteAllBytesAsync(Ledger, copy);
        File.Delete(Ledger + "-wal");

        Assert.Contains("older copy", (await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6_000_000)]
    public async Task Ledger_with_log_after_kill_is_opened(int length)
    {
        await KillAsync(length);

        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task Ledger_after_two_kills_is_opened()
    {
        await KillAsync();
        ILedger second = await OpenAsync();
        await CopyAsKilledAsync(second);

        await AssertGoesOnAsync();
    }

    /// <summary>The last connection to close merges the log and deletes it: that is not a loss.</summary>
    [Theory]
    [InlineData("reader")]
    [InlineData("plan")]
    [InlineData("tool")]
    public async Task Log_merged_by_another_program_after_kill_is_accepted(string program)
    {
        await KillAsync();
        if (program == "tool")
        {
            using SqliteConnection tool = SqliteConnections.Open(Ledger, SqliteOpenMode.ReadWrite);
            SqliteConnections.Execute(tool, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
        else
        {
            ILedger reader = await OpenAsync(program == "plan" ? LedgerMode.Plan : LedgerMode.Read);
            Assert.Equal(2, reader.Read([]).Count());
            await reader.DisposeAsync();
        }

        Assert.False(File.Exists(Ledger + "-wal"));
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task Reader_outliving_run_is_not_a_loss()
    {
        ILedger run = await StartAsync("a", "b");
        await AcceptAsync(run);
        ILedger reader = await OpenAsync(LedgerMode.Read);
        Assert.Equal(2, reader.Read([]).Count());

        await run.DisposeAsync();
        await reader.DisposeAsync();

        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task Ledger_closed_normally_can_be_replaced_by_backup()
    {
        await (await StartAsync("a", "b")).DisposeAsync();
        byte[] backup = await File.ReadAllBytesAsync(Ledger);
        ILedger later = await OpenAsync();
        await AcceptAsync(later);
        await later.DisposeAsync();

        await File.WriteAllBytesAsync(Ledger, backup);

        Assert.Equal("a", (await (await OpenAsync()).ClaimPendingAsync(Service, 5, cancellationToken: None))!.Request);
        Assert.Equal(0, new FileInfo(Path.Combine(OutputFolder, "batch.db-journal")) is { Exists: true } journal ? journal.Length : 0);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("12345\n")]
    [InlineData("FaceGen ledger 0001893553445000 0000000009 00018935")]
    public async Task Ledger_with_unmarked_lock_file_is_opened(string? text)
    {
        await KillAsync();
        if (text is null) File.Delete(Ledger + ".lock");
        else await File.WriteAllTextAsync(Ledger + ".lock", text);

        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task Ledger_deleted_after_kill_starts_empty()
    {
        await KillAsync();
        File.Delete(Ledger);
        File.Delete(Ledger + "-wal");

        Assert.Equal("a", (await (await StartAsync("a")).ClaimPendingAsync(Service, 5, cancellationToken: None))!.Request);
    }

    [Fact]
    public async Task Another_ledger_in_place_after_kill_is_opened()
    {
        await KillAsync();
        File.Delete(Ledger + "-wal");
        _clock.Advance(TimeSpan.FromHours(1));
        string other = Path.Combine(_folder, "other.db");
        await (await StartAtAsync(other, "c")).DisposeAsync();
        File.Copy(other, Ledger, overwrite: true);

        Assert.Equal("c", (await (await OpenAsync()).ClaimPendingAsync(Service, 5, cancellationToken: None))!.Request);
    }

    [Fact]
    public async Task Clock_set_back_between_runs_is_not_a_loss()
    {
        await KillAsync();
        var before = new FakeTimeProvider(_clock.GetUtcNow() - TimeSpan.FromDays(400));
        var early = new DatabaseLedger(await SqliteLedgerDatabase.OpenAsync(Ledger, LedgerMode.Run, before, None), before);
        _opened.Add(early);
        Assert.Equal("b", (await early.ClaimPendingAsync(Service, 5, cancellationToken: None))!.Request);
        await CopyAsKilledAsync(early);

        ILedger next = await OpenAsync();

        Assert.Equal("1", (await next.ClaimAbandonedAsync(Service, 5, None))[^1].GenerationId);
    }

    private Task LoseAsync(string loss)
    {
        switch (loss)
        {
            case "folder deleted":
                Directory.Delete(OutputFolder, recursive: true);
                break;
            case "folder moved":
                Directory.Move(OutputFolder, Moved);
                break;
            case "moved":
                File.Move(Ledger, Ledger + ".bak");
                break;
            case "deleted":
                File.Delete(Ledger);
                break;
            case "replaced":
                SqliteLedgerDatabase.Create(Path.Combine(_folder, "other.db"), _clock);
                File.Move(Path.Combine(_folder, "other.db"), Ledger, overwrite: true);
                break;
            case "replaced by a copy":
                return ShellAsync($"cp -p '{Ledger}' '{Ledger}.bak' && mv '{Ledger}.bak' '{Ledger}'");
            default:
                File.Delete(Ledger + loss.Split(' ')[0]);
                break;
        }

        return Task.CompletedTask;
    }

    private static async Task AssertLostAsync(Func<Task> call)
    {
        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(call);
        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("Nothing more is submitted", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A run that accepted the row "a" as generation 1, and was killed.</summary>
    private async Task KillAsync(int length = 0)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A locked file cannot be copied there.");
        ILedger run = await StartAsync("a", "b");
        LedgerRow row = await AcceptAsync(run);
        // Longer than the log grows between two checkpoints.
        for (int written = 0; written < length; written += 1_000_000)
            Assert.True(await run.WriteAsync(row with { Generation = new string((char)('a' + (written / 1_000_000)), 1_000_000) }, release: false, None));
        await CopyAsKilledAsync(run);
    }

    /// <summary>Leaves the files as they are now, as if the run had ended here.</summary>
    private async Task CopyAsKilledAsync(ILedger run)
    {
        string killed = Path.Combine(_folder, "killed");
        // In another process: in this one, closing the copied file would drop SQLite's locks.
        await ShellAsync($"rm -rf '{killed}' && cp -a '{OutputFolder}' '{killed}' && rm -f '{killed}'/*-shm");
        await run.DisposeAsync();
        Directory.Delete(OutputFolder, recursive: true);
        Directory.Move(killed, OutputFolder);
    }

    private async Task AssertGoesOnAsync()
    {
        ILedger next = await OpenAsync();
        Assert.Equal("1", Assert.Single(await next.ClaimAbandonedAsync(Service, 5, None)).GenerationId);
        Assert.Equal("b", (await next.ClaimPendingAsync(Service, 5, cancellationToken: None))!.Request);
    }

    private static async Task<LedgerRow> AcceptAsync(ILedger ledger)
    {
        LedgerRow row = (await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None))! with { Status = BatchItemStatus.Submitted, GenerationId = "1" };
        Assert.True(await ledger.WriteAsync(row, release: false, None));
        return row;
    }

    private Task<ILedger> StartAsync(params string[] requests) => StartAtAsync(Ledger, requests);

    private async Task<ILedger> StartAtAsync(string path, params string[] requests)
    {
        ILedger ledger = await OpenAtAsync(path);
        await ledger.StageAsync([.. requests.Select(request => new InputRow(request, request, 1, null, null, null))], null, None);
        await ledger.ImportAsync(false, None);
        return ledger;
    }

    private Task<ILedger> OpenAsync(LedgerMode mode = LedgerMode.Run) => OpenAtAsync(Ledger, mode);

    private async Task<ILedger> OpenAtAsync(string path, LedgerMode mode = LedgerMode.Run)
    {
        var ledger = new DatabaseLedger(await SqliteLedgerDatabase.OpenAsync(path, mode, _clock, None), _clock);
        _opened.Add(ledger);
        return ledger;
    }

    private static async Task ShellAsync(string command)
    {
        using Process shell = Process.Start("sh", ["-c", command]);
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
    }
}
