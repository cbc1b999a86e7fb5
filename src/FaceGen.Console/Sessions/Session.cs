using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using FaceGen.Console.Hosting;
using Microsoft.PowerShell;

namespace FaceGen.Console.Sessions;

/// <summary>
/// One PowerShell runspace in which texts run one after the other, their results rendered by the host.
/// </summary>
internal sealed class Session : IDisposable
{
    private readonly ConsoleUserInterface _userInterface;
    private readonly ConsoleHost _host;
    private readonly Runspace _runspace;
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _idle = new(initialState: true);
    private PowerShell? _running;

    /// <summary>Opens the engine with its core cmdlets.</summary>
    internal Session(ConsoleUserInterface userInterface)
    {
        // The engine reports the names of imported modules to its makers unless told otherwise.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");

        InitialSessionState state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
            state.ExecutionPolicy = ExecutionPolicy.RemoteSigned;

        _userInterface = userInterface;
        _userInterface.StopRequested += (_, _) => Stop();
        _host = new ConsoleHost(userInterface);
        _runspace = RunspaceFactory.CreateRunspace(_host, state);
        _runspace.Open();
    }

    /// <summary>The code that <c>exit</c> was called with; null while it was not.</summary>
    internal int? ExitCode => _host.ExitCode;

    /// <summary>Whether the last text ended early: by a terminating error, or because it does not parse.</summary>
    internal bool EndedByError { get; private set; }

    /// <summary>Whether the last text was stopped before its end, by a signal or by Ctrl+C as an answer.</summary>
    internal bool Stopped { get; private set; }

    /// <summary>Imports a module for all that runs later; false where that failed, with the error shown.</summary>
    internal bool Import(string path)
    {
        var import = new Command("Import-Module") { Parameters = { { "Name", path }, { "ErrorAction", "Stop" } } };
        Invoke(import, addToHistory: false);
        return !EndedByError && !Stopped;
    }

    /// <summary>
    /// Runs a text and renders what comes out. True if its last statement succeeded (<c>$?</c>).
    /// </summary>
    internal bool Run(string text)
    {
        // Parsed here too, because a parse error that the engine throws at its host has lost its place in the text.
        Parser.ParseInput(text, out _, out ParseError[] errors);
        if (errors.Length > 0)
        {
            (EndedByError, Stopped) = (true, false);
            foreach (ParseError error in errors)
                _userInterface.WriteErrorLine($"ParserError: {Describe(error)}");
            return false;
        }

        // The engine keeps $? up to date only for what goes into the history.
        Invoke(new Command(text, isScript: true, useLocalScope: false), addToHistory: true);
        return !EndedByError && !Stopped && _runspace.SessionStateProxy.GetVariable("?") is true;
    }

    /// <summary>Asks the running pipeline to stop, without waiting for it. False if nothing runs.</summary>
    internal bool Stop()
    {
        lock (_gate)
        {
            _running?.BeginStop(null, null);
            return _running is not null;
        }
    }

    /// <summary>Waits until nothing runs, but no longer than the given time.</summary>
    internal void WaitUntilIdle(TimeSpan timeout) => _idle.Wait(timeout);

    /// <summary>The text before the place to type at, from the session's own <c>prompt</c> function.</summary>
    internal string PromptText()
    {
        const string Fallback = "PS> ";
        try
        {
            using PowerShell shell = PowerShell.Create(_runspace);
            return shell.AddCommand("prompt").Invoke<string>().FirstOrDefault() is { Length: > 0 } text
                ? text
                : Fallback;
        }
        catch (RuntimeException)
        {
            // A broken prompt function must not take the prompt away.
            return Fallback;
        }
    }

    /// <summary>What could stand at the cursor.</summary>
    internal CommandCompletion Complete(string text, int cursor)
    {
        using PowerShell shell = PowerShell.Create(_runspace);
        return CommandCompletion.CompleteInput(text, cursor, options: null, shell);
    }

    public void Dispose()
    {
        _runspace.Dispose();
        _idle.Dispose();
    }

    private static string Describe(ParseError error) =>
        $"line {error.Extent.StartLineNumber}, column {error.Extent.StartColumnNumber}: {error.Message}";

    private void Invoke(Command command, bool addToHistory)
    {
        // Errors go the way of the output, so that both appear in the order in which they happened.
        command.MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        using PowerShell shell = PowerShell.Create(_runspace);
        shell.Commands.AddCommand(command).AddCommand("Out-Default");

        EndedByError = Stopped = false;
        try
        {
            InvokeStoppable(shell, addToHistory);
        }
        catch (PipelineStoppedException)
        {
            Stopped = true;
        }
        catch (RuntimeException e)
        {
            EndedByError = true;
            Show(e.ErrorRecord);
        }
    }

    private void InvokeStoppable(PowerShell shell, bool addToHistory)
    {
        lock (_gate)
        {
            _running = shell;
            _idle.Reset();
        }

        try
        {
            shell.Invoke(input: null, new PSInvocationSettings { Host = _host, AddToHistory = addToHistory });
            Stopped = shell.InvocationStateInfo.State == PSInvocationState.Stopped;
        }
        finally
        {
            lock (_gate)
                _running = null;
            _userInterface.EndProgress();
            _idle.Set();
        }
    }

    private void Show(ErrorRecord error)
    {
        using PowerShell shell = PowerShell.Create(_runspace);
        shell.AddCommand("Out-Default").AddParameter("InputObject", error);
        using (_userInterface.RenderAsError())
            shell.Invoke();
    }
}
