using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.EmulatorHosting;

/// <summary>Starts and stops the emulator in its own process, which ends with this one.</summary>
internal static class EmulatorProcess
{
    private const int MaxErrorLength = 4096;

    /// <summary>The exit code of the emulator for an invalid command line.</summary>
    private const int UsageError = 2;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly Regex ReadyLine = new(@"ready: (http://\S+)", RegexOptions.CultureInvariant);
    private static readonly Regex MissingRuntime =
        new("must install or update|framework.*not found", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static readonly ConcurrentDictionary<EmulatorInstance, Process> Processes = new();

    /// <summary>Gets the emulators that this process started and has not stopped.</summary>
    internal static ICollection<EmulatorInstance> Running => Processes.Keys;

    /// <summary>Starts an emulator and waits until it is ready.</summary>
    /// <exception cref="FaceGenException">The emulator did not start; the message says what to install or change.</exception>
    internal static async Task<EmulatorInstance> StartAsync(string program, EmulatorArguments arguments, CancellationToken cancellationToken)
    {
        if (!File.Exists(program))
            throw CreateFailedError($"The emulator is not part of this copy of the module: '{program}' is missing. No emulator was started. Install the module again.");

        var process = new Process { StartInfo = CreateStartInfo(program, arguments.CommandLine) };
        var errors = new StringBuilder();
        var firstLine = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => firstLine.TrySetResult(line.Data ?? "");
        process.ErrorDataReceived += (_, line) =>
        {
            // The first lines explain why it did not start; later ones must not fill the memory.
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
                throw CreateFailedError($"The emulator was not ready within {StartTimeout.TotalSeconds:0} s, and was stopped. Try again when the machine is less busy.");
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

    /// <summary>Stops an emulator, unless it has ended already.</summary>
    internal static void Stop(EmulatorInstance emulator)
    {
        if (Processes.TryRemove(emulator, out Process? process)) Kill(process);
    }

    /// <summary>Returns how to start the emulator's program, with pipes for its input and output.</summary>
    /// <exception cref="FaceGenException">The program <c>dotnet</c> was not found.</exception>
    internal static ProcessStartInfo CreateStartInfo(string program, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo
        {
            FileName = DotnetProgram.Find(),
            // The emulator reads no file of the current folder, and does not prevent its deletion.
            WorkingDirectory = Path.GetDirectoryName(Path.GetFullPath(program))!,
            Arguments = string.Join(" ", new[] { Path.GetFullPath(program) }.Concat(arguments).Select(Quote)),
            UseShellExecute = false,
            CreateNoWindow = true,
            // The emulator ends with its input, also if this process is killed.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The emulator has its own key: the user's key goes to the service and nowhere else.
        info.Environment.Remove(ApiKey.EnvironmentVariable);
        return info;
    }

    /// <summary>Quotes an argument. Those with free text are a service time and a path, neither of which has quotes.</summary>
    private static string Quote(string argument) => $"\"{argument.Replace("\"", "")}\"";

    private static FaceGenException CreateStartError(Process process, StringBuilder errors)
    {
        // Standard error is complete when the process has ended. A program that is not an emulator may go on: it is killed.
        if (!process.WaitForExit(5000)) process.Kill();
        process.WaitForExit();
        string message;
        lock (errors) message = DisplayText.Clean(errors.ToString(), 600);
        if (process.ExitCode == UsageError) return new FaceGenException(ErrorCode.ParametersInvalid, EmulatorArguments.ToParameterNames(message));

        return CreateFailedError(MissingRuntime.IsMatch(message)
            ? $"The emulator needs the ASP.NET Core runtime {DotnetProgram.RuntimeVersion}, which '{process.StartInfo.FileName}' does not have. No emulator was started. "
                + $"Install the runtime from https://dot.net, or set DOTNET_ROOT to the full path of the folder that it is in. ({message})"
            : $"The emulator did not start: {message.TrimEnd('.')}. No emulator was started. Correct what the message names.");
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
