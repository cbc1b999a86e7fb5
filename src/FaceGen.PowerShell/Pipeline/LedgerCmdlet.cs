using System.Management.Automation;
using System.Security;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.PowerShell.Parameters;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Base class of the cmdlets that read ledgers.</summary>
public abstract class LedgerCmdlet : FaceGenCmdlet
{
    private const string ByDestination = "Destination";
    private const string ByLedger = "Ledger";

    private bool _isTyped;

    /// <summary>
    /// <para type="description">The destination folders of the batches, with their ledgers; wildcards are allowed. The
    /// default is the current location.</para>
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByDestination)]
    [ValidateNotNullOrEmpty]
    [FolderPath]
    [Alias("FullName")]
    [SupportsWildcards]
    public string[] Destination { get; set; } = ["."];

    /// <summary>
    /// <para type="description">The ledger: a file, its folder, or a connection string of PostgreSQL, as text or as a
    /// secure string.</para>
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
            ReportErrors(null, () => Read(Paths.ResolveLedger(Ledger, _isTyped)));
            return;
        }

        foreach (string folder in Destination)
        {
            // The error must not show a connection string that was given as a folder.
            ReportErrors(LedgerLocation.MayHoldPassword(folder) ? null : folder, () =>
            {
                foreach (LedgerLocation ledger in FindLedgers(folder)) ReportErrors(ledger.ToString(), () => Read(ledger));
            });
        }
    }

    /// <summary>Reads a ledger.</summary>
    private protected abstract void Read(LedgerLocation ledger);

    /// <summary>
    /// Returns the ledgers in the folders. If wildcards match several files and folders, only folders with a ledger and files with its
    /// extension are used.
    /// </summary>
    private LedgerLocation[] FindLedgers(string path)
    {
        IReadOnlyList<string> folders = Paths.ResolveInput(path, isLiteral: false, ErrorCode.LedgerInvalid);
        IEnumerable<LedgerLocation> ledgers = folders.Select(LedgerLocation.ForPath);
        if (folders.Count == 1) return [.. ledgers];

        LedgerLocation[] existing = [.. ledgers.Where(ledger => LedgerLocation.HasExtension(ledger.ToString()) && File.Exists(ledger.ToString()))];
        return existing.Length > 0 ? existing : throw new FaceGenException(ErrorCode.LedgerNotFound,
            $"No folder that matches '{DisplayText.Clean(path, 300)}' contains a ledger ({LedgerLocation.DefaultName}). Nothing was read. Give the -Destination of a batch, or its ledger with -Ledger.");
    }
}
