using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.EmulatorHosting;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Starts the offline stand-in for the service.</para>
/// <para type="description">It listens on this machine only, checks requests as the service does, keeps a queue and a
/// wallet, and draws pictures from the face image. It generates no faces and costs nothing. It needs the ASP.NET Core
/// runtime 10 and ends with this process.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "FaceGenEmulator", SupportsShouldProcess = true)]
[OutputType(typeof(EmulatorInstance))]
public sealed class StartFaceGenEmulatorCommand : FaceGenCmdlet
{
    private bool _hasSucceeded;
    private string? _failureReason;

    /// <summary><para type="description">The port, 1 to 65535; a free one unless given, or for 0.</para></summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary><para type="description">How many requests may be queued, 1 to 1000; 5 unless given.</para></summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int QueueLimit { get; set; } = Limits.DefaultQueueLimit;

    /// <summary>
    /// <para type="description">How long a generation takes, in seconds: fixed:1 (the default), uniform:1-3,
    /// lognormal:3:0.4 (median, sigma), bimodal:2:9:0.25 (fast, slow, share of the slow) or steps:0.05 (for each inference step).</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ServiceTimeCompleter))]
    public string ServiceTime { get; set; } = "fixed:1";

    /// <summary>
    /// <para type="description">How far the times that the emulator expects may be off, as a share of the true time, 0 to
    /// 1; 0 unless given.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0.0, 1.0)]
    public double EtaError { get; set; }

    /// <summary><para type="description">Lets the emulator name no expected times at all.</para></summary>
    [Parameter]
    public SwitchParameter NoEta { get; set; }

    /// <summary><para type="description">The money in the emulated wallet, 0 to 1000000000; 100 unless given.</para></summary>
    [Parameter]
    [ValidateRange(0.0, 1e9)]
    public double Balance { get; set; } = 100;

    /// <summary><para type="description">Makes a run repeatable: the same seed, the same service times.</para></summary>
    [Parameter]
    public int Seed { get; set; }

    /// <summary>
    /// <para type="description">How calls go wrong, as fault@kind:condition, for trying out what a script does then:
    /// accepted-then-dropped@submit:nth=3, Q25-404@download:first=2, any@any:rate=0.3 (any passing fault, three calls in
    /// ten). Tab offers the faults, and after the @ the calls that one can hit; about_FaceGen_Emulator has the conditions.</para>
    /// </summary>
    [Parameter]
    [ArgumentCompleter(typeof(FaultCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Fault { get; set; } = [];

    /// <summary>
    /// Notices a failure however it came: a script whose emulator did not start must not go on at the environment's account.
    /// </summary>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!_hasSucceeded) Connections.MarkFailed("Start-FaceGenEmulator", _failureReason);
    }

    private protected override void End()
    {
        try
        {
            StartEmulator();
        }
        catch (FaceGenException e)
        {
            _failureReason = e.Message;
            throw;
        }
    }

    private void StartEmulator()
    {
        EmulatorInstance? emulator = null;
        if (ShouldProcess("this machine", "Start the emulator"))
        {
            var options = new EmulatorArguments(Port, QueueLimit, ServiceTime, NoEta ? null : EtaError, Balance, Seed, Fault);
            emulator = WaitFor(EmulatorProcess.StartAsync(ModuleFolder.EmulatorAssembly, options, StopToken));
        }

        // Before it is emitted: a command downstream may end the pipeline.
        _hasSucceeded = true;
        if (emulator is not null) WriteObject(emulator);
    }
}
