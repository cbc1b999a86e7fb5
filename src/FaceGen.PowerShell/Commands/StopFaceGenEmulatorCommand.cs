using System.Management.Automation;
using FaceGen.EmulatorHosting;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Stops emulators.</para>
/// <para type="description">Without input it stops all emulators that this process started.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Stop, "FaceGenEmulator", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopFaceGenEmulatorCommand : FaceGenCmdlet
{
    /// <summary><para type="description">Emulators from Start-FaceGenEmulator.</para></summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [Alias("Emulator")]
    [ValidateNotNull]
    public EmulatorInstance[]? InputObject { get; set; }

    private protected override void Process()
    {
        if (InputObject is null && MyInvocation.ExpectingInput) return;

        foreach (EmulatorInstance emulator in InputObject ?? [.. EmulatorProcess.Running])
        {
            if (ShouldProcess(emulator.ToString(), "Stop the emulator")) EmulatorProcess.Stop(emulator);
        }
    }
}
