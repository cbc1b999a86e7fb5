using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Generates images of a face.</para>
/// <para type="description">Submits each request, polls until it is finished, and emits the generation. In a pipeline
/// it uses all slots of the account's queue and emits each result as soon as it is ready. Parameters that are not given
/// are not sent, so that the service's defaults apply.</para>
/// <para type="description">Every accepted request is paid for, also if the pipeline ends early. With Select-Object
/// -First 1 after ten prompts and 5 slots, the emulator accepted 6 to 10 requests; with -ThrottleLimit 1 it accepted two:
/// the one that is emitted, and the next one. Generations that were not emitted are not lost: Get-FaceGenImage lists
/// them.</para>
/// <para type="description">A parameter of a request, such as -Style, replaces the value of the input. In
/// Import-FaceGenRequest and Invoke-FaceGenBatch it is a default instead: the value of a row wins.</para>
/// <para type="description">A local face image is uploaded once, and its link is sent with each request of the session
/// that uses it, for 22 hours. In a pipeline the images of the next requests are uploaded while requests wait for their
/// slots. If the service refuses the upload, the image itself is sent.</para>
/// </summary>
[Cmdlet(VerbsCommon.New, "FaceGenImage", SupportsShouldProcess = true)]
[OutputType(typeof(Generation))]
public sealed class NewFaceGenImageCommand : RequestCmdlet
{
    private readonly ProgressDisplay _progress = new("Generating images");
    private readonly Dictionary<Connection, Generator> _generators = [];
    private readonly GenerationOutput _output;
    private readonly RequestRowReader _reader;
    private readonly Queue<Task> _preparing = new();
    private RequestSubmitter? _submitter;
    private Connection? _default;
    private int _inputCount;

    /// <summary>Creates the cmdlet.</summary>
    public NewFaceGenImageCommand()
    {
        _output = new GenerationOutput(this);
        _reader = new RequestRowReader(path => Paths.Resolve(path, ErrorCode.FaceImageInvalid)) { NumbersRequests = true };
    }

    /// <summary><para type="description">The description of the image.</para></summary>
    [Parameter(Position = 0)]
    [RequestField("prompt")]
    [ValidateRequestField("prompt")]
    public override string? Prompt { get => base.Prompt; set => base.Prompt = value; }

    /// <inheritdoc cref="RequestCmdlet.FaceImage"/>
    [Parameter(Position = 1)]
    [Alias("face_image")]
    [FaceImageParameter]
    public override FaceImage? FaceImage { get => base.FaceImage; set => base.FaceImage = value; }

    /// <summary>
    /// <para type="description">What the pipeline brings: a request of Import-FaceGenRequest, a row of Import-Csv, a hashtable, a row
    /// of a batch, a sidecar read by ConvertFrom-Json, an image file, or a prompt. The properties of a row are the fields of the request,
    /// by the names of the parameters or those of the API; other columns are kept and not sent.</para>
    /// <para type="description">A parameter replaces the property of its name. Its argument can be a script block, such as
    /// -FaceImage { $_.photo }, which is evaluated for each input.</para>
    /// </summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>
    /// <para type="description">The maximum number of slots that this command uses, 1 to 1000, within the limit of the
    /// account's queue. The default is the limit of the queue.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(1, MaxThrottleLimit)]
    public int? ThrottleLimit { get; set; }

    /// <summary>
    /// <para type="description">The timeout of one request in seconds, from its submission to its end: 1 to 86400, or 0
    /// for no timeout. The default is 600. A generation that is not ready by then is not lost; Wait-FaceGenImage
    /// continues to wait.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0, 86400)]
    public int TimeoutSec { get; set; } = 600;

    /// <summary><para type="description">Emits each generation as soon as the service has accepted it.</para></summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>
    /// <para type="description">Sends a local face image with each request instead of uploading it. The service then
    /// returns the images themselves and not links; they are saved as files all the same.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter NoUpload { get; set; }

    /// <summary>
    /// <para type="description">Sends a submission again whose response was lost. The service may have accepted it
    /// before: you may pay twice.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter RetryUncertain { get; set; }

    /// <summary>
    /// Gets or sets a switch that is refused. It makes each abbreviation of -RetryUncertain ambiguous that does not name what may be paid
    /// twice.
    /// </summary>
    [Parameter(DontShow = true)]
    public SwitchParameter Retry { get; set; }

    /// <summary>
    /// <para type="description">If the response to a submission was lost, emits a generation with the status Uncertain
    /// instead of an error.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter IncludeUncertain { get; set; }

    /// <inheritdoc cref="ServiceCmdlet.Connection"/>
    [Parameter]
    [ValidateNotNull]
    [NamedConnection]
    [ArgumentCompleter(typeof(ConnectionCompleter))]
    public Connection? Connection { get; set; }

    private Connection CurrentConnection => Connection ?? (_default ??= Connections.GetRequired());

    private protected override void Begin()
    {
        if (Retry)
            throw new FaceGenException(ErrorCode.ParametersInvalid, "New-FaceGenImage has no parameter -Retry. Nothing was sent. Omit it: a request that the service refused for the moment is sent again anyway. -RetryUncertain also sends one again whose response was lost, and you may pay twice.");

        base.Begin();
        GenerationOutput.Begin();
        var options = new GenerateOptions { Wait = !NoWait, Timeout = ServiceCmdlet.ToTimeout(TimeoutSec), RetryUncertain = RetryUncertain, UploadFace = !NoUpload };
        _submitter = new RequestSubmitter(options, ThrottleLimit ?? MaxThrottleLimit, IncludeUncertain, Log, StopToken);
    }

    private protected override void Process()
    {
        if (InputObject is not null) _inputCount++;
        _reader.Overrides = GetValues(InputObject);
        RequestRow row = _reader.Read(InputObject, _inputCount);
        RowColumns.Report(this, row);
        if (row.Request is not { } request)
        {
            ReportError(row.Error!, InputObject);
            return;
        }

        Generation? origin = null;
        if (Connection is null && OriginalGeneration is { } original && (origin = _output.WithConnection(original, Connection, () => CurrentConnection)) is null) return;

        string images = request.ImageCount == 1 ? "1 image" : $"{request.ImageCount} images";
        // -WhatIf needs no connection.
        string with = ServiceCmdlet.Describe(origin?.Connection ?? Connection ?? Connections.Current);
        if (!ShouldProcess(DisplayText.Clean(request.Prompt, 80), $"Generate {images} ({request.Style ?? "default"} style){with}")) return;

        Submit(request, origin?.Connection ?? CurrentConnection);
    }

    private protected override void End() => _progress.Complete(this);

    private protected override void Complete() => _output.Complete();

    private protected override void Tick() => _progress.Show(this, Work.RunningCount);

    private protected override FaceGenException DescribeFatal(FaceGenException fatal)
    {
        int pending = _generators.Keys.Select(Account.For).Distinct().Sum(account => account.Pending.Count);
        return pending == 0 ? fatal : new FaceGenException(fatal.Code,
            $"{fatal.Message} {pending} accepted {(pending == 1 ? "generation is" : "generations are")} not lost. "
            + "Run Get-FaceGenImage | Wait-FaceGenImage | Save-FaceGenOutput in this session to save the images.", fatal);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _output.ShowUnsaved();
    }

    private void Submit(Request request, Connection connection)
    {
        if (!_generators.TryGetValue(connection, out Generator? generator)) _generators.Add(connection, generator = new Generator(connection, Log));

        _output.AddAccount(connection);
        _progress.Total++;
        // The slot is used on another thread: while this thread waits for it, a cmdlet downstream may itself generate.
        Task<PreparedRequest> preparing = _submitter!.PrepareAsync(generator, connection, request);
        Work.Start(request, () => _submitter.GenerateAsync(generator, connection, request, preparing), result => Write(result.Generation, result.Uncertain));
        _preparing.Enqueue(preparing);
        // While requests wait for their slots, the face images of the next ones are uploaded.
        int waiting = NoUpload || request.FaceImage.Link is not null ? 1 : FaceUploads.MaxConcurrency;
        while (_preparing.Count >= waiting) Work.WaitFor(Task.WhenAny(_preparing.Dequeue()));
    }

    private void Write(Generation generation, FaceGenException? uncertain)
    {
        _output.Write(generation, CurrentConnection);
        if (uncertain is not null) Account.MarkAcknowledged(EngineServices.System, uncertain);
    }

    /// <summary>Gets the generation of an input, whose account pays unless -Connection is given.</summary>
    private Generation? OriginalGeneration => InputObject?.BaseObject switch
    {
        Generation generation => generation,
        BatchItem item => item.Generation ?? new Generation { Id = "", Account = item.Account, Request = item.Request },
        _ => DeserializedAttribute.FindGeneration(InputObject),
    };
}
