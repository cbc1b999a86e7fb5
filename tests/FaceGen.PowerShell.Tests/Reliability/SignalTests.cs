using System.Management.Automation;
using System.Text.RegularExpressions;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Reliability;

/// <summary>
/// A pwsh process gets a signal while five submissions are in flight.
/// </summary>
public sealed partial class SignalTests
{
    private const int InFlight = 5;

    /// <summary>The output of a process that waits before it exits.</summary>
    private const string WaitingMessage = "FaceGen: Waiting up to";

    [Theory]
    [InlineData(TerminationSignal.Interrupt)]
    [InlineData(TerminationSignal.Terminate)]
    [InlineData(TerminationSignal.HangUp)]
    [InlineData(TerminationSignal.Close)]
    [InlineData(TerminationSignal.Interrupt, true)]
    [InlineData(TerminationSignal.Terminate, true)]
    [InlineData(TerminationSignal.Close, true)]
    public async Task Batch_signaled_records_every_response_in_flight(TerminationSignal signal, bool isRun = false)
    {
        if (PwshProcess.SkipReason is { } reason) Assert.Skip(reason);
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.1);
        await using var service = new HeldResponseProxy(fixture.Emulator.BaseUri);
        fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 12));

        using PwshProcess pwsh = PwshProcess.Start(service.BaseUri, fixture.Folder, "Invoke-FaceGenBatch people.csv -Destination out -LogPath run.jsonl; 'went on' > after", signal, isRun);
        await SignalInFlightAsync(pwsh, service, fixture);
        string output = await pwsh.WaitForExitAsync();

        PSObject[] rows = [.. fixture.Run("param($out) Get-FaceGenBatchItem $out", fixture.OutputFolder).WithoutErrors().Output];
        string[] statuses = [.. rows.Select(row => $"{row.Properties["Status"].Value}")];
        Assert.True(statuses.Count(status => status is "Submitted" or "Generated" or "Saved") == InFlight, $"{string.Join(' ', statuses)}: {output}");
        Assert.All(statuses, status => Assert.Contains(status, (string[])["Pending", "Submitted", "Generated", "Saved"]));
        Assert.Equal(InFlight, fixture.Emulator.Journal.Accepted);
        AssertEndedBySignal(pwsh, signal, fixture);
        Assert.Single(File.ReadLines(Path.Combine(fixture.Folder, "run.jsonl")), line => line.Contains("\"event\":\"RunEnd\"", StringComparison.Ordinal));

        fixture.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri", service.BaseUri).WithoutErrors();
        Assert.Equal("Complete", fixture.RunBatch(Path.Combine(fixture.Folder, "people.csv")).WithoutErrors().State);
        Assert.All(fixture.Emulator.Journal.AcceptedByPrompt, accepted => Assert.Equal(1, accepted.Value));
    }

    [Theory]
    [InlineData(TerminationSignal.Interrupt)]
    [InlineData(TerminationSignal.Terminate)]
    [InlineData(TerminationSignal.HangUp)]
    [InlineData(TerminationSignal.Close)]
    public async Task Pipeline_signaled_reports_every_unsaved_id(TerminationSignal signal)
    {
        if (PwshProcess.SkipReason is { } reason) Assert.Skip(reason);
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 0.1);
        await using var service = new HeldResponseProxy(fixture.Emulator.BaseUri);
        fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 12));

        using PwshProcess pwsh = PwshProcess.Start(service.BaseUri, fixture.Folder,
            "Import-FaceGenRequest people.csv | New-FaceGenImage | Save-FaceGenOutput out; 'went on' > after", signal);
        await SignalInFlightAsync(pwsh, service, fixture);
        string output = await pwsh.WaitForExitAsync() + ReadExitReport(fixture);

        Match ids = Ids().Match(output);
        Assert.True(ids.Success, output);
        Assert.Equal(InFlight, fixture.Emulator.Journal.Accepted);
        Assert.All(fixture.Emulator.Journal.AcceptedByPrompt.Keys, prompt => Assert.Contains($"'{prompt}'", output, StringComparison.Ordinal));
        AssertEndedBySignal(pwsh, signal, fixture);

        fixture.Run("param($ids, $out) Wait-FaceGenImage -Id $ids | Save-FaceGenOutput $out", ids.Groups[1].Value.Split(','), fixture.OutputFolder).WithoutErrors();
        Assert.Equal(InFlight, Directory.GetFiles(fixture.OutputFolder, "*.png").Length);
    }

    [Fact]
    public async Task Exit_timeout_reports_submissions_without_response()
    {
        if (PwshProcess.SkipReason is { } reason) Assert.Skip(reason);
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        await using var service = new HeldResponseProxy(fixture.Emulator.BaseUri);
        fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 2));

        using PwshProcess pwsh = PwshProcess.Start(service.BaseUri, fixture.Folder,
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
        if (PwshProcess.SkipReason is { } reason) Assert.Skip(reason);
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.WriteCsv(BatchFixtureExtensions.Prompts(1, 3));

        using PwshProcess pwsh = PwshProcess.Start(fixture.Emulator.BaseUri, fixture.Folder,
            "$null = Import-FaceGenRequest people.csv | New-FaceGenImage | Save-FaceGenOutput out; $null = New-FaceGenImage 'not waited for' face.png -NoWait", TerminationSignal.Terminate);
        string output = await pwsh.WaitForExitAsync();

        Assert.Equal(("", 0), (output, pwsh.ExitCode));
    }

    /// <summary>Sends the signal when all submissions are in flight, and releases the responses when the process waits for them.</summary>
    private static async Task SignalInFlightAsync(PwshProcess pwsh, HeldResponseProxy service, SessionFixture fixture)
    {
        await pwsh.WaitUntilAsync(() => service.HeldCount == InFlight, "five submissions in flight");
        await pwsh.SignalAsync();
        await pwsh.WaitUntilAsync(() => (pwsh.Output + ReadExitReport(fixture)).Contains(WaitingMessage, StringComparison.Ordinal), "a process that waits for the responses");
        Assert.False(pwsh.HasEnded);
        service.Release();
    }

    /// <summary>Asserts that the script did not continue, and that the exit code is that of the signal.</summary>
    private static void AssertEndedBySignal(PwshProcess pwsh, TerminationSignal signal, SessionFixture fixture)
    {
        Assert.False(File.Exists(Path.Combine(fixture.Folder, "after")));
        if (signal is TerminationSignal.Terminate) Assert.Equal(128 + 15, pwsh.ExitCode);
        if (signal is TerminationSignal.HangUp) Assert.Equal(128 + 1, pwsh.ExitCode);
    }

    /// <summary>Returns the report of a process that has lost its terminal.</summary>
    private static string ReadExitReport(SessionFixture fixture) =>
        string.Concat(Directory.GetFiles(fixture.Folder, "FaceGen-exit-*.txt").Select(File.ReadAllText));

    [GeneratedRegex(@"Wait-FaceGenImage -Id ([\d,]+)")]
    private static partial Regex Ids();
}
