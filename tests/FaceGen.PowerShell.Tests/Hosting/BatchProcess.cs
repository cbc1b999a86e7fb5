using System.Diagnostics;
using System.Reflection;
using FaceGen.Emulator;
using FaceGen.Tests.Shared;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>A batch in a process of its own, which can be killed at any moment.</summary>
internal sealed class BatchProcess : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <summary>The example of a worker: it takes a file, a folder and a ledger.</summary>
    private static readonly string Worker = Assembly.GetExecutingAssembly()
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Worker").Value!;

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private BatchProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    internal bool HasEnded => _process.HasExited;

    internal int ExitCode => _process.ExitCode;

    /// <summary>Starts a batch: what it prints at last is its summary.</summary>
    internal static BatchProcess Start(EmulatorHost emulator, string csv, string folder, string ledger) =>
        StartScript(emulator, Worker, csv, folder, ledger);

    /// <summary>Starts a script with arguments.</summary>
    internal static BatchProcess StartScript(EmulatorHost emulator, params string[] script) =>
        StartPwsh(emulator, [.. Pwsh.WithModule, "-File", .. script]);

    /// <summary>Starts PowerShell.</summary>
    internal static BatchProcess StartPwsh(EmulatorHost emulator, string[] arguments) =>
        new(Process.Start(new ProcessStartInfo(Pwsh.Dotnet, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["MODELSLAB_API_KEY"] = "emulator-key", ["MODELSLAB_BASE_URL"] = emulator.BaseUri.AbsoluteUri, ["NO_COLOR"] = "1" },
        })!);

    /// <summary>Ends it as the power does: SIGKILL, no last word.</summary>
    internal async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Timeout);
    }

    /// <summary>Stops its threads, as a machine does that is paused.</summary>
    internal void Freeze() => PosixSignals.Send("STOP", _process.Id);

    /// <summary>Lets its threads go on.</summary>
    internal void Continue() => PosixSignals.Send("CONT", _process.Id);

    /// <summary>Waits for its end; gives what it printed.</summary>
    internal async Task<string> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Timeout);
        return await _output + await _error;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
