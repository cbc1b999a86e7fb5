using System.Management.Automation;
using System.Security;
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

    /// <summary>How many entries are given to the disk at once, away from the pipeline's thread.</summary>
    private const int WriteChunkSize = 64;

    private readonly ProgressMeter _progress = new("Writing the report");
    private readonly List<ReportEntry> _entries = [];
    private ReportWriter? _report;
    private Task<bool> _pendingWrite = Task.FromResult(true);
    private string _file = "";
    private bool _hasSummaryInput;
    private bool _hasUnsupportedInput;

    /// <summary><para type="description">The file to write; wildcards must match one file.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ItemsToPath)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = LedgerToPath)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary><para type="description">The file to write, without wildcards.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = ItemsToLiteralPath)]
    [Parameter(Mandatory = true, ParameterSetName = LedgerToLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath")]
    public string? LiteralPath { get; set; }

    /// <summary>
    /// <para type="description">The rows of a batch, or saved images. The summary at the end of a batch's output is
    /// ignored.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ItemsToPath)]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ItemsToLiteralPath)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>
    /// <para type="description">The ledger of the batch to report: a file, or a connection string of PostgreSQL, as
    /// text or as a secure string. The batch may be running.</para>
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
        _file = ResolveFile();
        if (!ShouldProcess(_file, "Write the report")) return;

        _report = WaitForDisposable(Task.Run(() => WithForceHint(() => new ReportWriter(_file, Force, Title, DateTimeOffset.UtcNow))));
    }

    private protected override void Process()
    {
        if (_report is null) return;

        if (Ledger is not null)
        {
            IEnumerable<BatchItem> items =
                BatchFactoryLoader.Factory.ReadItems(ResolveLedger(Ledger, isTyped: true), [], error => Post(() => ReportError(error, null)), StopToken);
            foreach (BatchItem item in ReadAhead(items)) Add(ReportEntry.From(item));
            return;
        }

        foreach (PSObject input in InputObject)
        {
            switch (input.BaseObject)
            {
                case BatchItem item: Add(ReportEntry.From(item)); break;
                case SavedImage image: Add(ReportEntry.From(image)); break;
                case BatchSummary: _hasSummaryInput = true; break;
                default:
                    _hasUnsupportedInput = true;
                    string hint = input.BaseObject is PSCustomObject && input.TypeNames[0].StartsWith("Deserialized.FaceGen.", StringComparison.Ordinal)
                        ? ": what a file or a job kept of one is not whole. A batch is shown by -Ledger" : "";
                    ReportError(new FaceGenException(ErrorCode.ParametersInvalid,
                        $"A report shows rows of batches and saved images, and no {input.BaseObject.GetType().Name}{hint}."), input);
                    break;
            }
        }
    }

    private protected override void End()
    {
        if (_report is not { } report) return;

        FlushEntries();
        if (report.Count == 0 && _hasSummaryInput)
        {
            throw new FaceGenException(ErrorCode.ParametersInvalid,
                "A summary holds no rows: pipe it through Get-FaceGenBatchItem, or give the ledger with -Ledger.");
        }

        // What it was given instead has been told, and an empty page would stand in the way of the right one.
        if (report.Count == 0 && _hasUnsupportedInput) return;

        WaitForWrite(() => WithForceHint(() =>
        {
            report.Commit();
            return true;
        }));
        _progress.Complete(this);
        WriteObject(new FileInfo(_file));
    }

    private protected override void Tick() => _progress.Show(this, () => new ProgressMeter.State($"{_report?.Count ?? 0} rows"));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        // A pipeline that was stopped may leave a write behind it.
        _pendingWrite.ContinueWith(_ => _report?.Dispose(), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
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

    /// <summary>Writes away from the pipeline's thread: it must answer a stop also while a disk or a share does not.</summary>
    private void WaitForWrite(Func<bool> write) => WaitFor(_pendingWrite = Task.Run(write));

    private string ResolveFile()
    {
        IReadOnlyList<string> files = LiteralPath is { } literal
            ? [ResolvePath(literal, ErrorCode.FileNotWritten)]
            : ResolveTarget(Path!, ErrorCode.FileNotWritten);
        if (files.Count != 1) throw new FaceGenException(ErrorCode.FileNotWritten, $"'{Path}' matches {files.Count} files: give one of them.");
        if (Directory.Exists(files[0])) throw new FaceGenException(ErrorCode.FileNotWritten, $"'{files[0]}' is a folder: a report is a file.");
        return files[0];
    }

    private static T WithForceHint<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FileExists)
        {
            throw new FaceGenException(e.Code, e.Message + " -Force replaces it.", e);
        }
    }
}
