using System.Management.Automation;
using FaceGen.Accounts;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Tells how many requests the account has in its queue at the service.</para>
/// <para type="description">It counts whatever was submitted with the key, also by other programs. The service answers this
/// 30 times a minute: whoever asks more often in this process waits for the next turn. While the service is busy or out of
/// reach it is asked up to four times.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenQueue")]
[OutputType(typeof(QueueUsage))]
public sealed class GetFaceGenQueueCommand : ServiceCmdlet
{
    private protected override void End() => WriteObject(WaitFor(new AccountClient(CurrentConnection, Log).GetQueueUsageAsync(StopToken)));
}
