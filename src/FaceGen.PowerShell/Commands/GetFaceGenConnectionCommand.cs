using System.Management.Automation;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets this runspace's connections; nothing where there is none.</para>
/// <para type="description">The one that is used where none is named comes first.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenConnection")]
[OutputType(typeof(Connection))]
public sealed class GetFaceGenConnectionCommand : FaceGenCmdlet
{
    /// <summary><para type="description">The connections' names; wildcards are allowed. All of them unless given.</para></summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public string[] Name { get; set; } = ["*"];

    private protected override void End() =>
        WriteObject(Connections.All.Intersect(Name.SelectMany(Connections.Match)), enumerateCollection: true);
}
