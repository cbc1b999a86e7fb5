using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.EmulatorHosting;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Starts the offline emulator of the service.</para>
/// <para type="description">The emulator listens on this machine only, validates requests as the service does, has a
/// queue and a wallet, and draws pictures from the face image. It generates no faces and costs nothing. It needs the
/// ASP.NET Core runtime 10 and ends with this process.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "FaceGenEmulator", SupportsShouldProcess = true)]
[OutputType(typeof(EmulatorInstance))]
public sealed class StartFaceGenEmulatorCommand : FaceGenCmdlet
{
    private bool _hasSucceeded;
    private string? _failureReason;

    /// <summary><para type="description">The port, 1 to 65535. The default, 0, is a free port.</para></summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>
    /// <para type="description">The number of slots in the queue, 1 to 1000. The default is 5.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int QueueLimit { get; set; } = Limits.DefaultQueueLimit;

    /// <summary>
    /// <para type="description">The time of a generation in seconds: fixed:1 (the default), uniform:1-3,
    /// lognormal:3:0.4 (median, sigma), bimodal:2:9:0.25 (fast, slow, share of the slow) or steps:0.05 (for each
    /// inference step).</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ServiceTimeCompleter))]
    public string ServiceTime { get; set; } = "fixed:1";

    /// <summary>
    /// <para type="description">The maximum error of the emulator's time estimates, as a share of the true time, 0 to
    /// 1. The default is 0.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0.0, 1.0)]
    public double EtaError { get; set; }

    /// <summary><para type="description">Omits the time estimates.</para></summary>
    [Parameter]
    public SwitchParameter NoEta { get; set; }

    /// <summary>
    /// <para type="description">The balance of the emulated wallet, 0 to 1000000000. The default is 100.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0.0, 1e9)]
    public double Balance { get; set; } = 100;

    /// <summary>
    /// <para type="description">The seed of the random values: the same seed gives the same service times.</para>
    /// </summary>
    [Parameter]
    public int Seed { get; set; }

    /// <summary>
    /// <para type="description">Refuses what the emulator otherwise accepts with a warning: values that deviate from the
    /// contract, such as numbers as strings. Also refuses a face image as base64 without base64 true.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter Strict { get; set; }

    /// <summary>
    /// <para type="description">The faults to inject, as fault@kind:condition, to test how a script handles them:
    /// accepted-then-dropped@submit:nth=3, Q25-404@download:first=2, any@any:rate=0.3 (any transient fault, in three of
    /// ten calls). Tab completes the faults and, after the @, the kinds of call; about_FaceGen_Emulator describes the
    /// conditions.</para>
    /// </summary>
    [Parameter]
    [ArgumentCompleter(typeof(FaultCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Fault { get; set; } = [];

    /// <summary>
    /// Records every failure: a script whose emulator did not start must not continue with the environment's account.
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
            _failureReason = e.Cause;
            throw;
        }
    }

    private void StartEmulator()
    {
        EmulatorInstance? emulator = null;
        if (ShouldProcess("this machine", "Start the emulator"))
        {
            var options = new EmulatorArguments(Port, QueueLimit, ServiceTime, NoEta ? null : EtaError, Balance, Seed, Strict, Fault);
            emulator = Work.WaitFor(EmulatorProcess.StartAsync(ModuleFolder.EmulatorAssembly, options, StopToken));
        }

        // Before the output: a cmdlet downstream may end the pipeline.
        _hasSucceeded = true;
        if (emulator is not null) WriteObject(emulator);
    }
}
