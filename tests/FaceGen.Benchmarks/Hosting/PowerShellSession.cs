using System.Management.Automation;
using System.Management.Automation.Runspaces;
using FaceGen.Benchmarks.Running;
using Engine = System.Management.Automation.PowerShell;

namespace FaceGen.Benchmarks.Hosting;

/// <summary>PowerShell's engine with the staged module imported, as a user has it at a prompt.</summary>
internal sealed class PowerShellSession : IDisposable
{
    private readonly Runspace _runspace;

    private PowerShellSession(Runspace runspace) => _runspace = runspace;

    internal static PowerShellSession Open()
    {
        PowerShellSession session = OpenBare();
        session.Run("param($manifest) Import-Module $manifest -ErrorAction Stop", StagedModule.Manifest);
        return session;
    }

    /// <summary>The engine without the module.</summary>
    internal static PowerShellSession OpenBare()
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        state.Commands.Add(new SessionStateCmdletEntry(MeasureCountCommand.Name, typeof(MeasureCountCommand), null));
        Runspace runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        return new PowerShellSession(runspace);
    }

    /// <summary>Connects to a service on this machine.</summary>
    internal void Connect(Uri service, int slots) => Run(
        "param($uri, $limit) $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -QueueLimit $limit", service, slots);

    /// <summary>Runs a script with arguments.</summary>
    /// <exception cref="BenchmarkException">It wrote an error.</exception>
    internal IReadOnlyList<PSObject> Run(string script, params object?[] arguments)
    {
        using Engine engine = Engine.Create(_runspace);
        engine.AddScript(script);
        foreach (object? argument in arguments) engine.AddArgument(argument);
        List<PSObject> output = [];
        try
        {
            engine.Invoke(null, output);
        }
        catch (RuntimeException e)
        {
            throw new BenchmarkException(e.Message);
        }

        return engine.Streams.Error.FirstOrDefault() is { } error ? throw new BenchmarkException($"{engine.Streams.Error.Count} errors: {error}") : output;
    }

    /// <summary>Runs a script whose last word is a count.</summary>
    internal long Count(string script, params object?[] arguments) => (long)Run(script, arguments)[^1].BaseObject;

    public void Dispose() => _runspace.Dispose();
}
