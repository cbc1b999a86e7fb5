using System.Diagnostics;
using System.Reflection;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Hosting;

/// <summary>A child process with captured output.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private ChildProcess(string program, IEnumerable<string> arguments)
    {
        _process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Gets the path of this program.</summary>
    private static string ThisProgram { get; } = Assembly.GetExecutingAssembly().Location;

    /// <summary>Starts this program as a worker.</summary>
    internal static ChildProcess StartWorker(string name, params string[] arguments) =>
        new(Environment.ProcessPath!, [ThisProgram, "--worker", name, .. arguments]);

    /// <summary>Runs a program to its end and returns its output.</summary>
    /// <exception cref="BenchmarkException">The program failed.</exception>
    internal static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var child = new ChildProcess(program, arguments);
        return await child.ReadToExitAsync();
    }

    /// <summary>Runs this program as a worker to its end and returns its output.</summary>
    /// <exception cref="BenchmarkException">The worker failed.</exception>
    internal static Task<string> RunWorkerAsync(string name, params string[] arguments) =>
        RunAsync(Environment.ProcessPath!, [ThisProgram, "--worker", name, .. arguments]);

    /// <summary>Reads the next line of output.</summary>
    /// <exception cref="BenchmarkException">The process ended without one.</exception>
    internal async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new BenchmarkException(await _errors);

    /// <summary>Closes the input, and returns the rest of the output when the process has ended.</summary>
    /// <exception cref="BenchmarkException">The process failed.</exception>
    internal Task<string> CompleteAsync()
    {
        _process.StandardInput.Close();
        return ReadToExitAsync();
    }

    /// <summary>Closes the input, which ends a serving worker, and waits for the exit.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private async Task<string> ReadToExitAsync()
    {
        string output = await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        return _process.ExitCode == 0 ? output : throw new BenchmarkException($"exit code {_process.ExitCode}: {await _errors}");
    }
}

/// <summary>Programs that may be on this machine's path.</summary>
internal static class ExternalPrograms
{
    internal static string? PowerShell { get; } = Find("pwsh");

    internal static string? Curl { get; } = Find("curl");

    private static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name))
        .FirstOrDefault(File.Exists);
}
