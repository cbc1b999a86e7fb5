using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using FaceGen.Benchmarks.Running;
using Engine = System.Management.Automation.PowerShell;

namespace FaceGen.Benchmarks.Hosting;

/// <summary>PowerShell's engine with the staged module imported, as at a user's prompt.</summary>
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

    /// <summary>Opens the engine without the module.</summary>
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
    /// <exception cref="BenchmarkException">The script wrote an error.</exception>
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

    /// <summary>Runs a script whose last output is a count.</summary>
    internal long Count(string script, params object?[] arguments) => (long)Run(script, arguments)[^1].BaseObject;

    public void Dispose() => _runspace.Dispose();
}

/// <summary>The module as the build stages it.</summary>
internal static class StagedModule
{
    internal static string Manifest { get; } = Path.Combine(
        typeof(StagedModule).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "ModulePath").Value!, "FaceGen.psd1");
}

/// <summary>Counts its input and discards it: the cheapest end of a pipeline.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "Count")]
[OutputType(typeof(long))]
public sealed class MeasureCountCommand : PSCmdlet
{
    internal const string Name = "Measure-Count";

    private long _count;

    /// <summary>Gets or sets the input.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _count++;

    /// <inheritdoc/>
    protected override void EndProcessing() => WriteObject(_count);
}

/// <summary>The emulator in its own process, so that its work and memory do not count as FaceGen's.</summary>
internal sealed class EmulatorProcess : IDisposable
{
    private readonly PowerShellSession _owner = PowerShellSession.Open();

    private EmulatorProcess(int slots, string serviceTime, int seed) => BaseUri = (Uri)_owner.Run("""
        param($slots, $time, $seed)
        ($script:emulator = Start-FaceGenEmulator -QueueLimit $slots -ServiceTime $time -Seed $seed -Balance 1e9).BaseUri
        """, slots, serviceTime, seed)[0].BaseObject;

    internal Uri BaseUri { get; }

    internal static EmulatorProcess Start(int slots, string serviceTime, int seed) => new(slots, serviceTime, seed);

    public void Dispose()
    {
        _owner.Run("$script:emulator | Stop-FaceGenEmulator");
        _owner.Dispose();
    }
}
