using System.Management.Automation;
using System.Security;
using FaceGen.BatchModel;
using FaceGen.Http;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.Reporting;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Exports a batch or saved images as one HTML page.</para>
/// <para type="description">The page has the images with their requests, filters and a search, the failures with their
/// reasons, and a timeline of the account's slots. It opens from disk and loads nothing from the network. It links to
/// the image files; images in the page's folder or below are found if the folder is moved as a whole.</para>
/// </summary>
[Cmdlet(VerbsData.Export, "FaceGenReport", SupportsShouldProcess = true, DefaultParameterSetName = ItemsToPath)]
[OutputType(typeof(FileInfo))]
public sealed class ExportFaceGenReportCommand : FaceGenCmdlet
{
    private const string ItemsToPath = "Path";
    private const string ItemsToLiteralPath = "LiteralPath";
    private const string LedgerToPath = "LedgerPath";
    private const string LedgerToLiteralPath = "LedgerLiteralPath";

    /// <summary>The number of entries that are written at once.</summary>
    private const int WriteChunkSize = 64;

    private readonly ProgressDisplay _progress = new("Writing the report");
    private readonly List<ReportEntry> _entries = [];
    private ReportWriter? _report;
    private Task<bool> _pendingWrite = Task.FromResult(true);
    private string _file = "";
    private bool _hasFailedInput;

    /// <summary><para type="description">The file to write; the wildcards * and ? must match one file.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ItemsToPath)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = LedgerToPath)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Path { get; set; }

    /// <summary><para type="description">The file to write, without wildcards.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = ItemsToLiteralPath)]
    [Parameter(Mandatory = true, ParameterSetName = LedgerToLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath")]
    public string? LiteralPath { get; set; }

    /// <summary>
    /// <para type="description">The rows of a batch, the summary of a batch, whose rows are read from its ledger, or saved
    /// images.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ItemsToPath)]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ItemsToLiteralPath)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>
    /// <para type="description">The ledger of the batch to report: a file, its folder, or a connection string of
    /// PostgreSQL, as text or as a secure string. The batch may be running.</para>
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = LedgerToPath)]
    [Parameter(Mandatory = true, ParameterSetName = LedgerToLiteralPath)]
    [ValidateNotNull]
    [Secret]
    [ArgumentCompleter(typeof(LedgerCompleter))]
    public SecureString? Ledger { get; set; }

    /// <summary><para type="description">The title of the page.</para></summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Title { get; set; } = "FaceGen report";

    /// <summary><para type="description">Replaces an existing file.</para></summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void Begin()
    {
        _file = Paths.ResolveFile(LiteralPath ?? Path!, isLiteral: LiteralPath is not null);
        if (!ShouldProcess(_file, "Write the report")) return;

        _report = Work.WaitForDisposable(Task.Run(() => WithForceHint(() => new ReportWriter(_file, Force, Title, DateTimeOffset.UtcNow))));
    }

    private protected override void Process()
    {
        if (_report is null) return;

        if (Ledger is not null)
        {
            AddLedger(Paths.ResolveLedger(Ledger, isTyped: true));
            return;
        }

        foreach (PSObject input in InputObject)
        {
            switch (input.BaseObject)
            {
                case BatchItem item: Add(ReportEntry.From(item)); break;
                case SavedImage image: Add(ReportEntry.From(image)); break;
                case BatchSummary summary: Add(summary); break;
                default:
                    _hasFailedInput = true;
                    string hint = input.BaseObject is PSCustomObject && input.TypeNames[0].StartsWith("Deserialized.FaceGen.", StringComparison.Ordinal)
                        ? RequestRowReader.IsDeserialized<SavedImage>(input) ? " A deserialized image is incomplete: pipe the output of Save-FaceGenOutput itself." : " A deserialized object is incomplete: show a batch with -Ledger." : "";
                    ReportError(new FaceGenException(ErrorCode.ParametersInvalid,
                        $"Export-FaceGenReport accepts batch items, batch summaries and saved images, not {input.BaseObject.GetType().Name}. This object is not in the report.{hint}"), input);
                    break;
            }
        }
    }

    private protected override void End()
    {
        if (_report is not { } report) return;

        FlushEntries();
        // The failed input was reported, and an empty report would have to be overwritten.
        if (report.Count == 0 && _hasFailedInput) return;

        WaitForWrite(() => WithForceHint(() =>
        {
            report.Commit();
            return true;
        }));
        _progress.Complete(this);
        WriteObject(new FileInfo(_file));
    }

    private protected override void Tick() => _progress.Show(this, () => new ProgressDisplay.State($"{_report?.Count ?? 0} rows"));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        // A stopped pipeline may have left a write running.
        _pendingWrite.ContinueWith(_ => _report?.Dispose(), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Add(BatchSummary summary)
    {
        try
        {
            AddLedger(Paths.ResolveLedger(SecretText.Protect(summary.Ledger), isTyped: false));
        }
        catch (FaceGenException e)
        {
            _hasFailedInput = true;
            ReportError(e, summary);
        }
    }

    private void AddLedger(LedgerLocation ledger)
    {
        IEnumerable<BatchItem> items = BatchFactoryLoader.Factory.ReadItems(ledger, [], error => Work.Post(() => ReportError(error, null)), StopToken);
        foreach (BatchItem item in Work.ReadAhead(items)) Add(ReportEntry.From(item));
    }

    private void Add(ReportEntry entry)
    {
        _entries.Add(entry);
        if (_entries.Count == WriteChunkSize) FlushEntries();
    }

    private void FlushEntries()
    {
        ReportEntry[] entries = [.. _entries];
        _entries.Clear();
        WaitForWrite(() =>
        {
            foreach (ReportEntry entry in entries) _report!.Add(entry);
            return true;
        });
    }

    /// <summary>Writes on another thread, so that a stop does not wait for a disk or a share.</summary>
    private void WaitForWrite(Func<bool> write) => Work.WaitFor(_pendingWrite = Task.Run(write));

    private static T WithForceHint<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FileExists)
        {
            throw new FaceGenException(e.Code, e.Message + " Replace it with -Force.", e);
        }
    }
}
