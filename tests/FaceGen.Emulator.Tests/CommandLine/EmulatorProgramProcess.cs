using System.Diagnostics;

namespace FaceGen.Emulator.Tests.CommandLine;

/// <summary>Runs the emulator as its own process.</summary>
internal sealed class EmulatorProgramProcess : IDisposable
{
    private readonly Process _process;

    private EmulatorProgramProcess(Process process) => _process = process;

    public static EmulatorProgramProcess Start(params string[] arguments) => StartProgram(typeof(EmulatorHost).Assembly.Location, arguments);

    /// <summary>Runs a copy of the emulator.</summary>
    public static EmulatorProgramProcess StartProgram(string program, params string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new EmulatorProgramProcess(Process.Start(info)!);
    }

    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync();

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Waits for the end of the process.</summary>
    /// <returns>The exit code and the output not yet read.</returns>
    public async Task<(int ExitCode, string Output, string Errors)> WaitForExitAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Task<string> output = _process.StandardOutput.ReadToEndAsync(timeout.Token);
        Task<string> errors = _process.StandardError.ReadToEndAsync(timeout.Token);
        await _process.WaitForExitAsync(timeout.Token);
        return (_process.ExitCode, await output, await errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
