using System.Diagnostics;

namespace FaceGen.Console.Tests;

public sealed class StopSignalsTests
{
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_stops_an_endless_pipeline_within_a_second_and_finally_blocks_run(string signal, int exitCode)
    {
        // Windows has no signals that one process could send to another: Ctrl+C comes from its console alone.
        if (OperatingSystem.IsWindows())
            return;

        using ConsoleProcess console = ConsoleProcess.Start(
            "-NoModule", "-Command", "try { 'started'; while ($true) { } } finally { $Host.UI.WriteLine('tidied') }");
        Assert.Equal("started", await console.ReadLineAsync());

        await console.SignalAsync(signal);
        var watch = Stopwatch.StartNew();
        Assert.Equal("tidied", await console.ReadLineAsync());
        TimeSpan stopped = watch.Elapsed;
        Ended ended = await console.EndAsync();

        Assert.Equal((exitCode, ""), (ended.ExitCode, ended.Error));
        // How long a process then takes to go is the system's matter; a busy machine needs more than the second.
        Assert.InRange(stopped, TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }
}
