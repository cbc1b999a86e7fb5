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
/// <para type="description">A local face image of 32 KB or more that several requests use is uploaded once, and its
/// link is sent instead. In a pipeline the first face image is uploaded at once, any other when a second request uses
/// it, also one of a later command. If the service refuses the upload, the image is sent with each request.</para>
/// </summary>
[Cmdlet(VerbsCommon.New, "FaceGenImage", SupportsShouldProcess = true)]
[OutputType(typeof(Generation))]
public sealed class NewFaceGenImageCommand : GenerationCmdlet
{
    private readonly ProgressMeter _progress = new("Generating images");
    private readonly Dictionary<Connection, Generator> _generators = [];
    private PSObject? _inputObject;
    private IReadOnlyList<(RequestField Field, object? Value)> _typedValues = [];
    private readonly PipelineRowReader _rowReader;
    private RequestSubmitter? _submitter;
    private int _inputCount;
    private int _lastProcessedInput;

    /// <summary>Creates the cmdlet.</summary>
    public NewFaceGenImageCommand() => _rowReader = new PipelineRowReader(ResolveFacePath);

    /// <summary><para type="description">The description of the image.</para></summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [RequestField("prompt")]
    public string? Prompt { get; set; }

    /// <summary><para type="description">The description of what the image must not show.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("negative_prompt")]
    [RequestField("negative_prompt")]
    public string? NegativePrompt { get; set; }

    /// <summary>
    /// <para type="description">The face image: a link, the path of a PNG, JPEG or WebP file of at most 5 MB, a file
    /// object, a saved image, the image's bytes, a data URI, or base64.</para>
    /// </summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("face_image", "FullName")]
    public object? FaceImage { get; set; }

    /// <summary>
    /// <para type="description">The width of the image in pixels, 1 to 512. The default is that of the face
    /// image.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("width")]
    public int? Width { get; set; }

    /// <summary>
    /// <para type="description">The height of the image in pixels, 1 to 768. The default is that of the face
    /// image.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("height")]
    public int? Height { get; set; }

    /// <summary><para type="description">The number of inference steps: 21, 31 or 41.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("num_inference_steps")]
    [RequestField("num_inference_steps")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public int? NumInferenceSteps { get; set; }

    /// <summary><para type="description">How closely the image follows the prompt, 1 to 20.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("guidance_scale")]
    [RequestField("guidance_scale")]
    public double? GuidanceScale { get; set; }

    /// <summary>
    /// <para type="description">The weight of the face's structure, 0 to 2. The service's default is 1.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("s_scale")]
    [RequestField("s_scale")]
    public double? SScale { get; set; }

    /// <summary><para type="description">The number of images, 1 or 2; each is paid for.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("samples")]
    public int? Samples { get; set; }

    /// <summary>
    /// <para type="description">Whether the service alters images that are not safe for work: $true or $false.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("safety_checker")]
    [RequestField("safety_checker")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public bool? SafetyChecker { get; set; }

    /// <summary>
    /// <para type="description">How the service alters them: black, blur, sensitive_content_text or pixelate.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("safety_checker_type")]
    [RequestField("safety_checker_type")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public string? SafetyCheckerType { get; set; }

    /// <summary><para type="description">Requests the images as base64 instead of links.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("base64", EmptyValue = false)]
    public SwitchParameter Base64 { get; set; }

    /// <summary>
    /// <para type="description">The style: realistic (the service's default), comic, chibi, 3d or anime.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("style")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public string? Style { get; set; }

    /// <summary><para type="description">A whole number; the same seed gives the same image.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("seed")]
    public long? Seed { get; set; }

    /// <summary><para type="description">An https address to which the service delivers the result.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("webhook")]
    public Uri? Webhook { get; set; }

    /// <summary>
    /// <para type="description">A whole number of your choice that the webhook delivery contains.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("track_id")]
    [RequestField("track_id")]
    public long? TrackId { get; set; }

    /// <summary>
    /// <para type="description">What the pipeline brings: a request of Import-FaceGenRequest, a row of Import-Csv, a hashtable, a row
    /// of a batch, a sidecar read by ConvertFrom-Json, an image file, or a prompt.</para>
    /// </summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    [Deserialized]
    public PSObject? InputObject
    {
        get => _inputObject;
        set
        {
            // The engine sets it for every input, also for one whose other values it then refuses.
            if (value is not null) _inputCount++;
            _inputObject = value;
        }
    }

    /// <summary>
    /// <para type="description">The maximum number of slots that this command uses, 1 to 1000, within the limit of the
    /// account's queue. The default is the limit of the queue.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = 1000;

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
    /// <para type="description">Sends a local face image with each request instead of uploading it.</para>
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
    /// <para type="description">If the response to a submission was lost, emits a generation with the status Uncertain
    /// instead of an error.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter IncludeUncertain { get; set; }

    private protected override void Begin()
    {
        // Before the first input, only typed parameters are bound.
        _typedValues = [.. MyInvocation.BoundParameters
            .Select(bound => (Field: RequestField.Find(bound.Key), Value: (object?)bound.Value))
            .Where(bound => bound.Field is not null && bound.Value is not null).Select(bound => (bound.Field!, bound.Value))];
        var options = new GenerateOptions { Wait = !NoWait, Timeout = ToTimeout(TimeoutSec), RetryUncertain = RetryUncertain, UploadFace = !NoUpload };
        _submitter = new RequestSubmitter(options, IncludeUncertain, Log, StopToken);
    }

    private protected override void Process()
    {
        WarnOfRefusedInputs(_inputCount - 1);
        _lastProcessedInput = _inputCount;

        Request request;
        try
        {
            request = ToRequest();
        }
        catch (FaceGenException e)
        {
            ReportError(ErrorRecordFactory.WithRow(e, OriginalRequest?.Source ?? InputSource), InputObject);
            return;
        }

        Generation? origin = null;
        if (Connection is null && OriginalGeneration is { } original && (origin = WithConnection(original)) is null) return;

        string images = request.ImageCount == 1 ? "1 image" : $"{request.ImageCount} images";
        // -WhatIf needs no connection.
        string with = Describe(origin?.Connection ?? Connection ?? Connections.Current);
        if (!ShouldProcess(DisplayText.Clean(request.Prompt, 80), $"Generate {images} ({request.Style ?? "default"} style){with}")) return;

        Submit(request, origin?.Connection ?? CurrentConnection);
    }

    private protected override void End()
    {
        WarnOfRefusedInputs(_inputCount);
        _progress.Complete(this);
    }

    private protected override void Tick() => _progress.Show(this, Work.RunningCount);

    private protected override FaceGenException DescribeFatal(FaceGenException fatal)
    {
        int pending = _generators.Keys.Select(Account.For).Distinct().Sum(account => account.Pending.Count);
        return pending == 0 ? fatal : new FaceGenException(fatal.Code,
            $"{fatal.Message} {pending} accepted {(pending == 1 ? "generation is" : "generations are")} not lost. "
            + "Run Get-FaceGenImage | Wait-FaceGenImage | Save-FaceGenOutput in this session to save the images.", fatal);
    }

    private void Submit(Request request, Connection connection)
    {
        if (!_generators.TryGetValue(connection, out Generator? generator))
        {
            _generators.Add(connection, generator = new Generator(connection, Log));
            if (!NoUpload && MyInvocation.ExpectingInput) StartUpload(generator, request.FaceImage);
        }

        Work.Drain(ThrottleLimit - 1);
        _progress.Total++;
        // The slot is used on another thread: while this thread waits for it, a cmdlet downstream may itself generate.
        Task<Slots.Slot> slotTask = _submitter!.AcquireSlotAsync(generator, connection);
        Work.Start(request, () => _submitter.GenerateAsync(generator, connection, request, slotTask), result => Write(result.Generation, result.Uncertain));
        Work.WaitFor(Task.WhenAny(slotTask));
    }

    /// <summary>Warns of the inputs that PowerShell refused before the cmdlet got them: its error does not name the input.</summary>
    private void WarnOfRefusedInputs(int lastInput)
    {
        for (int input = _lastProcessedInput + 1; input <= lastInput; input++)
            WriteWarning($"Input {input} was skipped. Nothing was sent for it. The error before this warning names the invalid value.");
        _lastProcessedInput = Math.Max(_lastProcessedInput, lastInput);
    }

    /// <summary>Starts the upload of the first face image, which most pipelines share. An error appears when a request uses it.</summary>
    private void StartUpload(Generator generator, FaceImage face) => Work.WaitFor(Task.Run(() =>
    {
        generator.UploadFaceAsync(face, StopToken).ObserveException();
        return true;
    }));

    private void Write(Generation generation, FaceGenException? uncertain)
    {
        WriteGeneration(generation);
        if (uncertain is not null) Account.MarkAcknowledged(EngineServices.System, uncertain);
    }

    /// <summary>Gets the request of an input that is a request, a generation or a batch item.</summary>
    private Request? OriginalRequest => InputObject?.BaseObject switch
    {
        Request request => request,
        Generation generation => generation.Request,
        BatchItem item => item.Request,
        _ => null,
    };

    /// <summary>Gets the generation of an input, whose account pays unless -Connection is given.</summary>
    private Generation? OriginalGeneration => InputObject?.BaseObject switch
    {
        Generation generation => generation,
        BatchItem item => item.Generation ?? new Generation { Id = "", Account = item.Account, Request = item.Request },
        _ => null,
    };

    /// <summary>Gets the number of the input, for errors and file names; null without pipeline input.</summary>
    private RequestSource? InputSource => InputObject is null ? null : new RequestSource("", 0, _inputCount);

    /// <summary>Returns the request: bound parameters replace the values of the input.</summary>
    private Request ToRequest()
    {
        if (InputObject is not null && PipelineRowReader.RequiresReader(InputObject)) return ReadRow(InputObject);

        if (InputObject is not null) UnknownColumns.Warn(this, InputSource!, _rowReader.FindUnknownColumns(InputObject, IsBoundByName));
        object? input = InputObject?.BaseObject;
        Request? original = OriginalRequest;
        var request = new Request
        {
            Prompt = (string)RequestField.Prompt.Require(Prompt ?? original?.Prompt ?? input as string),
            NegativePrompt = NegativePrompt ?? original?.NegativePrompt,
            FaceImage = FaceImage is null && original is not null ? original.FaceImage : ToFaceImage(FaceImage ?? input as FileInfo),
            Width = Width ?? original?.Width,
            Height = Height ?? original?.Height,
            NumInferenceSteps = NumInferenceSteps ?? original?.NumInferenceSteps,
            GuidanceScale = GuidanceScale ?? original?.GuidanceScale,
            SScale = SScale ?? original?.SScale,
            Samples = Samples ?? original?.Samples,
            SafetyChecker = SafetyChecker ?? original?.SafetyChecker,
            SafetyCheckerType = SafetyCheckerType ?? original?.SafetyCheckerType,
            Base64 = Base64 ? true : original?.Base64,
            Style = Style ?? original?.Style,
            Seed = Seed ?? original?.Seed,
            Webhook = Webhook ?? original?.Webhook,
            TrackId = TrackId ?? original?.TrackId,
            Source = original?.Source ?? InputSource,
        };
        // Bound values are validated already; a script may have changed the object.
        return original is null ? request : request.Validate();
    }

    /// <summary>Returns the request of a hashtable, a row or a sidecar.</summary>
    private Request ReadRow(PSObject input)
    {
        RequestRow row = _rowReader.Read(input, _inputCount, _typedValues);
        UnknownColumns.Warn(this, row.Source, row.UnknownNames);
        // The inner exception does not name the row: the caller adds it.
        if (row.Request is null) throw (FaceGenException?)row.Error!.InnerException ?? row.Error;
        return row.Request;
    }

    /// <summary>True if PowerShell binds a property of this name to a parameter.</summary>
    private bool IsBoundByName(string name) => MyInvocation.MyCommand.Parameters.Values.Any(parameter =>
        parameter.Aliases.Prepend(parameter.Name).Contains(name, StringComparer.OrdinalIgnoreCase)
        && parameter.Attributes.OfType<ParameterAttribute>().Any(attribute => attribute.ValueFromPipelineByPropertyName));

    private FaceImage ToFaceImage(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        PSCustomObject when DeserializedAttribute.GetFaceText((PSObject)value!) is { } text => FaceGen.FaceImage.Parse(text, ResolveFacePath),
        FaceImage image => image,
        byte[] bytes => FaceGen.FaceImage.FromBytes(bytes),
        object[] numbers when LanguagePrimitives.TryConvertTo(numbers, out byte[] bytes) => FaceGen.FaceImage.FromBytes(bytes),
        FileInfo file => FaceGen.FaceImage.FromFile(file.FullName),
        SavedImage saved => FaceGen.FaceImage.FromFile(saved.FullName),
        PublishedFace published => FaceGen.FaceImage.Parse(published.FaceImage.AbsoluteUri, ResolveFacePath),
        Uri { IsAbsoluteUri: true } link => FaceGen.FaceImage.Parse(link.AbsoluteUri, ResolveFacePath),
        var other => FaceGen.FaceImage.Parse((string)RequestField.FaceImage.Require(other), ResolveFacePath),
    };

    private string ResolveFacePath(string path) => Paths.Resolve(path, ErrorCode.FaceImageInvalid);
}
