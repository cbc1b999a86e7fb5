using System.Collections;
using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Parameters;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Base class of the cmdlets that read requests: each field of a request is a parameter.</summary>
public abstract class RequestCmdlet : FaceGenCmdlet
{
    private readonly object _outerBinding = InputBinding.BeginTyped();
    private bool _hasBegun;

    /// <summary>
    /// <para type="description">The description of the image. It is the default of rows without one, if the command reads
    /// files.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("prompt")]
    [ValidateRequestField("prompt")]
    public virtual string? Prompt { get; set; }

    /// <summary><para type="description">The description of what the image must not show.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("negative_prompt")]
    [RequestField("negative_prompt")]
    [ValidateRequestField("negative_prompt")]
    public string? NegativePrompt { get; set; }

    /// <summary>
    /// <para type="description">The face image: a link, the path of a PNG, JPEG or WebP file of at most 5 MB, a file
    /// object, a saved image, the image's bytes, a data URI, or base64. A path is relative to the current location.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("face_image")]
    [FaceImageParameter]
    public virtual FaceImage? FaceImage { get; set; }

    /// <summary>
    /// <para type="description">The width of the image in pixels, 1 to 512. The default is that of the face
    /// image.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("width")]
    [ValidateRequestField("width")]
    public int? Width { get; set; }

    /// <summary>
    /// <para type="description">The height of the image in pixels, 1 to 768. The default is that of the face
    /// image.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("height")]
    [ValidateRequestField("height")]
    public int? Height { get; set; }

    /// <summary><para type="description">The number of inference steps: 21, 31 or 41.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("num_inference_steps")]
    [RequestField("num_inference_steps")]
    [ValidateRequestField("num_inference_steps")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public int? NumInferenceSteps { get; set; }

    /// <summary><para type="description">How closely the image follows the prompt, 1 to 20.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("guidance_scale")]
    [RequestField("guidance_scale")]
    [ValidateRequestField("guidance_scale")]
    public double? GuidanceScale { get; set; }

    /// <summary>
    /// <para type="description">The weight of the face's structure, 0 to 2. The service's default is 1.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("s_scale")]
    [RequestField("s_scale")]
    [ValidateRequestField("s_scale")]
    public double? SScale { get; set; }

    /// <summary><para type="description">The number of images, 1 or 2; each is paid for.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("samples")]
    [ValidateRequestField("samples")]
    public int? Samples { get; set; }

    /// <summary>
    /// <para type="description">Whether the service alters images that are not safe for work: $true or $false.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("safety_checker")]
    [RequestField("safety_checker")]
    [ValidateRequestField("safety_checker")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public bool? SafetyChecker { get; set; }

    /// <summary>
    /// <para type="description">How the service alters them: black, blur, sensitive_content_text or pixelate.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("safety_checker_type")]
    [RequestField("safety_checker_type")]
    [ValidateRequestField("safety_checker_type")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public string? SafetyCheckerType { get; set; }

    /// <summary>
    /// <para type="description">Requests the images as base64 instead of links. -Base64:$false requests links.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("base64", EmptyValue = false)]
    [ValidateRequestField("base64")]
    public SwitchParameter Base64 { get; set; }

    /// <summary>
    /// <para type="description">The style: realistic (the service's default), comic, chibi, 3d or anime.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("style")]
    [ValidateRequestField("style")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public string? Style { get; set; }

    /// <summary><para type="description">A whole number; the same seed gives the same image.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("seed")]
    [ValidateRequestField("seed")]
    public long? Seed { get; set; }

    /// <summary><para type="description">An https address to which the service delivers the result.</para></summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [RequestField("webhook")]
    [ValidateRequestField("webhook")]
    public Uri? Webhook { get; set; }

    /// <summary>
    /// <para type="description">A whole number of your choice that the webhook delivery contains.</para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("track_id")]
    [RequestField("track_id")]
    [ValidateRequestField("track_id")]
    public long? TrackId { get; set; }

    /// <summary>
    /// <para type="description">Fields of the API that FaceGen does not know, with their values: texts, numbers, true or
    /// false, arrays or hashtables. They are sent as they are, and identify a request as its other fields do.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? AdditionalField { get; set; }

    /// <summary>Gets the values that were typed, for every request of the command.</summary>
    private protected CommandValues TypedValues { get; private set; } = CommandValues.None;

    /// <summary>Reads the typed values, and checks a face image that is a file.</summary>
    private protected override void Begin()
    {
        _hasBegun = true;
        var values = new Dictionary<RequestField, object?>();
        // Before the first input, only typed parameters are bound.
        foreach (KeyValuePair<string, object> bound in MyInvocation.BoundParameters)
        {
            if (FieldNames.Find(bound.Key) is { } field) values[field] = bound.Value is SwitchParameter flag ? flag.ToBool() : bound.Value;
        }

        if (FaceImage is { } image) values[RequestField.FaceImage] = Work.WaitFor(Task.Run(() => FaceImageReader.Read(image, _ => image)));
        TypedValues = new CommandValues(values, AdditionalField is null ? RequestData.None<object?>() : RequestData.ReadAdditionalFields((IDictionary)RequestRowReader.ToPlain(AdditionalField)!));
    }

    /// <summary>Returns the values that the command gives for the current input: those that were typed, and the results of script blocks.</summary>
    private protected CommandValues TakeInputValues() => TypedValues.With(InputBinding.Take());

    private protected override void OnStepEnded() => InputBinding.BeginInput();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_hasBegun) InputBinding.Restore(_outerBinding);
        base.Dispose(disposing);
    }
}
