using System.Management.Automation;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Base class of the cmdlets that send requests to the service.</summary>
public abstract class ServiceCmdlet : FaceGenCmdlet
{
    private Connection? _default;

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

    /// <summary>Gets the connection that -Connection names, or the runspace's default.</summary>
    private protected Connection CurrentConnection => Connection ?? (_default ??= Connections.GetRequired());

    /// <summary>Returns the timeout that a parameter gives in seconds; 0 means none.</summary>
    internal static TimeSpan ToTimeout(int seconds) => seconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

    /// <summary>Returns the part of a ShouldProcess message that names a connection.</summary>
    internal static string Describe(Connection? connection) => connection is null ? "" : $" with the connection {connection.Description}";
}
