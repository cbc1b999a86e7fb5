using System.Management.Automation;
using FaceGen.PowerShell.Parameters;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>What the cmdlets share that speak to the service.</summary>
public abstract class ServiceCmdlet : FaceGenCmdlet
{
    /// <summary>
    /// <para type="description">The connection to use: a name from Connect-FaceGen -Name, or a connection object, also
    /// from another runspace. By default, objects of the pipeline use their own connection, and everything else uses
    /// the default connection of this runspace, or one from the environment.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [NamedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public virtual Connection? Connection { get; set; }

    private protected override Connection? ExplicitConnection => Connection;
}
