using System.Management.Automation;
using FaceGen.Accounts;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the account's balance.</para>
/// <para type="description">The call is free. If the service is busy or cannot be reached, the call is tried up to four
/// times.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenBalance")]
[OutputType(typeof(AccountBalance))]
public sealed class GetFaceGenBalanceCommand : AccountCmdlet
{
    private protected override async Task<object> GetAsync(Connection connection) =>
        await new AccountClient(connection, Log).GetBalanceAsync(StopToken).ConfigureAwait(false) with { Connection = connection.Name };
}
