using System.Management.Automation;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Checks the key and the network without generating anything.</para>
/// <para type="description">Gets the account's balance. Emits true or false; a warning gives the reason for
/// false: the key, the account or its plan, a rate limit, an error of the service, an address that is not the service's, or
/// the network.</para>
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "FaceGenConnection")]
[OutputType(typeof(bool))]
public sealed class TestFaceGenConnectionCommand : ServiceCmdlet
{
    /// <summary>
    /// <para type="description">The connections to check: names from Connect-FaceGen -Name, or connection objects. The
    /// default is the default connection of this runspace, or one from the environment.</para>
    /// </summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    [NamedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public override Connection? Connection { get; set; }

    private protected override void Process()
    {
        string? fault = Work.WaitFor(CurrentConnection.FindFaultAsync(StopToken));
        if (fault is not null) WriteWarning(fault);
        WriteObject(fault is null);
    }
}
