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
    private const string WaitingMessage = "FaceGen: Waiting up to";

    [Theory]
    [InlineData(TerminationSignal.Interrupt)]
    [InlineData(TerminationSignal.Terminate)]
    [InlineData(TerminationSignal.HangUp)]
    [InlineData(TerminationSignal.Close)]
    public async Task Batch_signaled_records_every_response_in_flight(TerminationSignal signal)
    {
        if (PwshProcess.SkipReason is { } hindrance) Assert.Skip(hindrance);
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.1);
        await using var service = new HeldResponseProxy(bed.Emulator.BaseUri);
        bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 12));

        using PwshProcess pwsh = PwshProcess.Start(service.BaseUri, bed.Folder, "Invoke-FaceGenBatch people.csv -Destination out; 'went on' > after", signal);
        await SignalInFlightAsync(pwsh, service, bed);
        string output = await pwsh.WaitForExitAsync();

        PSObject[] rows = [.. bed.Run("param($out) Get-FaceGenBatchItem $out", bed.OutputFolder).WithoutErrors().Output];
        string[] statuses = [.. rows.Select(row => $"{row.Properties["Status"].Value}")];
        Assert.True(statuses.Count(status => status is "Submitted" or "Generated" or "Saved") == InFlight, $"{string.Join(' ', statuses)}: {output}");
        Assert.All(statuses, status => Assert.Contains(status, (string[])["Pending", "Submitted", "Generated", "Saved"]));
        Assert.Equal(InFlight, bed.Emulator.Journal.Accepted);
        AssertEndedBySignal(pwsh, signal, bed);

        bed.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri", service.BaseUri).WithoutErrors();
        Assert.Equal("Complete", bed.RunBatch(Path.Combine(bed.Folder, "people.csv")).WithoutErrors().State);
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
    }

    [Theory]
    [InlineData(TerminationSignal.Interrupt)]
    [InlineData(TerminationSignal.Terminate)]
    [InlineData(TerminationSignal.HangUp)]
    [InlineData(TerminationSignal.Close)]
    public async Task Pipeline_signaled_reports_every_unsaved_id(TerminationSignal signal)
    {
        if (PwshProcess.SkipReason is { } hindrance) Assert.Skip(hindrance);
        await using SessionFixture bed = await SessionFixture.StartAsync(serviceSeconds: 0.1);
        await using var service = new HeldResponseProxy(bed.Emulator.BaseUri);
        bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 12));

        using PwshProcess pwsh = PwshProcess.Start(service.BaseUri, bed.Folder,
            "Import-FaceGenRequest people.csv | New-FaceGenImage | Save-FaceGenOutput out; 'went on' > after", signal);
        await SignalInFlightAsync(pwsh, service, bed);
        string output = await pwsh.WaitForExitAsync() + ReadExitReport(bed);

        Match ids = Ids().Match(output);
        Assert.True(ids.Success, output);
        Assert.Equal(InFlight, bed.Emulator.Journal.Accepted);
        Assert.All(bed.Emulator.Journal.AcceptedByPrompt.Keys, prompt => Assert.Contains($"'{prompt}'", output, StringComparison.Ordinal));
        AssertEndedBySignal(pwsh, signal, bed);

        bed.Run("param($ids, $out) Wait-FaceGenImage -Id $ids | Save-FaceGenOutput $out", ids.Groups[1].Value.Split(','), bed.OutputFolder).WithoutErrors();
        Assert.Equal(InFlight, Directory.GetFiles(bed.OutputFolder, "*.png").Length);
    }

    [Fact]
    public async Task Exit_timeout_reports_submissions_without_response()
    {
        if (PwshProcess.SkipReason is { } hindrance) Assert.Skip(hindrance);
        await using SessionFixture bed = await SessionFixture.StartAsync();
        await using var service = new HeldResponseProxy(bed.Emulator.BaseUri);
        bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 2));

        using PwshProcess pwsh = PwshProcess.Start(service.BaseUri, bed.Folder,
            "Import-FaceGenRequest people.csv | New-FaceGenImage", TerminationSignal.Terminate, exitTimeoutSec: 2);
        await pwsh.WaitUntilAsync(() => service.HeldCount == 2, "two submissions in flight");
        await pwsh.SignalAsync();
        string output = await pwsh.WaitForExitAsync();

        Assert.Contains("The outcome of 2 submissions is unknown", output, StringComparison.Ordinal);
        Assert.Contains("people.csv:2: 'person 001'", output, StringComparison.Ordinal);
        Assert.Contains("people.csv:3: 'person 002'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Script_that_succeeds_reports_nothing()
    {
        if (PwshProcess.SkipReason is { } hindrance) Assert.Skip(hindrance);
        await using SessionFixture bed = await SessionFixture.StartAsync();
        bed.WriteCsv(BatchFixtureExtensions.Prompts(1, 3));

        using PwshProcess pwsh = PwshProcess.Start(bed.Emulator.BaseUri, bed.Folder,
            "$null = Import-FaceGenRequest people.csv | New-FaceGenImage | Save-FaceGenOutput out; $null = New-FaceGenImage 'not waited for' face.png -NoWait", TerminationSignal.Terminate);
        string output = await pwsh.WaitForExitAsync();

        Assert.Equal(("", 0), (output, pwsh.ExitCode));
    }

    /// <summary>Sends the signal when all that may be in flight is, and lets the answers come once the process waits for them.</summary>
    private static async Task SignalInFlightAsync(PwshProcess pwsh, HeldResponseProxy service, SessionFixture fixture)
    {
        await pwsh.WaitUntilAsync(() => service.HeldCount == InFlight, "five submissions in flight");
        await pwsh.SignalAsync();
        await pwsh.WaitUntilAsync(() => (pwsh.Output + ReadExitReport(fixture)).Contains(WaitingMessage, StringComparison.Ordinal), "a process that waits for the answers");
        Assert.False(pwsh.HasEnded);
        service.Release();
    }

    /// <summary>The script went no further, and the process ended by the signal that it got, not as one that has done its work.</summary>
    private static void AssertEndedBySignal(PwshProcess pwsh, TerminationSignal signal, SessionFixture fixture)
    {
        Assert.False(File.Exists(Path.Combine(fixture.Folder, "after")));
        if (signal is TerminationSignal.Terminate) Assert.Equal(128 + 15, pwsh.ExitCode);
        if (signal is TerminationSignal.HangUp) Assert.Equal(128 + 1, pwsh.ExitCode);
    }

    /// <summary>What was written where there is no terminal any more.</summary>
    private static string ReadExitReport(SessionFixture fixture) =>
        string.Concat(Directory.GetFiles(fixture.Folder, "FaceGen-exit-*.txt").Select(File.ReadAllText));

    [GeneratedRegex(@"Wait-FaceGenImage -Id ([\d,]+)")]
    private static partial Regex Ids();
}
