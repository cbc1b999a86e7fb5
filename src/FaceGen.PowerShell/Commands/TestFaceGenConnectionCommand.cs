using System.Management.Automation;
using FaceGen.Http;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Checks the key and the network without generating anything.</para>
/// <para type="description">Asks for the account's balance. Emits true or false; a warning tells why it is false.</para>
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "FaceGenConnection")]
[OutputType(typeof(bool))]
public sealed class TestFaceGenConnectionCommand : ServiceCmdlet
{
    private protected override void End()
    {
        string? fault = RunUntil(ConnectionTest.FaultAsync(Service, Stop));
        if (fault is not null) WriteWarning(fault);
        WriteObject(fault is null);
    }
}
