using System.Diagnostics;

namespace FaceGen.Console.Tests;

public sealed class StopSignalsTests
{
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_stops_an_endless_pipeline_within_a_second(string signal, int exitCode)
    {
        // Windows has no signals that one process could send to another: Ctrl+C comes from its console alone.
        if (OperatingSystem.IsWindows())
            return;

        using ConsoleProcess console = ConsoleProcess.Start("-NoModule", "-Command", "'started'; while ($true) { }");
        Assert.Equal("started", await console.ReadLineAsync());

        var watch = Stopwatch.StartNew();
        await console.SignalAsync(signal);
        Ended ended = await console.EndAsync();

        Assert.Equal((exitCode, ""), (ended.ExitCode, ended.Error));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Finally_blocks_run_when_a_pipeline_is_stopped()
    {
        if (OperatingSystem.IsWindows())
            return;

        using ConsoleProcess console = ConsoleProcess.Start(
            "-NoModule", "-Command", "try { 'started'; while ($true) { } } finally { $Host.UI.WriteLine('tidied') }");
        Assert.Equal("started", await console.ReadLineAsync());

        await console.SignalAsync("INT");

        Assert.Equal("tidied", (await console.EndAsync()).Output.Trim());
    }
}
