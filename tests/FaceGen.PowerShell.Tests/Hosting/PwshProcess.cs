using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>A way to end a process that the process can handle.</summary>
public enum TerminationSignal
{
    /// <summary>Ctrl+C in its terminal.</summary>
    Interrupt,

    /// <summary>SIGTERM, as service managers send it.</summary>
    Terminate,

    /// <summary>SIGHUP.</summary>
    HangUp,

    /// <summary>Its terminal is closed.</summary>
    Close,
}

/// <summary>A script in a pwsh process with the staged module, which gets a signal.</summary>
internal sealed class PwshProcess : IDisposable
{
    /// <summary>The program that runs another one in a terminal.</summary>
    private const string ScriptProgram = "/usr/bin/script";

    /// <summary>The program that resets signals to their default: a parent process such as nohup may ignore some.</summary>
    private const string EnvProgram = "/usr/bin/env";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly TerminationSignal _signal;
    private readonly string _idFile;
    private readonly StringBuilder _output = new();

    private PwshProcess(Process process, TerminationSignal signal, string idFile)
    {
        _process = process;
        _idFile = idFile;
        _signal = signal;
        process.OutputDataReceived += (_, line) => AppendOutput(line.Data);
        process.ErrorDataReceived += (_, line) => AppendOutput(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Gets why no process can be started here; null if one can.</summary>
    internal static string? SkipReason => !OperatingSystem.IsLinux() ? "Signals and terminals are tested on Linux."
        : !File.Exists(ScriptProgram) ? $"{ScriptProgram} is missing, which runs a process in a terminal."
        : null;

    /// <summary>True if PowerShell has ended, which may outlive its terminal.</summary>
    internal bool HasEnded => _signal != TerminationSignal.Close ? _process.HasExited
        : File.Exists(_idFile) && File.ReadAllText(_idFile) is { Length: > 0 } id
            && (!File.Exists($"/proc/{id}/stat") || File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal));

    internal int ExitCode => _process.ExitCode;

    internal string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    /// <summary>Starts a script.</summary>
    /// <param name="service">The service's address.</param>
    /// <param name="folder">The location of the script, and its temporary folder.</param>
    /// <param name="script">The script.</param>
    /// <param name="signal">The signal that the process will get.</param>
    /// <param name="isRun">True to start it by <c>dotnet run</c>, which gets the signal.</param>
    /// <param name="exitTimeoutSec">How long the exiting process may wait for responses; null for the default.</param>
    internal static PwshProcess Start(Uri service, string folder, string script, TerminationSignal signal, bool isRun = false, int? exitTimeoutSec = null)
    {
        string file = Path.Combine(folder, "script.ps1");
        string idFile = Path.Combine(folder, "id");
        File.Delete(idFile);
        File.WriteAllText(file, $"[IO.File]::WriteAllText('{idFile}', $PID)\n{script}\n");
        string[] pwsh = [Pwsh.Dotnet, .. isRun ? Pwsh.Run : Pwsh.WithModule, "-File", file];
        string[] command = signal is TerminationSignal.Interrupt or TerminationSignal.Close
            ? [ScriptProgram, "-qefc", $"exec {string.Join(' ', pwsh.Select(word => $"'{word}'"))}", "/dev/null"]
            : pwsh;
        var start = new ProcessStartInfo(EnvProgram, ["--default-signal=HUP,INT,TERM", .. command])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            Environment =
            {
                ["MODELSLAB_API_KEY"] = "emulator-key",
                ["MODELSLAB_BASE_URL"] = service.AbsoluteUri,
                ["FACEGEN_EXIT_TIMEOUT_SEC"] = exitTimeoutSec?.ToString(CultureInfo.InvariantCulture),
                ["TMPDIR"] = folder,
                // Nothing responds to a query of the cursor position.
                ["TERM"] = "dumb",
                ["NO_COLOR"] = "1",
            },
        };
        return new PwshProcess(Process.Start(start)!, signal, idFile);
    }

    /// <summary>Sends the signal.</summary>
    internal async Task SignalAsync()
    {
        switch (_signal)
        {
            case TerminationSignal.Interrupt:
                await _process.StandardInput.WriteAsync('\u0003');
                await _process.StandardInput.FlushAsync();
                break;
            case TerminationSignal.Close:
                // The terminal ends with this program.
                _process.Kill();
                break;
            default:
                using (Process kill = Process.Start("kill", ["-s", _signal == TerminationSignal.HangUp ? "HUP" : "TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
                    await kill.WaitForExitAsync().WaitAsync(Timeout);
                break;
        }
    }

    /// <summary>Waits until a condition holds, or fails with the output.</summary>
    internal async Task WaitUntilAsync(Func<bool> condition, string description)
    {
        long start = Stopwatch.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Timeout, $"Timeout while waiting for {description}. Output: {Output}");
            await tick.WaitForNextTickAsync();
        }
    }

    /// <summary>Waits for the end of the process, and returns its output.</summary>
    internal async Task<string> WaitForExitAsync()
    {
        await WaitUntilAsync(() => HasEnded, "the end of the process");
        await _process.WaitForExitAsync().WaitAsync(Timeout);
        return Output;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void AppendOutput(string? line)
    {
        if (line is null) return;

        lock (_output) _output.AppendLine(line);
    }
}
