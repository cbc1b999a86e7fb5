using System.Management.Automation;
using FaceGen.Http;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets this runspace's connection; nothing where there is none.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenConnection")]
[OutputType(typeof(Connection))]
public sealed class GetFaceGenConnectionCommand : FaceGenCmdlet
{
    private protected override void End()
    {
        if (Connections.Current is { } connection) WriteObject(connection);
    }
}
