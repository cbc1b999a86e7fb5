using System.Management.Automation;
using FaceGen.Accounts;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the number of requests in the account's queue.</para>
/// <para type="description">The service counts all requests with the key, including those of other programs. It allows
/// 30 calls a minute; more calls in this process wait. If the service is busy or cannot be reached, the call is tried
/// up to four times.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenQueue")]
[OutputType(typeof(QueueUsage))]
public sealed class GetFaceGenQueueCommand : AccountCmdlet
{
    private protected override async Task<object> GetAsync(Connection connection) =>
        await new AccountClient(connection, Log).GetQueueUsageAsync(StopToken).ConfigureAwait(false) with { Connection = connection.Name };
}
