using System.Diagnostics;
using System.Reflection;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Hosting;

/// <summary>A process of which the output is wanted.</summary>
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

    /// <summary>This program.</summary>
    private static string ThisProgram { get; } = Assembly.GetExecutingAssembly().Location;

    /// <summary>Starts this program again as a worker.</summary>
    internal static ChildProcess StartWorker(string name, params string[] arguments) =>
        new(Environment.ProcessPath!, [ThisProgram, "--worker", name, .. arguments]);

    /// <summary>Runs a program to its end; gives what it printed.</summary>
    /// <exception cref="BenchmarkException">It failed.</exception>
    internal static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var child = new ChildProcess(program, arguments);
        return await child.ReadToExitAsync();
    }

    /// <summary>Runs this program as a worker to its end; gives what it printed.</summary>
    /// <exception cref="BenchmarkException">It failed.</exception>
    internal static Task<string> RunWorkerAsync(string name, params string[] arguments) =>
        RunAsync(Environment.ProcessPath!, [ThisProgram, "--worker", name, .. arguments]);

    /// <summary>The next line that it prints.</summary>
    /// <exception cref="BenchmarkException">It ended without one.</exception>
    internal async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new BenchmarkException(await _errors);

    /// <summary>A worker that serves ends when its input does.</summary>
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
