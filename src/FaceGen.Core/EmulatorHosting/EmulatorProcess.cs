using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.EmulatorHosting;

/// <summary>Starts and stops the emulator as a process of its own, which ends when this one does.</summary>
internal static class EmulatorProcess
{
    private const int MaxErrorLength = 4096;

    /// <summary>How the emulator ends where it cannot read how it is to be started.</summary>
    private const int UsageError = 2;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly Regex ReadyLine = new(@"ready: (http://\S+)", RegexOptions.CultureInvariant);
    private static readonly Regex MissingRuntime =
        new("must install or update|framework.*not found", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static readonly ConcurrentDictionary<EmulatorInstance, Process> Processes = new();

    /// <summary>The emulators that this process started and has not stopped.</summary>
    internal static ICollection<EmulatorInstance> Running => Processes.Keys;

    /// <summary>Starts an emulator and waits until it is ready.</summary>
    /// <exception cref="FaceGenException">It did not start; the message says what to install or change.</exception>
    internal static async Task<EmulatorInstance> StartAsync(string program, EmulatorArguments arguments, CancellationToken cancellationToken)
    {
        if (!File.Exists(program))
            throw CreateFailedError($"The emulator is not part of this copy of the module: '{program}' is missing.");

        var process = new Process { StartInfo = CreateStartInfo(program, arguments.CommandLine) };
        var errors = new StringBuilder();
        var firstLine = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => firstLine.TrySetResult(line.Data ?? "");
        process.ErrorDataReceived += (_, line) =>
        {
            // What matters is why it did not start; later lines must not pile up.
            lock (errors) if (errors.Length < MaxErrorLength) errors.AppendLine(line.Data);
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            process.Dispose();
            throw CreateFailedError($"The emulator needs the ASP.NET Core runtime {DotnetProgram.RuntimeVersion}, and '{process.StartInfo.FileName}' could not be run: {e.Message.TrimEnd('.')}. No emulator was started. "
                + "Install the runtime from https://dot.net, or set DOTNET_ROOT to the full path of the folder that it is in.", e);
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        bool isReady = false;
        try
        {
            Task timer = Task.Delay(StartTimeout, cancellationToken);
            if (await Task.WhenAny(firstLine.Task, timer).ConfigureAwait(false) == timer)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw CreateFailedError($"The emulator was not ready within {StartTimeout.TotalSeconds:0} seconds.");
            }

            Match ready = ReadyLine.Match(await firstLine.Task.ConfigureAwait(false));
            if (!ready.Success) throw CreateStartError(process, errors);

            var emulator = new EmulatorInstance(new Uri(ready.Groups[1].Value), EmulatorArguments.ApiKey, arguments.QueueLimit, process.Id);
            Processes[emulator] = process;
            isReady = true;
            return emulator;
        }
        finally
        {
            if (!isReady) Kill(process);
        }
    }

    /// <summary>Stops an emulator; one that has ended already is fine.</summary>
    internal static void Stop(EmulatorInstance emulator)
    {
        if (Processes.TryRemove(emulator, out Process? process)) Kill(process);
    }

    /// <summary>Returns how the emulator's program is run, with pipes for its input and output.</summary>
    /// <exception cref="FaceGenException">The program <c>dotnet</c> was not found.</exception>
    internal static ProcessStartInfo CreateStartInfo(string program, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo
        {
            FileName = DotnetProgram.Find(),
            // It reads no file of the current folder, and does not keep that folder from being removed.
            WorkingDirectory = Path.GetDirectoryName(Path.GetFullPath(program))!,
            Arguments = string.Join(" ", new[] { Path.GetFullPath(program) }.Concat(arguments).Select(Quote)),
            UseShellExecute = false,
            CreateNoWindow = true,
            // The emulator ends when its input does, which also happens when this process is killed.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // It has a key of its own: the real one goes to the service and nowhere else.
        info.Environment.Remove(ApiKey.EnvironmentVariable);
        return info;
    }

    /// <summary>The only free text among the arguments is a service time and a path: a quote has no place in either.</summary>
    private static string Quote(string argument) => $"\"{argument.Replace("\"", "")}\"";

    private static FaceGenException CreateStartError(Process process, StringBuilder errors)
    {
        // The reader of its errors ends only when the process has; one that says something else and lives is ended.
        if (!process.WaitForExit(5000)) process.Kill();
        process.WaitForExit();
        string said;
        lock (errors) said = DisplayText.Clean(errors.ToString(), 600);
        if (process.ExitCode == UsageError) return new FaceGenException(ErrorCode.ParametersInvalid, EmulatorArguments.ToParameterNames(said));

        return CreateFailedError(MissingRuntime.IsMatch(said)
            ? $"The emulator needs the ASP.NET Core runtime {DotnetProgram.RuntimeVersion}, which '{process.StartInfo.FileName}' does not have. No emulator was started. "
                + $"Install the runtime from https://dot.net, or set DOTNET_ROOT to the full path of the folder that it is in. ({said})"
            : $"The emulator did not start: {said}");
    }

    private static void Kill(Process process)
    {
        using (process)
        {
            if (process.HasExited) return;
            process.Kill();
            process.WaitForExit();
        }
    }

    private static FaceGenException CreateFailedError(string message, Exception? inner = null) => new(ErrorCode.EmulatorFailed, message, inner);
}
