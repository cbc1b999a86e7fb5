using System.Management.Automation;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Ends this runspace's connection; generations under way go on at the service.</para>
/// </summary>
[Cmdlet(VerbsCommunications.Disconnect, "FaceGen")]
[OutputType(typeof(void))]
public sealed class DisconnectFaceGenCommand : FaceGenCmdlet
{
    private protected override void End() => Connections.End();
}
