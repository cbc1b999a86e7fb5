using System.Management.Automation;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the connections of this runspace.</para>
/// <para type="description">The default connection comes first. Without connections the output is empty.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenConnection")]
[OutputType(typeof(Connection))]
public sealed class GetFaceGenConnectionCommand : FaceGenCmdlet
{
    /// <summary>
    /// <para type="description">The names of the connections; wildcards are allowed. The default is all
    /// connections.</para>
    /// </summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public string[] Name { get; set; } = ["*"];

    private protected override void End() =>
        WriteObject(Connections.All.Intersect(Name.SelectMany(Connections.Match)), enumerateCollection: true);
}
