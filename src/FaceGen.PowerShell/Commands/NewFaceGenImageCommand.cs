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
public sealed class NewFaceGenImageCommand : ServiceCmdlet
{
    private readonly ProgressMeter _progress = new("Generating images");
    private readonly Dictionary<Connection, Generator> _generators = [];
    private PSObject? _inputObject;
    private IReadOnlyList<(RequestField Field, object? Value)> _typedValues = [];
    private readonly PipelineRowReader _rowReader;

    /// <summary>Counts the requests of this command that have a slot.</summary>
    private readonly WorkCounter _slotHolders = new();

    private int _inputCount;
    private int _lastProcessedInput;

    /// <summary>Knows the columns of rows that the pipeline brings.</summary>
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

    private protected override void Begin() =>
        // Before the first input, what is bound is what was typed.
        _typedValues = [.. MyInvocation.BoundParameters
            .Select(bound => (Field: RequestField.Find(bound.Key), Value: (object?)bound.Value))
            .Where(bound => bound.Field is not null && bound.Value is not null).Select(bound => (bound.Field!, bound.Value))];

    private protected override void Process()
    {
        WarnRefusedInputs(_inputCount - 1);
        _lastProcessedInput = _inputCount;

        Request request;
        try
        {
            request = ToRequest();
        }
        catch (FaceGenException e)
        {
            ReportError(WithRow(e, OriginalRequest?.Source ?? GetInputSource()), InputObject);
            return;
        }

        Generation? origin = null;
        if (ExplicitConnection is null && OriginalGeneration is { } given && (origin = WithConnection(given)) is null) return;

        string images = request.ImageCount == 1 ? "1 image" : $"{request.ImageCount} images";
        // Trying a command out needs no connection.
        string by = (origin?.Connection ?? ExplicitConnection ?? Connections.Current) is { } known ? $" at the connection {known.Description}" : "";
        if (!ShouldProcess(DisplayText.Clean(request.Prompt, 80), $"Generate {images} ({request.Style ?? "default"} style){by}")) return;

        Connection connection = origin?.Connection ?? CurrentConnection;
        if (!_generators.TryGetValue(connection, out Generator? generator))
        {
            _generators.Add(connection, generator = new Generator(connection, Log));
            if (!NoUpload && MyInvocation.ExpectingInput) BeginUpload(generator, request.FaceImage);
        }

        Drain(ThrottleLimit - 1);
        _progress.Total++;
        // What is written while this one waits for its place may itself generate, downstream: the place is used without this thread.
        Task<Slots.Slot> turn = AcquireSlotAsync(generator, connection, _slotHolders.WhenIdle);
        Start(request, () => GenerateAsync(generator, connection, request, turn), ended => WriteResult(ended.Generation, ended.Lost));
        WaitFor(Task.WhenAny(turn));
    }

    private protected override void End()
    {
        WarnRefusedInputs(_inputCount);
        _progress.Complete(this);
    }

    private protected override void Tick() => _progress.Show(this, RunningCount);

    /// <summary>What was accepted before is paid for, and the pipeline that was to save it ends here.</summary>
    private protected override FaceGenException WithPendingGenerations(FaceGenException fatal)
    {
        int open = _generators.Keys.Select(Account.For).Distinct().Sum(account => account.Pending.Count);
        return open == 0 ? fatal : new FaceGenException(fatal.Code,
            $"{fatal.Message} {open} {(open == 1 ? "generation that was" : "generations that were")} accepted before {(open == 1 ? "is" : "are")} not lost: "
            + "'Get-FaceGenImage | Wait-FaceGenImage | Save-FaceGenOutput' in this session brings in the images.", fatal);
    }

    /// <summary>PowerShell refuses a bad cell before the cmdlet sees its row, and does not say which row it was.</summary>
    private void WarnRefusedInputs(int lastInput)
    {
        for (int input = _lastProcessedInput + 1; input <= lastInput; input++)
            WriteWarning($"Input {input} was left out: the error before this line names its value.");
        _lastProcessedInput = Math.Max(_lastProcessedInput, lastInput);
    }

    /// <summary>
    /// Most pipelines have one face: its upload begins before there is a place for the first request. How it ends shows when
    /// the request is sent.
    /// </summary>
    private void BeginUpload(Generator generator, FaceImage face) => WaitFor(Task.Run(() =>
    {
        generator.UploadFaceAsync(face, StopToken).ObserveException();
        return true;
    }));

    /// <summary>
    /// Takes a place in the account's queue. While requests of this command are under way their ends free one; what only other
    /// commands' generations could free is not waited for without end.
    /// </summary>
    private async Task<Slots.Slot> AcquireSlotAsync(Generator generator, Connection connection, Task ownRequests)
    {
        using var unless = CancellationTokenSource.CreateLinkedTokenSource(StopToken);
        Task<Slots.Slot> turn = generator.AcquireSlotAsync(unless.Token);
        if (!turn.IsCompleted && await Task.WhenAny(turn, ownRequests).ConfigureAwait(false) != turn) await WaitForOtherCommandsAsync(turn, unless, connection).ConfigureAwait(false);
        Slots.Slot slot = await turn.ConfigureAwait(false);
        // Before this task ends: the next request asks then whether this one has a slot.
        _slotHolders.Increment();
        return slot;
    }

    /// <summary>Waits for a slot that only the end of another command's generation can free, up to the timeout.</summary>
    private async Task WaitForOtherCommandsAsync(Task<Slots.Slot> slotTask, CancellationTokenSource slotCancellation, Connection connection)
    {
        using var deadline = new Deadline(connection.Services.Time, ToTimeout(TimeoutSec), StopToken);
        using CancellationTokenRegistration end = deadline.Token.Register(slotCancellation.Cancel);
        Log.LogVerbose("Every place in the account's queue is taken by generations that were started before: waiting for one to end.");
        await deadline.EnforceAsync(slotTask, () => new FaceGenException(ErrorCode.ServiceBusy,
            $"Every place in the account's queue stayed taken for {TimeoutSec} seconds by generations that were started before. Nothing was sent.")).ConfigureAwait(false);
    }

    private async Task<(Generation Generation, FaceGenException? Lost)> GenerateAsync(
        Generator generator, Connection connection, Request request, Task<Slots.Slot> slotTask)
    {
        Slots.Slot slot = await slotTask.ConfigureAwait(false);
        try
        {
            return await GenerateAsync(generator, connection, request, slot).ConfigureAwait(false);
        }
        finally
        {
            _slotHolders.Decrement();
        }
    }

    private async Task<(Generation Generation, FaceGenException? Lost)> GenerateAsync(Generator generator, Connection connection, Request request, Slots.Slot slot)
    {
        var options = new GenerateOptions { Wait = !NoWait, Timeout = ToTimeout(TimeoutSec), RetryUncertain = RetryUncertain, UploadFace = !NoUpload };
        try
        {
            return (await generator.GenerateAsync(request, slot, options, StopToken).ConfigureAwait(false), null);
        }
        catch (FaceGenException e) when (IncludeUncertain && e.Code == ErrorCode.SubmissionUncertain)
        {
            return (new Generation
            {
                Id = "",
                Status = GenerationStatus.Uncertain,
                CreatedAt = connection.Services.Time.GetUtcNow(),
                Prompt = request.Prompt,
                Seed = request.Seed,
                TrackId = request.TrackId,
                Message = e.Message,
                Request = request,
                Connection = connection,
            }, e);
        }
    }

    private void WriteResult(Generation generation, FaceGenException? uncertain)
    {
        WriteGeneration(generation);
        if (uncertain is not null) Account.MarkAcknowledged(EngineServices.System, uncertain);
    }

    /// <summary>What was asked for where a request, a generation or a batch's row is piped back.</summary>
    private Request? OriginalRequest => InputObject?.BaseObject switch
    {
        Request request => request,
        Generation generation => generation.Request,
        BatchItem item => item.Request,
        _ => null,
    };

    /// <summary>The generation that the input is or belongs to: its account is the one that pays, unless a connection is named.</summary>
    private Generation? OriginalGeneration => InputObject?.BaseObject switch
    {
        Generation generation => generation,
        BatchItem item => item.Generation ?? new Generation { Id = "", Account = item.Account, Request = item.Request },
        _ => null,
    };

    /// <summary>The input's number, by which errors and file names call it; null for what was typed.</summary>
    private RequestSource? GetInputSource() => InputObject is null ? null : new RequestSource("", 0, _inputCount);

    /// <summary>What is given here, over what was asked for where a generation or a batch's row is piped back.</summary>
    private Request ToRequest()
    {
        if (InputObject is not null && PipelineRowReader.RequiresReader(InputObject)) return ReadRow(InputObject);

        if (InputObject is not null) WarnUnknownColumns(GetInputSource()!, _rowReader.FindUnknownColumns(InputObject, IsBoundByName));
        object? input = InputObject?.BaseObject;
        Request? before = OriginalRequest;
        var request = new Request
        {
            Prompt = (string)RequestField.Prompt.Require(Prompt ?? before?.Prompt ?? input as string),
            NegativePrompt = NegativePrompt ?? before?.NegativePrompt,
            FaceImage = FaceImage is null && before is not null ? before.FaceImage : ToFaceImage(FaceImage ?? input as FileInfo),
            Width = Width ?? before?.Width,
            Height = Height ?? before?.Height,
            NumInferenceSteps = NumInferenceSteps ?? before?.NumInferenceSteps,
            GuidanceScale = GuidanceScale ?? before?.GuidanceScale,
            SScale = SScale ?? before?.SScale,
            Samples = Samples ?? before?.Samples,
            SafetyChecker = SafetyChecker ?? before?.SafetyChecker,
            SafetyCheckerType = SafetyCheckerType ?? before?.SafetyCheckerType,
            Base64 = Base64 ? true : before?.Base64,
            Style = Style ?? before?.Style,
            Seed = Seed ?? before?.Seed,
            Webhook = Webhook ?? before?.Webhook,
            TrackId = TrackId ?? before?.TrackId,
            Source = before?.Source ?? GetInputSource(),
        };
        // What was bound is checked; what was an object in a script may have been changed there.
        return before is null ? request : request.Validate();
    }

    /// <summary>What a hashtable has, or a sidecar's image was asked for with, and its seed.</summary>
    private Request ReadRow(PSObject input)
    {
        RequestRow row = _rowReader.Read(input, _inputCount, _typedValues);
        WarnUnknownColumns(row.Source, row.UnknownNames);
        // The row's own message begins as every message here does.
        if (row.Request is null) throw (FaceGenException?)row.Error!.InnerException ?? row.Error;
        return row.Request;
    }

    /// <summary>Whether PowerShell gives a column of that name to a parameter.</summary>
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

    private string ResolveFacePath(string path) => ResolvePath(path, ErrorCode.FaceImageInvalid);
}
