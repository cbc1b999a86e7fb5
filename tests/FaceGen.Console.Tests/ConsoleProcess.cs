using System.Diagnostics;

namespace FaceGen.Console.Tests;

/// <summary>The built console as a child process with all its streams redirected.</summary>
internal sealed class ConsoleProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private ConsoleProcess(Process process) => _process = process;

    internal static ConsoleProcess Start(params string[] arguments)
    {
        // The project reference has put the console beside the tests.
        string program = Path.Combine(AppContext.BaseDirectory, "FaceGen.Console.dll");
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["TERM"] = "xterm-256color", ["NO_COLOR"] = null },
        };
        return new ConsoleProcess(Process.Start(start)!);
    }

    /// <summary>Gives it all of its input.</summary>
    internal async Task WriteAsync(string input)
    {
        await _process.StandardInput.WriteAsync(input);
        _process.StandardInput.Close();
    }

    /// <summary>The next line of the standard output.</summary>
    internal async Task<string?> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience);

    /// <summary>Sends a signal by its name, as in <c>kill -INT</c>.</summary>
    internal async Task SignalAsync(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for the end, and reads what has not been read yet.</summary>
    internal async Task<Ended> EndAsync()
    {
        Task<string> output = _process.StandardOutput.ReadToEndAsync();
        Task<string> error = _process.StandardError.ReadToEndAsync();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return new Ended(_process.ExitCode, await output, await error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
