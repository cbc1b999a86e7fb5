using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Engine = System.Management.Automation.PowerShell;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>A real PowerShell engine with the staged module imported, as a user has it at a prompt.</summary>
internal sealed class Session : IDisposable
{
    private readonly Runspace _runspace;

    internal Session()
    {
        _runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        _runspace.Open();
        Run("param($manifest) Import-Module $manifest -ErrorAction Stop", StagedModule.Manifest).WithoutErrors();
    }

    /// <summary>Runs a script with arguments; an error that ends it is among the errors.</summary>
    internal Ran Run(string script, params object?[] arguments)
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

        return new Ran(
            output,
            [.. engine.Streams.Error, .. errors],
            [.. engine.Streams.Warning.Select(record => record.Message)],
            [.. engine.Streams.Verbose.Select(record => record.Message)]);
    }

    /// <summary>Makes a script ready to be run, and stopped, by the caller.</summary>
    internal Engine Create(string script, params object?[] arguments)
    {
        Engine engine = Engine.Create(_runspace);
        engine.AddScript(script);
        foreach (object? argument in arguments) engine.AddArgument(argument);
        return engine;
    }

    public void Dispose() => _runspace.Dispose();
}
