using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Disconnects connections of this runspace; pending generations continue at the service.</para>
/// <para type="description">Without input it disconnects the default connection.</para>
/// </summary>
[Cmdlet(VerbsCommunications.Disconnect, "FaceGen", SupportsShouldProcess = true, DefaultParameterSetName = ByName)]
[OutputType(typeof(void))]
public sealed class DisconnectFaceGenCommand : FaceGenCmdlet
{
    private const string ByName = "Name";
    private const string ByInput = "InputObject";

    /// <summary>
    /// <para type="description">The names of connections from Connect-FaceGen -Name; wildcards are allowed. The default
    /// is Default.</para>
    /// </summary>
    [Parameter(Position = 0, ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public string[]? Name { get; set; }

    /// <summary><para type="description">Connections from Connect-FaceGen or Get-FaceGenConnection.</para></summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ByInput)]
    [Alias("Connection")]
    [ValidateNotNull]
    public Connection[] InputObject { get; set; } = [];

    private protected override void Process()
    {
        foreach (Connection connection in InputObject) Disconnect(connection);
        foreach (string name in Name ?? [])
        {
            IReadOnlyList<Connection> matches = Connections.Match(name);
            foreach (Connection connection in matches) Disconnect(connection);
            if (!IsWhatIf) Connections.ClearFailures(name);
            if (matches.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                // Non-terminating: the other names are still to be disconnected.
                WriteError(ErrorRecordFactory.Create(new FaceGenException(ErrorCode.NotConnected, $"This runspace has no connection '{DisplayText.Clean(name, 60)}'. Nothing was disconnected. Run Get-FaceGenConnection to list the connections."), name));
            }
        }

        if (ParameterSetName == ByName && Name is null && Connections.Current is { } current) Disconnect(current);
    }

    private protected override void End()
    {
        if (Name is null && !IsWhatIf) Connections.ClearFailures();
    }

    private void Disconnect(Connection connection)
    {
        if (ShouldProcess(connection.Description, "Disconnect")) Connections.Disconnect(connection);
    }
}
