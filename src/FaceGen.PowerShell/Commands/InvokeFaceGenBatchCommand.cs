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
/// The whole input is validated before anything is sent. The command emits a BatchItem for each row as it ends.</para>
/// <para type="description">The BatchSummary, whose State shows whether all rows are saved, is not part of this output:
/// -SummaryVariable stores it, -SummaryOnly emits it instead of the rows, and the information stream shows it at the end.
/// It is the TargetObject of an error that ends the run. Get-FaceGenBatch returns it later.</para>
/// <para type="description">A parameter of a request, such as -Style, is a default: the value of a row wins. In
/// New-FaceGenImage it replaces the value of the input instead.</para>
/// <para type="description">A local face image is uploaded once, ahead of its rows, and its link is sent with each of
/// them. If the service refuses the upload, the image itself is sent.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "FaceGenBatch", SupportsShouldProcess = true, DefaultParameterSetName = ByPath)]
[OutputType(typeof(BatchItem), typeof(BatchSummary), typeof(BatchPlan))]
public sealed class InvokeFaceGenBatchCommand : RequestFileCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";
    private const string ByInput = "InputObject";

    /// <summary>The number of rows that are added to the batch at once.</summary>
    private const int ChunkSize = 1000;

    /// <summary>How long a run waits without a warning for an earlier one to close the ledger.</summary>
    private static readonly TimeSpan SilentCloseWait = TimeSpan.FromMilliseconds(800);

    /// <summary>How long a run that has ended waits for its ledger to be closed.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    private readonly ProgressDisplay _progress = new("Batch");
    private readonly List<Request> _chunk = new(ChunkSize);
    private RequestRowReader? _reader;
    private ScriptBlock? _nameScript;
    private int _inputCount;
    private BatchOptions? _options;
    private BatchSession? _session;
    private RunLog? _log;
    private CancellationTokenRegistration _logRegistration;
    private long _rowCount;
    private long _invalidCount;

    /// <summary><para type="description">The CSV, JSON or JSON Lines files; wildcards are allowed.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The CSV, JSON or JSON Lines files, without wildcards.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[]? LiteralPath { get; set; }

    /// <summary>
    /// <para type="description">Pipeline input: requests of Import-FaceGenRequest, rows of Import-Csv, rows of another
    /// batch, generations, image files as face images, or request files and their paths. Paths of face images in rows of
    /// Import-Csv are relative to the current location.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ByInput)]
    [ValidateNotNull]
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
    /// <para type="description">The ledger: a file, an existing folder for the file facegen.ledger, or a connection string
    /// of PostgreSQL, as text or as a secure string. The default is the file facegen.ledger in the destination.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [Secret]
    [ArgumentCompleter(typeof(LedgerCompleter))]
    public SecureString? Ledger { get; set; }

    /// <summary>
    /// <para type="description">The template of the file names; the default is {id}-{index}. The fields are {id}
    /// {index} {prompt} {seed} {style} {track_id} {face} {row} {date}, the other fields of a request, and the columns of
    /// its row, such as {account}; a slash makes a folder. {face} is the name of the face image's file. The extension is
    /// added.</para>
    /// <para type="description">Also a script block, such as { $_.account }, whose result is the name. In it, $_ is the request of the
    /// row, with its columns. The ledger keeps the name of each row, so that a later run without -Name uses it.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ScriptBlockName]
    [ArgumentCompleter(typeof(FileNameCompleter))]
    public string Name
    {
        get;
        set => (field, _nameScript) = (value, ScriptBlockArgument.Release(ScriptBlockNameAttribute.Parameter));
    }
    = FileNameTemplate.Default;

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
    [ValidateRange(1, MaxThrottleLimit)]
    public int? ThrottleLimit { get; set; }

    /// <summary>
    /// <para type="description">Sends a local face image with each row instead of uploading it. The service then returns
    /// the images themselves and not links; they are saved as files all the same.</para>
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

    /// <summary>
    /// <para type="description">The name of a variable that gets the BatchSummary when the run has ended, also if an
    /// error ended it. Until then the variable is null.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SummaryVariable { get; set; }

    /// <summary><para type="description">Emits only the BatchSummary, and no rows.</para></summary>
    [Parameter]
    public SwitchParameter SummaryOnly { get; set; }

    /// <summary>
    /// <para type="description">Emits the BatchPlan of the run: rows, images to pay for, duplicates, uploads, invalid rows,
    /// and the cost, if this session or an earlier run has seen balances that show the price of an image. Nothing is sent or
    /// written.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter PlanOnly { get; set; }

    /// <summary>
    /// <para type="description">A file to which the run appends JSON Lines: one flat object for its start and its end,
    /// each row that ends and each submission that is sent again, with time, row, id and error code. It never contains
    /// the key. The text of an error can quote a value of its row, such as the name of a file.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <inheritdoc cref="ServiceCmdlet.Connection"/>
    [Parameter]
    [ValidateNotNull]
    [NamedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public Connection? Connection { get; set; }

    /// <summary>True if the command only plans: nothing is sent or written.</summary>
    private bool IsPlan => PlanOnly || IsWhatIf;

    /// <summary>Gets the connection whose account is charged; null if none is open yet.</summary>
    private Connection? BatchConnection => Connection ?? Connections.Current;

    private protected override void Begin()
    {
        base.Begin();
        LogFailure(Open);
    }

    private protected override void Process() => LogFailure(ReadInput);

    private protected override void End() => LogFailure(Run);

    private void Open()
    {
        if (TimeLimit < TimeSpan.FromSeconds(1) || TimeLimit > TimeSpan.FromDays(7))
            throw new FaceGenException(ErrorCode.ParametersInvalid, $"-TimeLimit must be 1 second to 7 days, not {TimeLimit}. Nothing was sent. Give 00:30:00 for half an hour: a bare number counts ticks, and a number in quotes counts days.");
        if (MinimumBalance < 0)
            throw new FaceGenException(ErrorCode.ParametersInvalid, FormattableString.Invariant($"-MinimumBalance must be 0 or more, not {MinimumBalance}. Nothing was sent. Give an amount, or omit -MinimumBalance."));

        if (PlanOnly && SummaryOnly)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-PlanOnly and -SummaryOnly cannot be used together. Nothing was sent. Give one of them.");

        SetSummaryVariable(null);
        string folder = Paths.ResolveFolder(Destination);
        _options = CreateOptions(folder);
        LedgerLocation ledger = Ledger is null
            ? LedgerLocation.ForFile(System.IO.Path.Combine(folder, LedgerLocation.DefaultName))
            : Paths.ResolveLedger(Ledger, isTyped: true);
        _reader = new RequestRowReader(path => Paths.Resolve(path, ErrorCode.FaceImageInvalid));

        // A plan needs no connection.
        Connection? connection = IsPlan ? null : Connection ?? Connections.GetRequired();
        // -TimeLimit includes the wait for an earlier run.
        _options = _options with { StartTimestamp = connection?.Services.Time.GetTimestamp() };
        if (connection is not null && LogPath is not null) BeginLog(Paths.Resolve(LogPath, ErrorCode.FileNotWritten), ledger, connection);
        WaitForEarlierRun(ledger);
        _session = new BatchSession(ledger, () => connection is null
            ? BatchFactoryLoader.Factory.OpenForPlanningAsync(ledger, StopToken)
            : BatchFactoryLoader.Factory.OpenAsync(ledger, connection, new Observer(this), StopToken));
        Work.WaitFor(_session.Opening).SkipDuplicates = SkipDuplicate;
    }

    private void ReadInput()
    {
        CommandValues defaults = GetValues(InputObject);
        IEnumerable<RequestRow> rows;
        switch (InputObject?.BaseObject)
        {
            case null: rows = (LiteralPath ?? Path).SelectMany(path => ReadFiles(path, LiteralPath is not null, defaults)); break;
            case string or FileInfo when ScriptBlockField is { } field: throw CreateScriptBlockError(field, "the input names a file");
            case string path: rows = ReadFiles(path, isLiteral: false, defaults); break;
            case FileInfo file when ImageHeader.FindFormatByExtension(file.Name) is null: rows = ReadFiles(file.FullName, isLiteral: true, defaults); break;
            default:
                _reader!.Defaults = defaults;
                Add(_reader.Read(InputObject, ++_inputCount), InputObject!);
                return;
        }

        foreach (RequestRow row in rows) Add(row, row.Source!);
    }

    private void Run()
    {
        try
        {
            FlushChunk();
            if (BatchMessages.FindInputError(_rowCount, _invalidCount, SkipInvalid || IsPlan) is { } inputError) throw inputError;

            BatchPlan plan = Work.WaitFor(_session!.UseAsync(batch => batch.PlanAsync(new PlanOptions(RetryFailed, RetryUncertain, MaxImages), StopToken)));
            plan = BatchMessages.WithCost(plan with { Rows = _rowCount, Invalid = _invalidCount, Uploads = NoUpload ? 0 : plan.Uploads }, BatchConnection);
            if (BatchMessages.FindNameError(plan, _nameScript?.ToString() ?? Name, _options!.Save.Name.IsSameForAllRequests) is { } nameError) throw nameError;
            if (BatchMessages.DescribeDuplicates(plan) is { } duplicates) WriteWarning(duplicates);
            if (PlanOnly) WriteObject(plan);
            if (PlanOnly || !Confirm(plan))
            {
                WaitForClose();
                return;
            }

            if (BatchMessages.DescribeNotRetried(plan) is { } notRetried) WriteWarning(notRetried);
            BatchSummary summary = Work.WaitFor(_session.RunAsync(_options, StopToken));
            WaitForClose();
            Write(BatchMessages.WithInvalidRows(summary, _invalidCount));
        }
        catch (FaceGenException)
        {
            WaitForClose();
            throw;
        }
    }

    private protected override void Tick() => _progress.Show(this, () => _session?.Progress is { } progress
        ? BatchMessages.DescribeProgress(progress)
        : new ProgressDisplay.State(_session is { Opening.IsCompleted: true } ? $"{BatchMessages.Count(_rowCount, "row")} read" : "opening the ledger"));

    /// <summary>Closes the ledger however the command ends, after the responses in flight are recorded.</summary>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _session?.Close();
        _logRegistration.Dispose();
        EndLog();
    }

    private BatchOptions CreateOptions(string folder) => new(new SaveOptions(folder, CreateName())
    {
        AcceptIdentical = true,
        Sidecar = Sidecar,
        EmbedMetadata = EmbedMetadata,
        Timeout = TimeSpan.FromMinutes(2),
    })
    {
        ThrottleLimit = ThrottleLimit ?? MaxThrottleLimit,
        UploadFaces = !NoUpload,
        RetryFailed = RetryFailed,
        RetryUncertain = RetryUncertain,
        MaxImages = MaxImages,
        MinimumBalance = MinimumBalance,
        TimeLimit = TimeLimit,
    };

    private FileNameTemplate CreateName() => _nameScript is null && MyInvocation.BoundParameters.ContainsKey(nameof(Name))
        ? new FileNameTemplate(Name)
        : new RowFileNames(isGivenNow: _nameScript is not null);

    /// <summary>Returns a row with the name that the script block of -Name gives; an invalid row if it gives none.</summary>
    private RequestRow SetName(RequestRow row)
    {
        Request request = row.Request!;
        try
        {
            // The columns are properties, as in a row of Import-Csv.
            var input = new PSObject(request);
            foreach (KeyValuePair<string, string> column in request.Columns.Where(column => input.Properties[column.Key] is null)) input.Properties.Add(new PSNoteProperty(column.Key, column.Value));
            return row with { Request = RowFileNames.SetName(request, ScriptBlockNameAttribute.Evaluate(_nameScript!, input, row.Source?.ToString() ?? "the row", "The row was not sent.")) };
        }
        catch (FaceGenException e)
        {
            return row with { Request = null, Error = new FaceGenException(e.Code, $"{(row.Source is null ? "" : $"{row.Source}: ")}{e.Message} Nothing was sent.", e) };
        }
    }

    private void WaitForEarlierRun(LedgerLocation ledger)
    {
        if (BatchSession.FindClosing(ledger) is not { } closing) return;

        Work.WaitFor(Task.WhenAny(closing, Task.Delay(SilentCloseWait, StopToken)));
        if (!closing.IsCompleted)
            WriteWarning("An earlier run still waits for responses in flight, or for a program that holds the ledger. Nothing is lost. This run starts when the earlier run has closed the ledger.");
        Work.WaitFor(Task.WhenAny(closing));
    }

    private void Add(RequestRow row, object target)
    {
        StopToken.ThrowIfCancellationRequested();
        RowColumns.Report(this, row);
        _rowCount++;
        if (_nameScript is not null && row.Request is not null) row = SetName(row);
        if (row.Request is null)
        {
            _invalidCount++;
            _log?.WriteInvalidRow(row.Source, row.Error!);
            ReportError(row.Error!, target);
            return;
        }

        _chunk.Add(row.Request);
        if (_chunk.Count == ChunkSize) FlushChunk();
    }

    private void FlushChunk()
    {
        if (_chunk.Count == 0) return;

        Request[] requests = [.. _chunk];
        _chunk.Clear();
        try
        {
            Work.WaitFor(_session!.UseAsync(async batch =>
            {
                await batch.AddAsync(requests, _options!.Save, StopToken).ConfigureAwait(false);
                return true;
            }));
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FileNameInvalid)
        {
            throw new FaceGenException(e.Code, $"{e.Message} Nothing was sent.", e);
        }
    }

    private bool Confirm(BatchPlan plan)
    {
        string account = BatchConnection is { } connection ? $" The account of the connection {connection.Description} is charged." : "";
        string text = BatchMessages.DescribePlan(plan, _options!, SkipInvalid, SkipDuplicate) + account;
        return ShouldProcess(text, $"{text} Continue?", "Confirm");
    }

    /// <summary>Waits until the ledger is closed, so that a script may copy or delete it, unless another program holds it.</summary>
    private void WaitForClose()
    {
        if (!_session!.IsClosing) Work.WaitFor(Task.WhenAny(_session.CloseAsync(), Task.Delay(CloseTimeout, StopToken)));
    }

    private void Write(BatchSummary summary)
    {
        if (!_session!.CloseAsync().IsCompleted)
            WriteWarning($"Another program holds the ledger '{summary.Ledger}'. All results are recorded in it. FaceGen closes it when that program releases it.");
        _progress.Complete(this);
        _log?.WriteEnd(summary);
        FlushLog();
        SetSummaryVariable(summary);
        if (SummaryOnly) WriteObject(summary);
        // With the tag PSHOST the host shows it, unless -InformationAction is Ignore.
        WriteInformation(summary, SummaryOnly ? ["FaceGen"] : ["FaceGen", "PSHOST"]);
        if (summary.FatalError is not null) EndWithError(summary.FatalError, summary);
        if (summary.Message.Length > 0) WriteWarning(summary.Message);
    }

    private void SetSummaryVariable(BatchSummary? summary)
    {
        if (SummaryVariable is not null) SessionState.PSVariable.Set(SummaryVariable, summary);
    }

    private void BeginLog(string path, LedgerLocation ledger, Connection connection)
    {
        var log = new RunLog(path, TimeProvider.System, Log);
        Work.WaitFor(Task.Run(log.VerifyWritable));
        log.WriteBegin(ledger.ToString(), connection.BaseUri);
        _log = log;
        _logRegistration = ExitGuard.Current.Exiting.Register(EndLog);
    }

    /// <summary>Writes the end of a run that was stopped. An exiting process waits for it.</summary>
    private void EndLog()
    {
        if (_log is null) return;

        _log.WriteEnd(error: null);
        ExitGuard.Current.Register(_log.FlushAsync(), "");
    }

    private void LogFailure(Action step)
    {
        try
        {
            step();
        }
        catch (FaceGenException e)
        {
            _log?.WriteEnd(e);
            FlushLog();
            throw;
        }
    }

    private void FlushLog()
    {
        if (_log is not null) Work.WaitFor(Task.WhenAny(_log.FlushAsync(), Task.Delay(CloseTimeout, StopToken)));
    }

    private void Write(BatchItem item, FaceGenException? error)
    {
        if (!SummaryOnly) BatchItemOutput.Write(this, item);
        // The end of the run reports a fatal error once.
        if (error is null or { EndsRun: true }) return;

        ReportError(BatchMessages.DescribeError(item, error), item.Request);
        Account.MarkAcknowledged(EngineServices.System, error);
    }

    private sealed class Observer(InvokeFaceGenBatchCommand cmdlet) : IBatchObserver
    {
        public void LogVerbose(string message) => cmdlet.Log.LogVerbose(message);

        public void LogWarning(string message) => cmdlet.Log.LogWarning(message);

        public void OnItemEnded(BatchItem item, FaceGenException? error)
        {
            cmdlet._log?.WriteRow(item, error);
            cmdlet.Work.Post(() => cmdlet.Write(item, error));
        }

        public void OnRetry(RequestSource? row, FaceGenException reason) => cmdlet._log?.WriteRetry(row, reason);
    }
}
