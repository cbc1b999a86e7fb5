using System.Management.Automation;
using System.Security;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.PowerShell.Parameters;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>What the cmdlets share that look into ledgers.</summary>
public abstract class LedgerCmdlet : FaceGenCmdlet
{
    private const string ByDestination = "Destination";
    private const string ByLedger = "Ledger";

    private bool _isTyped;

    /// <summary>
    /// <para type="description">The destination folders of the batches, with their ledgers; wildcards are allowed. The
    /// default is the current location.</para>
    /// </summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = ByDestination)]
    [ValidateNotNullOrEmpty]
    [Alias("FullName")]
    public string[] Destination { get; set; } = ["."];

    /// <summary>
    /// <para type="description">The ledger: a file, or a connection string of PostgreSQL, as text or as a secure
    /// string.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLedger)]
    [ValidateNotNull]
    [Secret]
    [ArgumentCompleter(typeof(LedgerCompleter))]
    public SecureString? Ledger { get; set; }

    private protected override void Begin() => _isTyped = Ledger is not null;

    private protected override void Process()
    {
        if (Ledger is not null)
        {
            ReportErrors(null, () => Read(ResolveLedger(Ledger, _isTyped)));
            return;
        }

        foreach (string folder in Destination)
        {
            // A connection string that was given for a folder is not shown as the error's target.
            ReportErrors(LedgerLocation.MayHoldPassword(folder) ? null : folder, () =>
            {
                foreach (string ledger in FindLedgers(folder)) ReportErrors(ledger, () => Read(LedgerLocation.ForFile(ledger)));
            });
        }
    }

    /// <summary>Reads a ledger.</summary>
    private protected abstract void Read(LedgerLocation ledger);

    private void ReportErrors(string? target, Action action)
    {
        try
        {
            action();
        }
        catch (FaceGenException e)
        {
            ReportError(e, target);
        }
    }

    /// <summary>The ledgers in folders; of those that wildcards match, a folder without one is none that was meant.</summary>
    private string[] FindLedgers(string path)
    {
        IReadOnlyList<string> folders = ResolveWildcards(path, ErrorCode.LedgerInvalid);
        IEnumerable<string> ledgers = folders.Select(GetLedgerPath);
        if (folders.Count == 1) return [.. ledgers];

        string[] there = [.. ledgers.Where(File.Exists)];
        return there.Length > 0 ? there : throw new FaceGenException(ErrorCode.LedgerInvalid,
            $"No folder that matches '{DisplayText.Clean(path, 300)}' has a ledger ({LedgerLocation.DefaultName}).");
    }

    private static string GetLedgerPath(string path) => Directory.Exists(path) ? Path.Combine(path, LedgerLocation.DefaultName) : path;
}
