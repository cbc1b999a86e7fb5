using System.Management.Automation;
using FaceGen.Accounts;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Tells what the account's wallet holds.</para>
/// <para type="description">Asking costs nothing. While the service is busy or out of reach it is asked up to four
/// times.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenBalance")]
[OutputType(typeof(AccountBalance))]
public sealed class GetFaceGenBalanceCommand : ServiceCmdlet
{
    private protected override void End() => WriteObject(WaitFor(new AccountClient(CurrentConnection, Log).GetBalanceAsync(StopToken)));
}
