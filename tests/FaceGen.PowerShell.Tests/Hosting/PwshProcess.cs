using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>A way to end a process that it can notice.</summary>
public enum TerminationSignal
{
    /// <summary>Ctrl+C, typed in its terminal.</summary>
    Interrupt,

    /// <summary>SIGTERM, as service managers send it.</summary>
    Terminate,

    /// <summary>SIGHUP.</summary>
    HangUp,

    /// <summary>Its terminal is closed.</summary>
    Close,
}

/// <summary>A script in a real pwsh of its own, with the staged module imported, that gets a signal.</summary>
internal sealed class PwshProcess : IDisposable
{
    /// <summary>The program that gives another one a terminal.</summary>
    private const string ScriptProgram = "/usr/bin/script";

    /// <summary>The program that gives signals their default effect again: whatever started the tests (nohup, say) may ignore some.</summary>
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

    /// <summary>Gets why no process can be started here; null where one can.</summary>
    internal static string? SkipReason => !OperatingSystem.IsLinux() ? "Signals and terminals are tested on Linux."
        : !File.Exists(ScriptProgram) ? $"{ScriptProgram} is not there to give a process a terminal."
        : Pwsh.SkipReason;

    /// <summary>Gets whether PowerShell itself has ended, which may outlive its terminal.</summary>
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
    /// <param name="folder">The script's location, which is also its folder for temporary files.</param>
    /// <param name="script">The script.</param>
    /// <param name="signal">The signal that it will get: one that a terminal sends needs a terminal.</param>
    /// <param name="exitTimeoutSec">How long the process may wait for answers when it exits; null for the default.</param>
    internal static PwshProcess Start(Uri service, string folder, string script, TerminationSignal signal, int? exitTimeoutSec = null)
    {
        string file = Path.Combine(folder, "script.ps1");
        string idFile = Path.Combine(folder, "id");
        File.Delete(idFile);
        File.WriteAllText(file, $"[IO.File]::WriteAllText('{idFile}', $PID)\nImport-Module '{StagedModule.Manifest}'\n{script}\n");
        string[] pwsh = [Pwsh.Dotnet, Pwsh.Dll, "-NoProfile", "-File", file];
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
                // A terminal that nobody answers for must not be asked where its cursor is.
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
                // The terminal is that program's, and goes with it.
                _process.Kill();
                break;
            default:
                using (Process kill = Process.Start("kill", ["-s", _signal == TerminationSignal.HangUp ? "HUP" : "TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
                    await kill.WaitForExitAsync().WaitAsync(Timeout);
                break;
        }
    }

    /// <summary>Waits until a condition holds; fails with the output where it does not.</summary>
    internal async Task WaitUntilAsync(Func<bool> condition, string description)
    {
        long start = Stopwatch.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Timeout, $"It never came to this: {description}. Output: {Output}");
            await tick.WaitForNextTickAsync();
        }
    }

    /// <summary>Waits for its end; gives what it printed.</summary>
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
