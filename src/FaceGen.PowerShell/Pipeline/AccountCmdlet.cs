using System.Management.Automation;
using FaceGen.PowerShell.Parameters;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Base class of the cmdlets that get the state of accounts, one for each connection of the pipeline.</summary>
public abstract class AccountCmdlet : ServiceCmdlet
{
    /// <summary>
    /// <para type="description">The connections whose accounts are read: names from Connect-FaceGen -Name, or connection
    /// objects. The default is the default connection of this runspace, or one from the environment.</para>
    /// </summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    [NamedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public override Connection? Connection { get; set; }

    private protected override void Process()
    {
        Connection connection = CurrentConnection;
        try
        {
            WriteObject(Work.WaitFor(GetAsync(connection)));
        }
        catch (FaceGenException e) when (MyInvocation.ExpectingInput)
        {
            // The accounts of the other connections do not depend on this one.
            WriteLimitedError(new FaceGenException(e.Code, $"{connection.Description}: {e.Message}", e), connection);
        }
    }

    /// <summary>Returns the state of a connection's account.</summary>
    private protected abstract Task<object> GetAsync(Connection connection);
}
