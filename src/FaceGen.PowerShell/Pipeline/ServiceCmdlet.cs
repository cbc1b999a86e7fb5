using System.Management.Automation;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Base class of the cmdlets that send requests to the service.</summary>
public abstract class ServiceCmdlet : FaceGenCmdlet
{
    private Connection? _default;

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

    /// <summary>Gets the connection that -Connection names, or the runspace's default.</summary>
    private protected Connection CurrentConnection => Connection ?? (_default ??= Connections.GetRequired());

    /// <summary>Returns the timeout that a parameter gives in seconds; 0 means none.</summary>
    private protected static TimeSpan ToTimeout(int seconds) => seconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

    /// <summary>Returns the part of a ShouldProcess message that names a connection.</summary>
    private protected static string Describe(Connection? connection) => connection is null ? "" : $" with the connection {connection.Description}";
}
