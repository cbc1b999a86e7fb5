using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;
using System.Security;
using FaceGen.Batching;
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
/// <para type="synopsis">Generates and saves the images of a whole file, however often it is interrupted.</para>
/// <para type="description">What became of each row stands in a ledger before the next thing happens. The command may be
/// killed and run again at any moment: rows that are saved are not sent again, and what was paid for is brought in first.
/// The whole input is checked before anything is sent. It emits a BatchItem for each row as it ends, and a BatchSummary
/// at last, whose State tells whether all is done.</para>
/// <para type="description">A local face image of 32 KB or more that several rows use is uploaded once, and its link sent
/// with each of them. Where the upload is refused the image itself is sent.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "FaceGenBatch", SupportsShouldProcess = true, DefaultParameterSetName = ByPath)]
[OutputType(typeof(BatchItem), typeof(BatchSummary))]
public sealed class InvokeFaceGenBatchCommand : RequestFileCmdlet
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";
    private const string ByInput = "InputObject";

    /// <summary>How many rows are staged at once.</summary>
    private const int RowsAtOnce = 1000;

    /// <summary>How long a stop waits for the answers in flight; later ones are recorded in the background.</summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromMilliseconds(300);

    /// <summary>How long a run waits without a word for an earlier one to close the ledger.</summary>
    private static readonly TimeSpan ClosingTime = TimeSpan.FromMilliseconds(800);

    /// <summary>How long a run that has ended waits for its ledger to be closed.</summary>
    private static readonly TimeSpan LongestClosing = TimeSpan.FromSeconds(10);

    /// <summary>The ledgers of this process whose runs have ended and are not closed yet.</summary>
    private static readonly ConcurrentDictionary<LedgerLocation, Task> Closing = new();

    private readonly ProgressMeter _progress = new("Batch");
    private readonly List<Request> _staged = new(RowsAtOnce);
    private RowReader? _rowReader;
    private BatchOptions? _options;
    private Task<IBatch>? _opening;
    private Task? _work;
    private Task? _closing;
    private LedgerLocation _ledger = null!;
    private long _inputs;
    private long _rows;
    private long _invalid;

    /// <summary><para type="description">The CSV, JSON or JSON Lines files; wildcards are resolved.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The files, taken as they stand: no character is a wildcard.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = ByLiteralPath)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[]? LiteralPath { get; set; }

    /// <summary>
    /// <para type="description">What the pipeline brings: requests of Import-FaceGenRequest, rows of Import-Csv, rows of
    /// another batch, generations, or files and their paths. Paths of face images in rows of Import-Csv are relative to
    /// the current location.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ByInput)]
    [ValidateNotNull]
    [Revived]
    public PSObject? InputObject { get; set; }

    /// <summary><para type="description">The folder for the images; it is made where it is not there.</para></summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ByPath)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByLiteralPath)]
    [Parameter(Mandatory = true, ParameterSetName = ByInput)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>
    /// <para type="description">The ledger: a file, or a connection string of PostgreSQL, as text or as a secure string.
    /// The file facegen.ledger inside the destination unless given.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [Secret]
    [ArgumentCompleter(typeof(LedgerCompleter))]
    public SecureString? Ledger { get; set; }

    /// <summary>
    /// <para type="description">The files' names, {id}-{index} unless given. {id} {index} {prompt} {seed} {style}
    /// {track_id} {row} {date} stand for the generation's own, a slash makes a folder; the extension is added.</para>
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
    /// <para type="description">Writes the request, seed and id into PNG files too, as texts that common tools read. A file of
    /// another format stays as it came. The webhook's address and a face image that was given as bytes are left out.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter EmbedMetadata { get; set; }

    /// <summary>
    /// <para type="description">How many requests this command keeps under way at most, 1 to 1000; never more than the
    /// account's queue allows, which alone decides unless this is given.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 1000;

    /// <summary><para type="description">Sends a local face image with each row, and never uploads it.</para></summary>
    [Parameter]
    public SwitchParameter NoUpload { get; set; }

    /// <summary><para type="description">Sends rows again that failed, or whose images were not fetched in time.</para></summary>
    [Parameter]
    public SwitchParameter RetryFailed { get; set; }

    /// <summary>
    /// <para type="description">Sends rows again whose submission has an unknown outcome. The service may have accepted
    /// them before: this takes the risk of paying twice.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter RetryUncertain { get; set; }

    /// <summary>
    /// <para type="description">How many images this run may pay for; 0 only brings in what was paid for before.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long? MaxImages { get; set; }

    /// <summary>
    /// <para type="description">Stops submitting when the wallet's balance falls below it, in the account's currency.</para>
    /// </summary>
    [Parameter]
    public decimal? MinimumBalance { get; set; }

    /// <summary>
    /// <para type="description">How long the run may take, a second to 7 days, as 01:30:00: it stops submitting in time to
    /// bring in what is under way.</para>
    /// </summary>
    [Parameter]
    public TimeSpan? TimeLimit { get; set; }

    /// <summary><para type="description">Leaves invalid rows out and does the others.</para></summary>
    [Parameter]
    public SwitchParameter SkipInvalid { get; set; }

    /// <summary>
    /// <para type="description">Leaves out rows that ask for the same as a row before them in the input: the same texts,
    /// numbers and face. Without it each of them is sent and paid for, and a warning gives their number.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter SkipDuplicate { get; set; }

    /// <inheritdoc cref="ServiceCmdlet.Connection"/>
    [Parameter]
    [ValidateNotNull]
    [NamedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public Connection? Connection { get; set; }

    private protected override Connection? Named => Connection;

    private protected override void Begin()
    {
        if (TimeLimit < TimeSpan.FromSeconds(1) || TimeLimit > TimeSpan.FromDays(7))
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-TimeLimit must be a second to 7 days, as in 00:30:00 for half an hour. (A bare number counts ticks, and one in quotes days.)");
        if (MinimumBalance < 0)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "-MinimumBalance must not be less than 0.");

        string folder = ResolveFolder(Destination);
        var save = new SaveOptions(folder, new FileNameTemplate(Name))
        {
            AcceptSame = true,
            Sidecar = Sidecar,
            EmbedMetadata = EmbedMetadata,
            Timeout = TimeSpan.FromMinutes(2),
        };
        _options = new BatchOptions(save)
        {
            ThrottleLimit = ThrottleLimit,
            Upload = !NoUpload,
            RetryFailed = RetryFailed,
            RetryUncertain = RetryUncertain,
            MaxImages = MaxImages,
            MinimumBalance = MinimumBalance,
            TimeLimit = TimeLimit,
        };
        _ledger = Ledger is null ? LedgerLocation.File(System.IO.Path.Combine(folder, LedgerLocation.DefaultName)) : ResolveLedger(Ledger, isTyped: true);
        _rowReader = new RowReader(path => ResolvePath(path, ErrorCode.FaceImageInvalid));

        // A plan needs no connection.
        Connection? connection = IsWhatIf ? null : Service;
        // The wait below is part of the time that was given.
        _options = _options with { Start = connection?.Services.Time.GetTimestamp() };
        if (Closing.TryGetValue(_ledger, out Task? before))
        {
            // On a busy machine one that has nothing to wait for may take a moment to close, too.
            RunUntil(Task.WhenAny(before, Task.Delay(ClosingTime, Stop)));
            if (!before.IsCompleted)
                WriteWarning("An earlier run still waits for the answers to what it had sent, or for a program that holds the ledger: this one begins after it.");
            RunUntil(Task.WhenAny(before));
        }

        _opening = Task.Run(() => connection is null
            ? BatchesRoom.Batches.OpenToPlanAsync(_ledger, Stop)
            : BatchesRoom.Batches.OpenAsync(_ledger, connection, new RowListener(this), Stop));
        RunUntil(_opening);
        _opening.Result.SkipDuplicates = SkipDuplicate;
    }

    private protected override void Process()
    {
        if (LiteralPath is not null) TakeFiles(LiteralPath, isLiteral: true);
        else if (ParameterSetName == ByPath) TakeFiles(Path, isLiteral: false);
        else Take(InputObject!);
    }

    private protected override void End()
    {
        try
        {
            Finish();
        }
        catch (FaceGenException)
        {
            AwaitClose();
            throw;
        }
    }

    /// <summary>
    /// Waits until the ledger is closed: a script that sees the command end may copy or delete it, unless another program holds it.
    /// </summary>
    private void AwaitClose()
    {
        if (_closing is null) RunUntil(Task.WhenAny(Close(), Task.Delay(LongestClosing, Stop)));
    }

    private void Finish()
    {
        Stage();
        if (_rows == 0) throw new FaceGenException(ErrorCode.BatchInvalid, "The input has no row; nothing was sent.");
        if (_invalid == _rows || (_invalid > 0 && !SkipInvalid && !IsWhatIf))
        {
            (string be, string them) = _invalid == 1 ? ("is", "it") : ("are", "them");
            string otherwise = _invalid == _rows ? "" : $", or leave {them} out with -SkipInvalid";
            throw new FaceGenException(ErrorCode.BatchInvalid,
                $"{_invalid} of {Count(_rows, "row")} {be} invalid; nothing was sent. Mend {them}{otherwise}.");
        }

        BatchPlan plan = Do(batch => batch.PlanAsync(RetryFailed, RetryUncertain, Stop, MaxImages));
        if (plan.ToSubmit + plan.UnderWay > 1 && _options!.Save.Name.IsSameForAll)
        {
            throw new FaceGenException(ErrorCode.FileNameInvalid,
                $"-Name '{DisplayText.Clean(Name, 100)}' gives all rows the same name; nothing was sent. Add {{id}}, or {{row}} or {{prompt}}.");
        }

        if (plan.SameFile is var (first, second))
        {
            throw new FaceGenException(ErrorCode.FileNameInvalid,
                $"-Name '{DisplayText.Clean(Name, 100)}' gives {first} and {second} the same name; nothing was sent. Add {{id}} or {{row}}.");
        }

        if (plan.TakenFile is var (row, path, isAnotherRows))
        {
            string whose = isAnotherRows ? $"'{path}', which is the image of another row of the ledger" : $"'{path}', which is there already";
            string otherwise = isAnotherRows ? "G" : "Move it away, or g";
            throw new FaceGenException(ErrorCode.FileNameInvalid,
                $"-Name '{DisplayText.Clean(Name, 100)}' gives {row} the name of {whose}; nothing was sent. {otherwise}ive another -Name, as with {{id}} in it.");
        }

        if (plan.FirstDuplicate is var (original, duplicate))
        {
            WriteWarning($"{Count(plan.Duplicates, "row")} of the input {(plan.Duplicates == 1 ? "repeats" : "repeat")} another row: {duplicate} asks for the same as {original}. "
                + "Each of them is paid for. If one image is enough, leave the others out with -SkipDuplicate.");
        }

        string by = (Named ?? Connections.Current) is { } payer ? $" The connection {payer.Description} pays." : "";
        string words = Words(plan) + by;
        if (!ShouldProcess(words, $"{words} Go on?", "Confirm"))
        {
            AwaitClose();
            return;
        }

        if (plan.LeftAlone > 0)
            WriteWarning($"{Count(plan.LeftAlone, "row")} failed, expired or became uncertain in an earlier run, and will not be sent again: that takes -RetryFailed or -RetryUncertain.");

        BatchSummary summary = WithInvalid(Do(RunAsync));
        AwaitClose();
        if (!Close().IsCompleted) WriteWarning($"Another program holds the ledger '{summary.Ledger}': it is closed when that lets it go.");
        _progress.Complete(this);
        WriteObject(summary);
        if (summary.Fault is not null) throw summary.Fault;
        if (summary.Message.Length > 0) WriteWarning(summary.Message);
    }

    private protected override void Tick() => _progress.Show(this, () =>
        _opening is { Status: TaskStatus.RanToCompletion } open && open.Result.Progress is { } progress
            ? Describe(progress)
            : new ProgressMeter.State(_opening is { IsCompleted: true } ? $"{Count(_rows, "row")} read" : "opening the ledger"));

    /// <summary>
    /// Whatever ended the command, the answers that are on their way get into the ledger first, and the ledger is free for
    /// the next run. What takes longer than a stop may take is done in the background.
    /// </summary>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (_opening is null) return;

        Task closing = Close();
        if (Task.WaitAny([closing], StopTime) == 0) return;

        Closing[_ledger] = closing;
        ExitGuard.OfProcess.Hold(closing, "");
        _ = closing.ContinueWith(_ => Closing.TryRemove(_ledger, out Task? _), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Runs the batch; a process that exits meanwhile waits until the answers in flight stand in the ledger.</summary>
    private Task<BatchSummary> RunAsync(IBatch batch)
    {
        Task<BatchSummary> run = batch.RunAsync(_options!, Stop);
        ExitGuard.OfProcess.Hold(run, $"The ledger '{DisplayText.Clean(batch.Name, 300)}' was not up to date when the process exited: rows that were being sent are Uncertain there when the same command runs again.");
        return run;
    }

    private Task Close() => _closing ??= CloseAsync(_opening!);

    private async Task CloseAsync(Task<IBatch> opening)
    {
        // How they ended has been told, or whoever asked has gone.
        await Task.WhenAny(opening).ConfigureAwait(false);
        if (_work is not null) await Task.WhenAny(_work).ConfigureAwait(false);
        if (opening.Status == TaskStatus.RanToCompletion) await opening.Result.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Has the batch do something away from the pipeline's thread, and waits for it.</summary>
    private T Do<T>(Func<IBatch, Task<T>> work)
    {
        Task<T> task = Task.Run(() => work(_opening!.Result));
        _work = task;
        return RunUntil(task);
    }

    private void TakeFiles(IEnumerable<string> paths, bool isLiteral)
    {
        foreach (RequestRow row in paths.SelectMany(path => ResolveFiles(path, isLiteral)).SelectMany(ReadFile)) Take(row, row.Source);
    }

    private void Take(PSObject input)
    {
        _inputs++;
        switch (input.BaseObject)
        {
            case string path: TakeFiles([path], isLiteral: false); break;
            case FileInfo file: TakeFiles([file.FullName], isLiteral: true); break;
            case Request request: TakeChecked(request); break;
            case BatchItem item: TakeChecked(item.Request); break;
            case Generation { Request: { } request }: TakeChecked(request); break;
            default: Take(_rowReader!.Read(input, (int)_inputs), input); break;
        }
    }

    private void Take(RequestRow row, object target)
    {
        Stop.ThrowIfCancellationRequested();
        TellOfUnknown(row.Source, row.Unknown);
        if (row.Request is not null)
        {
            Take(row.Request);
            return;
        }

        _rows++;
        _invalid++;
        WriteFault(row.Error!, target);
    }

    /// <summary>Takes what was an object in a script, which may have changed it.</summary>
    private void TakeChecked(Request request)
    {
        Request read;
        try
        {
            read = request.Checked();
        }
        catch (FaceGenException e)
        {
            _rows++;
            _invalid++;
            // A number in the request itself would name files by it, beside those that another pipeline numbered.
            WriteFault(request.Source is null ? WithRow(e, new RequestSource("", 0, (int)_inputs)) : e, request);
            return;
        }

        Take(read);
    }

    private void Take(Request request)
    {
        _rows++;
        _staged.Add(request);
        if (_staged.Count == RowsAtOnce) Stage();
    }

    private void Stage()
    {
        if (_staged.Count == 0) return;

        Request[] rows = [.. _staged];
        _staged.Clear();
        Do(async batch =>
        {
            await batch.AddAsync(rows, _options!.Save, Stop).ConfigureAwait(false);
            return true;
        });
    }

    private void Write(BatchItem item, FaceGenException? error)
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
        WriteFault(new FaceGenException(error.Code, error.Message + next, error), item.Request);
        Account.MarkTold(EngineServices.System, error);
    }

    /// <summary>The ledger does not hold invalid rows: who looks at it later does not hear of them, so the run says so.</summary>
    private BatchSummary WithInvalid(BatchSummary summary)
    {
        if (_invalid == 0) return summary;

        (string are, string were, string them) = _invalid == 1 ? ("is", "was", "it") : ("are", "were", "them");
        string leftOut = $"{Count(_invalid, "row")} of the input {are} invalid and {were} left out; Get-FaceGenBatch does not count {them}. Mend {them} and run the same command again.";
        return summary with { Invalid = _invalid, Message = summary.Message.Length == 0 ? leftOut : $"{summary.Message} {leftOut}" };
    }

    private string Words(BatchPlan plan)
    {
        long images = plan.Affordable ?? plan.Images;
        string uploads = NoUpload || plan.Uploads == 0 ? "" : $" after uploading {Count(plan.Uploads, "face image")} that they share";
        string limit = images < plan.Images ? $" of the {plan.Images} that are left" : "";
        string invalid = _invalid == 0 ? "" : SkipInvalid ? $", {_invalid} invalid and left out"
            : $", {_invalid} invalid (nothing is sent before they are mended, or left out with -SkipInvalid)";
        string duplicates = plan.Duplicates == 0 ? "" : $", {Count(plan.Duplicates, "duplicate")}{(SkipDuplicate ? " left out" : "")}";
        return $"Pay for {Count(images, "image")}{limit} and save them in '{_options!.Save.Folder}': {Count(_rows, "row")}, " +
            $"{plan.ToSubmit} to send{uploads}, {plan.UnderWay} under way from before, " +
            $"{plan.Done} done before, {plan.LeftAlone} left alone{duplicates}{invalid}.";
    }

    private static ProgressMeter.State Describe(BatchProgress progress)
    {
        string expiry = progress.NearestExpiry is { } expires
            ? string.Format(CultureInfo.InvariantCulture, "the first image that is not saved is lost at {0:yyyy-MM-dd HH:mm}", expires.ToLocalTime())
            : "";
        return new ProgressMeter.State(string.Format(CultureInfo.InvariantCulture, "{0} of {1} done, {2} failed, {3} under way, {4:0.0}/min",
            progress.Ended, progress.Total, progress.Failed, progress.UnderWay, progress.RowsPerMinute))
        {
            Operation = expiry,
            Percent = progress.Total == 0 ? 100 : (int)(100 * progress.Ended / progress.Total),
            TimeLeft = progress.TimeLeft,
        };
    }

    private static string Count(long count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private sealed class RowListener(InvokeFaceGenBatchCommand cmdlet) : IBatchListener
    {
        private readonly IListener _lines = cmdlet.Listener;

        public void Tell(string line) => _lines.Tell(line);

        public void Warn(string line) => _lines.Warn(line);

        public void End(BatchItem item, FaceGenException? error) => cmdlet.Post(() => cmdlet.Write(item, error));
    }
}
