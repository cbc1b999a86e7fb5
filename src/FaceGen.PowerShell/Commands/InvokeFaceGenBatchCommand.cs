using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;
using System.Security;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;
using FaceGen.Saving;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Generates and saves the images of a whole file; an interrupted batch is resumed.</para>
/// <para type="description">A ledger records each step of each row before the next step starts. The command can be
/// killed and run again at any moment: saved rows are not sent again, and images that were paid for are saved first.
/// The whole input is validated before anything is sent. The command emits a BatchItem for each row as it ends, and a
/// BatchSummary at the end, whose State shows whether all rows are saved.</para>
/// <para type="description">A local face image of 32 KB or more that several rows use is uploaded once, and its link is
/// sent with each row. If the service refuses the upload, the image itself is sent.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "FaceGenBatch", SupportsShouldProcess = true, DefaultParameterSetName = ByPath)]
[OutputType(typeof(BatchItem), typeof(BatchSummary))]
public sealed class InvokeFaceGenBatchCommand : RequestFileCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";
    private const string ByInput = "InputObject";

    /// <summary>How many rows are staged at once.</summary>
    private const int StageSize = 1000;

    /// <summary>How long a stop waits for the answers in flight; later ones are recorded in the background.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMilliseconds(300);

    /// <summary>How long a run waits without a word for an earlier one to close the ledger.</summary>
    private static readonly TimeSpan SilentCloseWait = TimeSpan.FromMilliseconds(800);

    /// <summary>How long a run that has ended waits for its ledger to be closed.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The ledgers of this process whose runs have ended and are not closed yet.</summary>
    private static readonly ConcurrentDictionary<LedgerLocation, Task> ClosingLedgers = new();

    private readonly ProgressMeter _progress = new("Batch");
    private readonly List<Request> _staged = new(StageSize);
    private PipelineRowReader? _rowReader;
    private BatchOptions? _options;
    private Task<IBatch>? _opening;
    private Task? _batchTask;
    private Task? _closing;
    private LedgerLocation _ledger = null!;
    private long _inputCount;
    private long _rowCount;
    private long _invalidCount;

    /// <summary><para type="description">The CSV, JSON or JSON Lines files; wildcards are allowed.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The CSV, JSON or JSON Lines files, without wildcards.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[]? LiteralPath { get; set; }

    /// <summary>
    /// <para type="description">Pipeline input: requests of Import-FaceGenRequest, rows of Import-Csv, rows of another
    /// batch, generations, or files and their paths. Paths of face images in rows of Import-Csv are relative to the
    /// current location.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ByInput)]
    [ValidateNotNull]
    [Deserialized]
    public PSObject? InputObject { get; set; }

    /// <summary>
    /// <para type="description">The folder for the images; it is created if it does not exist.</para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ByPath)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByLiteralPath)]
    [Parameter(Mandatory = true, ParameterSetName = ByInput)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>
    /// <para type="description">The ledger: a file, or a connection string of PostgreSQL, as text or as a secure
    /// string. The default is the file facegen.ledger in the destination.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [Secret]
    [ArgumentCompleter(typeof(LedgerCompleter))]
    public SecureString? Ledger { get; set; }

    /// <summary>
    /// <para type="description">The template of the file names; the default is {id}-{index}. The fields are {id}
    /// {index} {prompt} {seed} {style} {track_id} {row} {date}; a slash makes a folder. The extension is added.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FileNameCompleter))]
    public string Name { get; set; } = FileNameTemplate.Default;

    /// <summary>
    /// <para type="description">Writes a JSON file beside each image with the request, seed, id and hash.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter Sidecar { get; set; }

    /// <summary>
    /// <para type="description">Also writes the request, seed and id into PNG files, as text chunks that common tools
    /// read. Files of other formats are not changed. The webhook's address and a face image given as bytes are
    /// omitted.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter EmbedMetadata { get; set; }

    /// <summary>
    /// <para type="description">The maximum number of slots that this command uses, 1 to 1000, within the limit of the
    /// account's queue. The default is the limit of the queue.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 1000;

    /// <summary>
    /// <para type="description">Sends a local face image with each row instead of uploading it.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter NoUpload { get; set; }

    /// <summary>
    /// <para type="description">Sends rows again that failed, or whose images expired before they were
    /// downloaded.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter RetryFailed { get; set; }

    /// <summary>
    /// <para type="description">Sends rows again whose outcome is unknown. The service may have accepted them before:
    /// you may pay twice.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter RetryUncertain { get; set; }

    /// <summary>
    /// <para type="description">The maximum number of images that this run pays for. With 0 it only saves what was paid
    /// for before.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long? MaxImages { get; set; }

    /// <summary>
    /// <para type="description">Stops submitting when the account's balance falls below this amount, in the account's
    /// currency.</para>
    /// </summary>
    [Parameter]
    public decimal? MinimumBalance { get; set; }

    /// <summary>
    /// <para type="description">The time limit of the run, one second to 7 days, such as 01:30:00. The run stops
    /// submitting early enough to save pending generations in time.</para>
    /// </summary>
    [Parameter]
    public TimeSpan? TimeLimit { get; set; }

    /// <summary><para type="description">Skips invalid rows and processes the others.</para></summary>
    [Parameter]
    public SwitchParameter SkipInvalid { get; set; }

    /// <summary>
    /// <para type="description">Skips rows that ask for the same as an earlier row of the input: the same texts,
    /// numbers and face image. Without it each of them is sent and paid for, and a warning gives their number.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter SkipDuplicate { get; set; }

    /// <inheritdoc cref="ServiceCmdlet.Connection"/>
    [Parameter]
    [ValidateNotNull]
    [NamedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public Connection? Connection { get; set; }

    private protected override Connection? ExplicitConnection => Connection;

    private protected override void Begin()
    {
        if (TimeLimit < TimeSpan.FromSeconds(1) || TimeLimit > TimeSpan.FromDays(7))
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-TimeLimit must be a second to 7 days, as in 00:30:00 for half an hour. (A bare number counts ticks, and one in quotes days.)");
        if (MinimumBalance < 0)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-MinimumBalance must not be less than 0.");

        string folder = ResolveFolder(Destination);
        var save = new SaveOptions(folder, new FileNameTemplate(Name))
        {
            AcceptIdentical = true,
            Sidecar = Sidecar,
            EmbedMetadata = EmbedMetadata,
            Timeout = TimeSpan.FromMinutes(2),
        };
        _options = new BatchOptions(save)
        {
            ThrottleLimit = ThrottleLimit,
            UploadFaces = !NoUpload,
            RetryFailed = RetryFailed,
            RetryUncertain = RetryUncertain,
            MaxImages = MaxImages,
            MinimumBalance = MinimumBalance,
            TimeLimit = TimeLimit,
        };
        _ledger = Ledger is null ? LedgerLocation.ForFile(System.IO.Path.Combine(folder, LedgerLocation.DefaultName)) : ResolveLedger(Ledger, isTyped: true);
        _rowReader = new PipelineRowReader(path => ResolvePath(path, ErrorCode.FaceImageInvalid));

        // A plan needs no connection.
        Connection? connection = IsWhatIf ? null : CurrentConnection;
        // The wait below is part of the time that was given.
        _options = _options with { StartTimestamp = connection?.Services.Time.GetTimestamp() };
        if (ClosingLedgers.TryGetValue(_ledger, out Task? before))
        {
            // On a busy machine one that has nothing to wait for may take a moment to close, too.
            WaitFor(Task.WhenAny(before, Task.Delay(SilentCloseWait, StopToken)));
            if (!before.IsCompleted)
                WriteWarning("An earlier run still waits for the answers to what it had sent, or for a program that holds the ledger: this one begins after it.");
            WaitFor(Task.WhenAny(before));
        }

        _opening = Task.Run(() => connection is null
            ? BatchFactoryLoader.Factory.OpenForPlanningAsync(_ledger, StopToken)
            : BatchFactoryLoader.Factory.OpenAsync(_ledger, connection, new BatchObserver(this), StopToken));
        WaitFor(_opening);
        _opening.Result.SkipDuplicates = SkipDuplicate;
    }

    private protected override void Process()
    {
        if (LiteralPath is not null) AddFiles(LiteralPath, isLiteral: true);
        else if (ParameterSetName == ByPath) AddFiles(Path, isLiteral: false);
        else AddInput(InputObject!);
    }

    private protected override void End()
    {
        try
        {
            PlanAndRun();
        }
        catch (FaceGenException)
        {
            WaitForClose();
            throw;
        }
    }

    /// <summary>
    /// Waits until the ledger is closed: a script that sees the command end may copy or delete it, unless another program holds it.
    /// </summary>
    private void WaitForClose()
    {
        if (_closing is null) WaitFor(Task.WhenAny(Close(), Task.Delay(CloseTimeout, StopToken)));
    }

    private void PlanAndRun()
    {
        FlushStagedRows();
        if (_rowCount == 0) throw new FaceGenException(ErrorCode.BatchInvalid, "The input has no row; nothing was sent.");
        if (_invalidCount == _rowCount || (_invalidCount > 0 && !SkipInvalid && !IsWhatIf))
        {
            (string be, string them) = _invalidCount == 1 ? ("is", "it") : ("are", "them");
            string otherwise = _invalidCount == _rowCount ? "" : $", or leave {them} out with -SkipInvalid";
            throw new FaceGenException(ErrorCode.BatchInvalid,
                $"{_invalidCount} of {Quantity(_rowCount, "row")} {be} invalid; nothing was sent. Mend {them}{otherwise}.");
        }

        BatchPlan plan = RunOnBatch(batch => batch.PlanAsync(RetryFailed, RetryUncertain, StopToken, MaxImages));
        if (plan.ToSubmit + plan.InProgress > 1 && _options!.Save.Name.IsSameForAllRequests)
        {
            throw new FaceGenException(ErrorCode.FileNameInvalid,
                $"-Name '{DisplayText.Clean(Name, 100)}' gives all rows the same name; nothing was sent. Add {{id}}, or {{row}} or {{prompt}}.");
        }

        if (plan.FileConflict is var (first, second))
        {
            throw new FaceGenException(ErrorCode.FileNameInvalid,
                $"-Name '{DisplayText.Clean(Name, 100)}' gives {first} and {second} the same name; nothing was sent. Add {{id}} or {{row}}.");
        }

        if (plan.ExistingFile is var (row, path, isAnotherRows))
        {
            string whose = isAnotherRows ? $"'{path}', which is the image of another row of the ledger" : $"'{path}', which is there already";
            string otherwise = isAnotherRows ? "G" : "Move it away, or g";
            throw new FaceGenException(ErrorCode.FileNameInvalid,
                $"-Name '{DisplayText.Clean(Name, 100)}' gives {row} the name of {whose}; nothing was sent. {otherwise}ive another -Name, as with {{id}} in it.");
        }

        if (plan.FirstDuplicate is var (original, duplicate))
        {
            WriteWarning($"{Quantity(plan.Duplicates, "row")} of the input {(plan.Duplicates == 1 ? "repeats" : "repeat")} another row: {duplicate} asks for the same as {original}. "
                + "Each of them is paid for. If one image is enough, leave the others out with -SkipDuplicate.");
        }

        string by = (ExplicitConnection ?? Connections.Current) is { } payer ? $" The connection {payer.Description} pays." : "";
        string words = DescribePlan(plan) + by;
        if (!ShouldProcess(words, $"{words} Go on?", "Confirm"))
        {
            WaitForClose();
            return;
        }

        if (plan.NotRetried > 0)
            WriteWarning($"{Quantity(plan.NotRetried, "row")} failed, expired or became uncertain in an earlier run, and will not be sent again: that takes -RetryFailed or -RetryUncertain.");

        BatchSummary summary = AddInvalidRows(RunOnBatch(RunAsync));
        WaitForClose();
        if (!Close().IsCompleted) WriteWarning($"Another program holds the ledger '{summary.Ledger}': it is closed when that lets it go.");
        _progress.Complete(this);
        WriteObject(summary);
        if (summary.Fault is not null) throw summary.Fault;
        if (summary.Message.Length > 0) WriteWarning(summary.Message);
    }

    private protected override void Tick() => _progress.Show(this, () =>
        _opening is { Status: TaskStatus.RanToCompletion } open && open.Result.Progress is { } progress
            ? DescribeProgress(progress)
            : new ProgressMeter.State(_opening is { IsCompleted: true } ? $"{Quantity(_rowCount, "row")} read" : "opening the ledger"));

    /// <summary>
    /// Whatever ended the command, the answers that are on their way get into the ledger first, and the ledger is free for
    /// the next run. What takes longer than a stop may take is done in the background.
    /// </summary>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (_opening is null) return;

        Task closing = Close();
        if (Task.WaitAny([closing], StopTimeout) == 0) return;

        ClosingLedgers[_ledger] = closing;
        ExitGuard.Current.Track(closing, "");
        _ = closing.ContinueWith(_ => ClosingLedgers.TryRemove(_ledger, out Task? _), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Runs the batch; a process that exits meanwhile waits until the answers in flight stand in the ledger.</summary>
    private Task<BatchSummary> RunAsync(IBatch batch)
    {
        Task<BatchSummary> run = batch.RunAsync(_options!, StopToken);
        ExitGuard.Current.Track(run, $"The ledger '{DisplayText.Clean(batch.LedgerName, 300)}' was not up to date when the process exited: rows that were being sent are Uncertain there when the same command runs again.");
        return run;
    }

    private Task Close() => _closing ??= CloseAsync(_opening!);

    private async Task CloseAsync(Task<IBatch> opening)
    {
        // How they ended has been told, or whoever asked has gone.
        await Task.WhenAny(opening).ConfigureAwait(false);
        if (_batchTask is not null) await Task.WhenAny(_batchTask).ConfigureAwait(false);
        if (opening.Status == TaskStatus.RanToCompletion) await opening.Result.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Has the batch do something away from the pipeline's thread, and waits for it.</summary>
    private T RunOnBatch<T>(Func<IBatch, Task<T>> work)
    {
        Task<T> task = Task.Run(() => work(_opening!.Result));
        _batchTask = task;
        return WaitFor(task);
    }

    private void AddFiles(IEnumerable<string> paths, bool isLiteral)
    {
        foreach (RequestRow row in paths.SelectMany(path => ResolveFiles(path, isLiteral)).SelectMany(ReadFile)) AddRow(row, row.Source);
    }

    private void AddInput(PSObject input)
    {
        _inputCount++;
        switch (input.BaseObject)
        {
            case string path: AddFiles([path], isLiteral: false); break;
            case FileInfo file: AddFiles([file.FullName], isLiteral: true); break;
            case Request request: AddValidated(request); break;
            case BatchItem item: AddValidated(item.Request); break;
            case Generation { Request: { } request }: AddValidated(request); break;
            default: AddRow(_rowReader!.Read(input, (int)_inputCount), input); break;
        }
    }

    private void AddRow(RequestRow row, object target)
    {
        StopToken.ThrowIfCancellationRequested();
        WarnUnknownColumns(row.Source, row.UnknownNames);
        if (row.Request is not null)
        {
            AddRequest(row.Request);
            return;
        }

        _rowCount++;
        _invalidCount++;
        ReportError(row.Error!, target);
    }

    /// <summary>Takes what was an object in a script, which may have changed it.</summary>
    private void AddValidated(Request request)
    {
        Request read;
        try
        {
            read = request.Validate();
        }
        catch (FaceGenException e)
        {
            _rowCount++;
            _invalidCount++;
            // A number in the request itself would name files by it, beside those that another pipeline numbered.
            ReportError(request.Source is null ? WithRow(e, new RequestSource("", 0, (int)_inputCount)) : e, request);
            return;
        }

        AddRequest(read);
    }

    private void AddRequest(Request request)
    {
        _rowCount++;
        _staged.Add(request);
        if (_staged.Count == StageSize) FlushStagedRows();
    }

    private void FlushStagedRows()
    {
        if (_staged.Count == 0) return;

        Request[] rows = [.. _staged];
        _staged.Clear();
        RunOnBatch(async batch =>
        {
            await batch.AddAsync(rows, _options!.Save, StopToken).ConfigureAwait(false);
            return true;
        });
    }

    private void WriteItem(BatchItem item, FaceGenException? error)
    {
        WriteObject(item);
        // What ends the run is told once, when the run has ended.
        if (error is null or { EndsRun: true }) return;

        string next = item.Status switch
        {
            BatchItemStatus.Uncertain => " Look at the account's generations: the same command with -RetryUncertain sends it again, and may pay for it twice.",
            BatchItemStatus.Submitted or BatchItemStatus.Generated => error.Code == ErrorCode.FileExists
                ? " Move it away, or give another -Name if it is another row's, as with {id} in it; the same command goes on with the row."
                : " It is not lost: the same command goes on with it.",
            _ => "",
        };
        ReportError(new FaceGenException(error.Code, error.Message + next, error), item.Request);
        Account.MarkAcknowledged(EngineServices.System, error);
    }

    /// <summary>The ledger does not hold invalid rows: who looks at it later does not hear of them, so the run says so.</summary>
    private BatchSummary AddInvalidRows(BatchSummary summary)
    {
        if (_invalidCount == 0) return summary;

        (string are, string were, string them) = _invalidCount == 1 ? ("is", "was", "it") : ("are", "were", "them");
        string leftOut = $"{Quantity(_invalidCount, "row")} of the input {are} invalid and {were} left out; Get-FaceGenBatch does not count {them}. Mend {them} and run the same command again.";
        return summary with { Invalid = _invalidCount, Message = summary.Message.Length == 0 ? leftOut : $"{summary.Message} {leftOut}" };
    }

    private string DescribePlan(BatchPlan plan)
    {
        long images = plan.AffordableImages ?? plan.Images;
        string uploads = NoUpload || plan.Uploads == 0 ? "" : $" after uploading {Quantity(plan.Uploads, "face image")} that they share";
        string limit = images < plan.Images ? $" of the {plan.Images} that are left" : "";
        string invalid = _invalidCount == 0 ? "" : SkipInvalid ? $", {_invalidCount} invalid and left out"
            : $", {_invalidCount} invalid (nothing is sent before they are mended, or left out with -SkipInvalid)";
        string duplicates = plan.Duplicates == 0 ? "" : $", {Quantity(plan.Duplicates, "duplicate")}{(SkipDuplicate ? " left out" : "")}";
        return $"Pay for {Quantity(images, "image")}{limit} and save them in '{_options!.Save.Folder}': {Quantity(_rowCount, "row")}, " +
            $"{plan.ToSubmit} to send{uploads}, {plan.InProgress} under way from before, " +
            $"{plan.Done} done before, {plan.NotRetried} left alone{duplicates}{invalid}.";
    }

    private static ProgressMeter.State DescribeProgress(BatchProgress progress)
    {
        string expiry = progress.NearestExpiry is { } expires
            ? string.Format(CultureInfo.InvariantCulture, "the first image that is not saved is lost at {0:yyyy-MM-dd HH:mm}", expires.ToLocalTime())
            : "";
        return new ProgressMeter.State(string.Format(CultureInfo.InvariantCulture, "{0} of {1} done, {2} failed, {3} under way, {4:0.0}/min",
            progress.Ended, progress.Total, progress.Failed, progress.InProgress, progress.RowsPerMinute))
        {
            Operation = expiry,
            Percent = progress.Total == 0 ? 100 : (int)(100 * progress.Ended / progress.Total),
            TimeLeft = progress.TimeLeft,
        };
    }

    private static string Quantity(long count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    private sealed class BatchObserver(InvokeFaceGenBatchCommand cmdlet) : IBatchObserver
    {
        private readonly IEngineLog _log = cmdlet.Log;

        public void LogVerbose(string message) => _log.LogVerbose(message);

        public void LogWarning(string message) => _log.LogWarning(message);

        public void OnItemEnded(BatchItem item, FaceGenException? error) => cmdlet.Post(() => cmdlet.WriteItem(item, error));
    }
}
