using System.Management.Automation;
using FaceGen.PowerShell.Parameters;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>What the cmdlets share that speak to the service.</summary>
public abstract class ServiceCmdlet : FaceGenCmdlet
{
    /// <summary>
    /// <para type="description">The connection to use: the name that Connect-FaceGen -Name gave it, or the connection itself,
    /// as from another runspace. Unless given, objects of the pipeline use their own, and all else this runspace's own; where
    /// there is none, one is made from the environment.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [NamedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public virtual Connection? Connection { get; set; }

    private protected override Connection? ExplicitConnection => Connection;
}
