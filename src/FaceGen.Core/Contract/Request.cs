using FaceGen.Contract;

namespace FaceGen;

/// <summary>
/// Represents a request to the face generation API. Properties have the API's names. A property that is null is not sent, so the
/// service uses its default.
/// </summary>
public sealed record Request
{
    private static readonly Request Empty = new() { Prompt = "", FaceImage = null! };

    private FieldValues _values = FieldValues.Empty;

    /// <summary>Gets the description of the image (<c>prompt</c>, required).</summary>
    public required string Prompt { get => Get<string>(RequestField.Prompt)!; init => Set(RequestField.Prompt, value); }

    /// <summary>Gets the description of what the image must not show (<c>negative_prompt</c>).</summary>
    public string? NegativePrompt { get => Get<string>(RequestField.NegativePrompt); init => Set(RequestField.NegativePrompt, value); }

    /// <summary>Gets the face image (<c>face_image</c>, required).</summary>
    public required FaceImage FaceImage { get => Get<FaceImage>(RequestField.FaceImage)!; init => Set(RequestField.FaceImage, value); }

    /// <summary>Gets the image's width in pixels, 1 to 512; the default is the face image's width (<c>width</c>).</summary>
    public int? Width { get => Get<int?>(RequestField.Width); init => Set(RequestField.Width, value); }

    /// <summary>Gets the image's height in pixels, 1 to 768; the default is the face image's height (<c>height</c>).</summary>
    public int? Height { get => Get<int?>(RequestField.Height); init => Set(RequestField.Height, value); }

    /// <summary>Gets the number of inference steps: 21, 31 or 41 (<c>num_inference_steps</c>).</summary>
    public int? NumInferenceSteps { get => Get<int?>(RequestField.NumInferenceSteps); init => Set(RequestField.NumInferenceSteps, value); }

    /// <summary>Gets how closely the image follows the prompt, 1 to 20 (<c>guidance_scale</c>).</summary>
    public double? GuidanceScale { get => Get<double?>(RequestField.GuidanceScale); init => Set(RequestField.GuidanceScale, value); }

    /// <summary>Gets the weight of the face's structure, 0 to 2; the default is 1 (<c>s_scale</c>).</summary>
    public double? SScale { get => Get<double?>(RequestField.SScale); init => Set(RequestField.SScale, value); }

    /// <summary>Gets the number of images, 1 or 2 (<c>samples</c>).</summary>
    public int? Samples { get => Get<int?>(RequestField.Samples); init => Set(RequestField.Samples, value); }

    /// <summary>True if images that are not safe for work are altered (<c>safety_checker</c>).</summary>
    public bool? SafetyChecker { get => Get<bool?>(RequestField.SafetyChecker); init => Set(RequestField.SafetyChecker, value); }

    /// <summary>Gets how such images are altered: <c>black</c>, <c>blur</c>, <c>sensitive_content_text</c> or <c>pixelate</c>
    /// (<c>safety_checker_type</c>).</summary>
    public string? SafetyCheckerType { get => Get<string>(RequestField.SafetyCheckerType); init => Set(RequestField.SafetyCheckerType, value); }

    /// <summary>True if the images are returned as base64; the default is false (<c>base64</c>).</summary>
    public bool? Base64 { get => Get<bool?>(RequestField.Base64); init => Set(RequestField.Base64, value); }

    /// <summary>Gets the style: <c>realistic</c> (the default), <c>comic</c>, <c>chibi</c>, <c>3d</c> or <c>anime</c>
    /// (<c>style</c>).</summary>
    public string? Style { get => Get<string>(RequestField.Style); init => Set(RequestField.Style, value); }

    /// <summary>Gets the seed; the same seed generates the same image again (<c>seed</c>).</summary>
    public long? Seed { get => Get<long?>(RequestField.Seed); init => Set(RequestField.Seed, value); }

    /// <summary>Gets the https address to which the service sends a webhook delivery with the result (<c>webhook</c>).</summary>
    public Uri? Webhook { get => Get<Uri>(RequestField.Webhook); init => Set(RequestField.Webhook, value); }

    /// <summary>Gets the number or text of the caller that the webhook delivery repeats; a number is sent as a number (<c>track_id</c>).</summary>
    public string? TrackId { get => Get<string>(RequestField.TrackId); init => Set(RequestField.TrackId, value); }

    /// <summary>Gets fields of the API that FaceGen does not know, by their names. They are sent as they are.</summary>
    public IReadOnlyDictionary<string, object?> AdditionalFields { get; init; } = RequestData.None<object?>();

    /// <summary>
    /// Gets the columns of the row that are not fields of the API, such as an account name. They are not sent, and do not identify
    /// the request; file names, sidecars and reports can contain them.
    /// </summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = RequestData.None<string>();

    /// <summary>Gets where the request was read, if it is from a file or the pipeline. It is not sent.</summary>
    public RequestSource? Source { get; init; }

    /// <summary>Gets the value of a field; null if it is not given.</summary>
    internal object? this[RequestField field] => _values[field];

    /// <summary>Gets the fields with their values, in the order of the API's reference.</summary>
    internal IEnumerable<(RequestField Field, object? Value)> Fields => RequestField.All.Select(defined => (defined, _values[defined]));

    /// <summary>Gets the number of images that the request asks for.</summary>
    internal int ImageCount => Samples ?? 1;

    /// <summary>True if the documentation says that one image comes, whatever <c>samples</c> is: for the largest size (Q41).</summary>
    internal bool MayReturnFewerImages => ImageCount > 1 && Width == RequestField.Width.Maximum && Height == RequestField.Height.Maximum;

    /// <summary>True if the face image gives a side of the images, which decides how many come.</summary>
    internal bool NeedsFaceSize => ImageCount > 1 && (Width is null || Height is null);

    /// <summary>True if one image comes, also because the face image is as large.</summary>
    internal bool MayReturnFewerImagesOf(int faceWidth, int faceHeight) =>
        ImageCount > 1 && OutputSize.IsLargest(OutputSize.Resolve(Width, Height, faceWidth, faceHeight));

    /// <summary>Creates a request, in which each required field has a value.</summary>
    internal static Request Create(FieldValues values) => Empty with { _values = values };

    /// <summary>Returns the request with other values of its fields.</summary>
    /// <param name="change">Returns the new value of a field.</param>
    internal Request WithFields(Func<RequestField, object?, object?> change) => this with { _values = FieldValues.Create(field => change(field, _values[field])) };

    /// <summary>Returns the prompt and the source.</summary>
    public override string ToString() => Source is null ? Prompt : $"{Prompt} ({Source})";

    private T? Get<T>(RequestField field) => (T?)_values[field];

    private void Set(RequestField field, object? value) => _values = _values.With(field, value);
}
