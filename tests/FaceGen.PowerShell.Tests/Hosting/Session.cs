using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Engine = System.Management.Automation.PowerShell;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>A PowerShell runspace with the staged module imported.</summary>
internal sealed class Session : IDisposable
{
    /// <summary>Idle sessions for reuse: opening one and importing the module takes longer than most tests.</summary>
    private static readonly ConcurrentBag<Runspace> Idle = [];

    private readonly Runspace _runspace;
    private readonly bool _isShared;

    /// <summary>Opens a session that is not reused.</summary>
    internal Session()
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        // The default policy of Windows clients blocks the module's files. Other systems have none.
        if (OperatingSystem.IsWindows()) state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        _runspace = RunspaceFactory.CreateRunspace(state);
        _runspace.Open();
        Run("param($manifest) Import-Module $manifest -ErrorAction Stop", StagedModule.Manifest).WithoutErrors();
    }

    private Session(Runspace runspace)
    {
        _runspace = runspace;
        _isShared = true;
    }

    /// <summary>Returns an idle or new session without connections and variables.</summary>
    internal static Session Shared() => new(Idle.TryTake(out Runspace? idle) ? idle : new Session()._runspace);

    /// <summary>Runs a script. A terminating error is among the errors.</summary>
    internal ScriptResult Run(string script, params object?[] arguments)
    {
        using Engine engine = Create(script, arguments);
        List<PSObject> output = [];
        List<ErrorRecord> errors = [];
        try
        {
            engine.Invoke(null, output);
        }
        catch (RuntimeException e)
        {
            errors.Add(e.ErrorRecord);
        }

        return new ScriptResult(
            output,
            [.. engine.Streams.Error, .. errors],
            [.. engine.Streams.Warning.Select(record => record.Message)],
            [.. engine.Streams.Verbose.Select(record => record.Message)],
            [
                .. engine.Streams.Debug.Select(record => record.Message), .. engine.Streams.Information.Select(record => $"{record.MessageData}"),
                .. engine.Streams.Progress.Select(record => $"{record} {record.CurrentOperation}"),
            ])
        { Information = [.. engine.Streams.Information.Select(record => record.MessageData)] };
    }

    /// <summary>Creates a command that the caller runs and stops.</summary>
    internal Engine Create(string script, params object?[] arguments)
    {
        Engine engine = Engine.Create(_runspace);
        engine.AddScript(script);
        foreach (object? argument in arguments) engine.AddArgument(argument);
        return engine;
    }

    public void Dispose()
    {
        if (!_isShared || _runspace.RunspaceAvailability != RunspaceAvailability.Available)
        {
            _runspace.Dispose();
            return;
        }

        Run("Get-FaceGenConnection | Disconnect-FaceGen; Get-Job | Remove-Job -Force").WithoutErrors();
        _runspace.ResetRunspaceState();
        Idle.Add(_runspace);
    }
}
