using System.Management.Automation;
using System.Text.RegularExpressions;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>
/// A script in a real PowerShell gets a signal while the service has accepted five submissions and answered none of them.
/// </summary>
public sealed partial class SignalTests
{
    private const int InFlight = 5;

    /// <summary>What the exiting process writes once it waits: the command has ended by then, or is halted.</summary>
    private const string Waiting = "FaceGen: Waiting up to";

    [Theory]
    [InlineData(EndSignal.Interrupt)]
    [InlineData(EndSignal.Terminate)]
    [InlineData(EndSignal.HangUp)]
    [InlineData(EndSignal.Close)]
    [InlineData(EndSignal.Interrupt, true)]
    [InlineData(EndSignal.Terminate, true)]
    [InlineData(EndSignal.Close, true)]
    public async Task Batch_that_gets_a_signal_records_every_answer_in_flight(EndSignal signal, bool isRun = false)
    {
        if (PwshProcess.Hindrance is { } hindrance) Assert.Skip(hindrance);
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 0.1);
        await using var service = new HeldAnswers(bed.Emulator.BaseUri);
        bed.WriteCsv(BatchRuns.Prompts(1, 12));

        using PwshProcess pwsh = PwshProcess.Start(service.BaseUri, bed.Folder, "Invoke-FaceGenBatch people.csv -Destination out; 'went on' > after", signal, isRun);
        await SignalInFlightAsync(pwsh, service, bed);
        string output = await pwsh.EndAsync();

        PSObject[] rows = [.. bed.Run("param($out) Get-FaceGenBatchItem $out", bed.Out).WithoutErrors().Output];
        string[] statuses = [.. rows.Select(row => $"{row.Properties["Status"].Value}")];
        Assert.True(statuses.Count(status => status is "Submitted" or "Generated" or "Saved") == InFlight, $"{string.Join(' ', statuses)}: {output}");
        Assert.All(statuses, status => Assert.Contains(status, (string[])["Pending", "Submitted", "Generated", "Saved"]));
        Assert.Equal(InFlight, bed.Emulator.Journal.Accepted);
        AssertEnd(pwsh, signal, bed);

        bed.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri", service.BaseUri).WithoutErrors();
        Assert.Equal("Complete", bed.RunBatch(Path.Combine(bed.Folder, "people.csv")).WithoutErrors().State);
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
    }

    [Theory]
    [InlineData(EndSignal.Interrupt)]
    [InlineData(EndSignal.Terminate)]
    [InlineData(EndSignal.HangUp)]
    [InlineData(EndSignal.Close)]
    public async Task Pipeline_that_gets_a_signal_reports_every_id_that_is_not_saved(EndSignal signal)
    {
        if (PwshProcess.Hindrance is { } hindrance) Assert.Skip(hindrance);
        await using TestBed bed = await TestBed.StartAsync(serviceSeconds: 0.1);
        await using var service = new HeldAnswers(bed.Emulator.BaseUri);
        bed.WriteCsv(BatchRuns.Prompts(1, 12));

        using PwshProcess pwsh = PwshProcess.Start(service.BaseUri, bed.Folder,
            "Import-FaceGenRequest people.csv | New-FaceGenImage | Save-FaceGenOutput out; 'went on' > after", signal);
        await SignalInFlightAsync(pwsh, service, bed);
        string output = await pwsh.EndAsync() + ReadFallback(bed);

        Match ids = Ids().Match(output);
        Assert.True(ids.Success, output);
        Assert.Equal(InFlight, bed.Emulator.Journal.Accepted);
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt.Keys, prompt => Assert.Contains($"'{prompt}'", output, StringComparison.Ordinal));
        AssertEnd(pwsh, signal, bed);

        bed.Run("param($ids, $out) Wait-FaceGenImage -Id $ids | Save-FaceGenOutput $out", ids.Groups[1].Value.Split(','), bed.Out).WithoutErrors();
        Assert.Equal(InFlight, Directory.GetFiles(bed.Out, "*.png").Length);
    }

    [Fact]
    public async Task Process_that_waited_long_enough_names_the_submissions_without_an_answer()
    {
        if (PwshProcess.Hindrance is { } hindrance) Assert.Skip(hindrance);
        await using TestBed bed = await TestBed.StartAsync();
        await using var service = new HeldAnswers(bed.Emulator.BaseUri);
        bed.WriteCsv(BatchRuns.Prompts(1, 2));

        using PwshProcess pwsh = PwshProcess.Start(service.BaseUri, bed.Folder,
            "Import-FaceGenRequest people.csv | New-FaceGenImage", EndSignal.Terminate, exitTimeoutSec: 2);
        await pwsh.UntilAsync(() => service.Held == 2, "two submissions in flight");
        await pwsh.SignalAsync();
        string output = await pwsh.EndAsync();

        Assert.Contains("The outcome of 2 submissions is unknown", output, StringComparison.Ordinal);
        Assert.Contains("people.csv:2: 'person 001'", output, StringComparison.Ordinal);
        Assert.Contains("people.csv:3: 'person 002'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Script_that_ends_well_reports_nothing()
    {
        if (PwshProcess.Hindrance is { } hindrance) Assert.Skip(hindrance);
        await using TestBed bed = await TestBed.StartAsync();
        bed.WriteCsv(BatchRuns.Prompts(1, 3));

        using PwshProcess pwsh = PwshProcess.Start(bed.Emulator.BaseUri, bed.Folder,
            "$null = Import-FaceGenRequest people.csv | New-FaceGenImage | Save-FaceGenOutput out; $null = New-FaceGenImage 'not waited for' face.png -NoWait", EndSignal.Terminate);
        string output = await pwsh.EndAsync();

        Assert.Equal(("", 0), (output, pwsh.ExitCode));
    }

    /// <summary>Sends the signal when all that may be in flight is, and lets the answers come once the process waits for them.</summary>
    private static async Task SignalInFlightAsync(PwshProcess pwsh, HeldAnswers service, TestBed bed)
    {
        await pwsh.UntilAsync(() => service.Held == InFlight, "five submissions in flight");
        await pwsh.SignalAsync();
        await pwsh.UntilAsync(() => (pwsh.Output + ReadFallback(bed)).Contains(Waiting, StringComparison.Ordinal), "a process that waits for the answers");
        Assert.False(pwsh.HasEnded);
        service.Release();
    }

    /// <summary>The script went no further, and the process ended by the signal that it got, not as one that has done its work.</summary>
    private static void AssertEnd(PwshProcess pwsh, EndSignal signal, TestBed bed)
    {
        Assert.False(File.Exists(Path.Combine(bed.Folder, "after")));
        if (signal is EndSignal.Terminate) Assert.Equal(128 + 15, pwsh.ExitCode);
        if (signal is EndSignal.HangUp) Assert.Equal(128 + 1, pwsh.ExitCode);
    }

    /// <summary>What was written where there is no terminal any more.</summary>
    private static string ReadFallback(TestBed bed) =>
        string.Concat(Directory.GetFiles(bed.Folder, "FaceGen-exit-*.txt").Select(File.ReadAllText));

    [GeneratedRegex(@"Wait-FaceGenImage -Id ([\d,]+)")]
    private static partial Regex Ids();
}
