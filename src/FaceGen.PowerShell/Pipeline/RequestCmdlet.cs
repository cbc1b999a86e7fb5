using System.Collections;
using System.Collections.ObjectModel;
using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.PowerShell.Parameters;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>
/// Base class of the cmdlets that read requests: each field of a request is a parameter. Its argument is a value or a script block.
/// PowerShell does not bind the properties of the input; <see cref="RequestRowReader"/> reads them, with all faults of a row in one error.
/// </summary>
public abstract class RequestCmdlet : FaceGenCmdlet
{
    /// <summary>The highest limit that a command can set for itself; the account's queue is the lower limit.</summary>
    private protected const int MaxThrottleLimit = 1000;

    private readonly Dictionary<RequestField, ScriptBlock> _scriptBlocks = [];

    /// <summary>
    /// <para type="description">The description of the image.</para>
    /// </summary>
    [Parameter]
    [RequestField("prompt")]
    [ValidateRequestField("prompt")]
    public virtual string? Prompt { get; set => field = Bind(value, RequestField.Prompt); }

    /// <summary><para type="description">The description of what the image must not show.</para></summary>
    [Parameter]
    [Alias("negative_prompt")]
    [RequestField("negative_prompt")]
    [ValidateRequestField("negative_prompt")]
    public string? NegativePrompt { get; set => field = Bind(value, RequestField.NegativePrompt); }

    /// <summary>
    /// <para type="description">The face image: a link, the path of a PNG, JPEG or WebP file of at most 5 MB, a file
    /// object, a saved image, the image's bytes, a data URI, or base64. A path is relative to the current location.</para>
    /// </summary>
    [Parameter]
    [Alias("face_image")]
    [FaceImageParameter]
    public virtual FaceImage? FaceImage { get; set => field = Bind(value, RequestField.FaceImage); }

    /// <summary>
    /// <para type="description">The width of the image in pixels, 1 to 512. The default is that of the face
    /// image.</para>
    /// </summary>
    [Parameter]
    [RequestField("width")]
    [ValidateRequestField("width")]
    public int? Width { get; set => field = Bind(value, RequestField.Width); }

    /// <summary>
    /// <para type="description">The height of the image in pixels, 1 to 768. The default is that of the face
    /// image.</para>
    /// </summary>
    [Parameter]
    [RequestField("height")]
    [ValidateRequestField("height")]
    public int? Height { get; set => field = Bind(value, RequestField.Height); }

    /// <summary><para type="description">The number of inference steps: 21, 31 or 41.</para></summary>
    [Parameter]
    [Alias("num_inference_steps")]
    [RequestField("num_inference_steps")]
    [ValidateRequestField("num_inference_steps")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public int? NumInferenceSteps { get; set => field = Bind(value, RequestField.NumInferenceSteps); }

    /// <summary><para type="description">How closely the image follows the prompt, 1 to 20.</para></summary>
    [Parameter]
    [Alias("guidance_scale")]
    [RequestField("guidance_scale")]
    [ValidateRequestField("guidance_scale")]
    public double? GuidanceScale { get; set => field = Bind(value, RequestField.GuidanceScale); }

    /// <summary>
    /// <para type="description">The weight of the face's structure, 0 to 2. The service's default is 1.</para>
    /// </summary>
    [Parameter]
    [Alias("s_scale")]
    [RequestField("s_scale")]
    [ValidateRequestField("s_scale")]
    public double? SScale { get; set => field = Bind(value, RequestField.SScale); }

    /// <summary><para type="description">The number of images, 1 or 2; each is paid for.</para></summary>
    [Parameter]
    [RequestField("samples")]
    [ValidateRequestField("samples")]
    public int? Samples { get; set => field = Bind(value, RequestField.Samples); }

    /// <summary>
    /// <para type="description">Whether the service alters images that are not safe for work: $true or $false.</para>
    /// </summary>
    [Parameter]
    [Alias("safety_checker")]
    [RequestField("safety_checker")]
    [ValidateRequestField("safety_checker")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public bool? SafetyChecker { get; set => field = Bind(value, RequestField.SafetyChecker); }

    /// <summary>
    /// <para type="description">How the service alters them: black, blur, sensitive_content_text or pixelate.</para>
    /// </summary>
    [Parameter]
    [Alias("safety_checker_type")]
    [RequestField("safety_checker_type")]
    [ValidateRequestField("safety_checker_type")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public string? SafetyCheckerType { get; set => field = Bind(value, RequestField.SafetyCheckerType); }

    /// <summary>
    /// <para type="description">Requests the images as base64 instead of links. -Base64:$false requests links.</para>
    /// </summary>
    [Parameter]
    [RequestField("base64", EmptyValue = false)]
    [ValidateRequestField("base64")]
    public SwitchParameter Base64 { get; set => field = Bind(value, RequestField.Base64); }

    /// <summary>
    /// <para type="description">The style: realistic (the service's default), comic, chibi, 3d or anime.</para>
    /// </summary>
    [Parameter]
    [RequestField("style")]
    [ValidateRequestField("style")]
    [ArgumentCompleter(typeof(ChoiceCompleter))]
    public string? Style { get; set => field = Bind(value, RequestField.Style); }

    /// <summary><para type="description">A whole number; the same seed gives the same image.</para></summary>
    [Parameter]
    [RequestField("seed")]
    [ValidateRequestField("seed")]
    public long? Seed { get; set => field = Bind(value, RequestField.Seed); }

    /// <summary><para type="description">An https address to which the service delivers the result.</para></summary>
    [Parameter]
    [RequestField("webhook")]
    [ValidateRequestField("webhook")]
    public Uri? Webhook { get; set => field = Bind(value, RequestField.Webhook); }

    /// <summary>
    /// <para type="description">A whole number or a text of your choice that the webhook delivery contains.</para>
    /// </summary>
    [Parameter]
    [Alias("track_id")]
    [RequestField("track_id")]
    [ValidateRequestField("track_id")]
    public string? TrackId { get; set => field = Bind(value, RequestField.TrackId); }

    /// <summary>
    /// <para type="description">Fields of the API that FaceGen does not know, with their values: texts, numbers, true or
    /// false, arrays or hashtables. They are sent as they are, and identify a request as its other fields do.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? AdditionalField { get; set; }

    /// <summary>Gets the values that were typed, for every request of the command.</summary>
    private protected CommandValues TypedValues { get; private set; } = CommandValues.None;

    /// <summary>Gets the first field that is a script block; null if none is.</summary>
    private protected RequestField? ScriptBlockField => _scriptBlocks.Keys.FirstOrDefault();

    /// <summary>Creates the error of a script block that has no rows to be evaluated for.</summary>
    private protected static FaceGenException CreateScriptBlockError(RequestField field, string reason) => new(ErrorCode.ParametersInvalid,
        $"-{field.ParameterName} is a script block, and {reason}. Nothing was sent. Give a value, or pipe the rows into the command, such as those of Import-Csv.");

    /// <summary>Reads the typed values, and checks a face image that is a file.</summary>
    private protected override void Begin()
    {
        if (ScriptBlockField is { } block && !MyInvocation.ExpectingInput) throw CreateScriptBlockError(block, "the command has no pipeline input to evaluate it for");

        var values = new Dictionary<RequestField, object?>();
        foreach (KeyValuePair<string, object> bound in MyInvocation.BoundParameters)
        {
            if (FieldNames.Find(bound.Key) is { } field && !_scriptBlocks.ContainsKey(field)) values[field] = bound.Value is SwitchParameter flag ? flag.ToBool() : bound.Value;
        }

        if (FaceImage is { } image) values[RequestField.FaceImage] = Work.WaitFor(Task.Run(() => FaceImageReader.Read(image, _ => image)));
        TypedValues = new CommandValues(values, AdditionalField is null ? RequestData.None<object?>() : RequestData.ReadAdditionalFields((IDictionary)RequestRowReader.ToPlain(AdditionalField)!));
    }

    /// <summary>
    /// Returns the values that the command gives for an input: those that were typed, and the results of script blocks, in which
    /// <c>$_</c> is the input. A result that is not valid is an error of the row that uses it.
    /// </summary>
    private protected CommandValues GetValues(object? input) => _scriptBlocks.Count == 0 ? TypedValues
        : TypedValues.With([.. _scriptBlocks.Select(pair => (pair.Key, Evaluate(pair.Key, pair.Value, input)))]);

    /// <summary>Returns the value of a parameter, right after its argument was converted, and keeps a script block that it is.</summary>
    private T Bind<T>(T value, RequestField field)
    {
        if (ScriptBlockArgument.Release(field) is { } block) _scriptBlocks[field] = block;
        return value;
    }

    private object? Evaluate(RequestField field, ScriptBlock block, object? input)
    {
        try
        {
            Collection<PSObject> output = block.InvokeWithContext(null, [new PSVariable("_", input)]);
            object? value = output.Count switch
            {
                0 => null,
                1 => RequestRowReader.Unwrap(output[0]),
                _ => output.Select(RequestRowReader.Unwrap).ToArray(),
            };
            return field.Kind != FieldKind.Image ? value
                : FaceImageReader.Read(value, text => FaceImage.Parse(text, path => Paths.Resolve(path, ErrorCode.FaceImageInvalid), isFileChecked: false));
        }
        catch (FaceGenException e)
        {
            return e;
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            return new FaceGenException(ErrorCode.RequestInvalid, $"The script block of -{field.ParameterName} failed: {DisplayText.Clean(e.Message, 300).TrimEnd('.')}. The row was not sent. Correct the script block or the row.", e);
        }
    }
}
