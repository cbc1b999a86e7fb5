using FaceGen.Contract;
namespace FaceGen;

/// <summary>
/// One request to the face generation API. Properties carry the API's own names; one that is null is not sent, so
/// that the service's default holds.
/// </summary>
public sealed record Request
{
    /// <summary>What the picture shows (<c>prompt</c>, required).</summary>
    public required string Prompt { get; init; }

    /// <summary>What to keep out of the picture (<c>negative_prompt</c>).</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>The face (<c>face_image</c>, required).</summary>
    public required FaceImage FaceImage { get; init; }

    /// <summary>The picture's width in pixels, 1 to 512; the face image's own unless given (<c>width</c>).</summary>
    public int? Width { get; init; }

    /// <summary>The picture's height in pixels, 1 to 768; the face image's own unless given (<c>height</c>).</summary>
    public int? Height { get; init; }

    /// <summary>How many steps the service takes: 21, 31 or 41 (<c>num_inference_steps</c>).</summary>
    public int? NumInferenceSteps { get; init; }

    /// <summary>How closely the prompt is followed, 1 to 20 (<c>guidance_scale</c>).</summary>
    public double? GuidanceScale { get; init; }

    /// <summary>The weight of the face's structure, 0 to 2; the service's default is 1 (<c>s_scale</c>).</summary>
    public double? SScale { get; init; }

    /// <summary>How many images come back, 1 or 2 (<c>samples</c>).</summary>
    public int? Samples { get; init; }

    /// <summary>Whether images that are not safe for work are altered (<c>safety_checker</c>).</summary>
    public bool? SafetyChecker { get; init; }

    /// <summary>How they are altered: <c>black</c>, <c>blur</c>, <c>sensitive_content_text</c> or <c>pixelate</c>
    /// (<c>safety_checker_type</c>).</summary>
    public string? SafetyCheckerType { get; init; }

    /// <summary>Whether the images come back as base64; the service's default is false (<c>base64</c>).</summary>
    public bool? Base64 { get; init; }

    /// <summary><c>realistic</c> (the service's default), <c>comic</c>, <c>chibi</c>, <c>3d</c> or <c>anime</c>
    /// (<c>style</c>).</summary>
    public string? Style { get; init; }

    /// <summary>The same seed gives the same image again (<c>seed</c>).</summary>
    public long? Seed { get; init; }

    /// <summary>The https address that the service calls with the result (<c>webhook</c>).</summary>
    public Uri? Webhook { get; init; }

    /// <summary>A number of the caller's that comes back in the webhook's call (<c>track_id</c>).</summary>
    public long? TrackId { get; init; }

    /// <summary>Where the request was read, if it came from a file; it is not sent.</summary>
    public RequestSource? Source { get; init; }

    /// <summary>The fields with their values, in the order of the API's reference.</summary>
    internal IReadOnlyList<(RequestField Field, object? Value)> Fields =>
    [
        (RequestField.Prompt, Prompt), (RequestField.NegativePrompt, NegativePrompt), (RequestField.FaceImage, FaceImage),
        (RequestField.Width, Width), (RequestField.Height, Height), (RequestField.NumInferenceSteps, NumInferenceSteps),
        (RequestField.GuidanceScale, GuidanceScale), (RequestField.SScale, SScale), (RequestField.Samples, Samples),
        (RequestField.SafetyChecker, SafetyChecker), (RequestField.SafetyCheckerType, SafetyCheckerType),
        (RequestField.Base64, Base64), (RequestField.Style, Style), (RequestField.Seed, Seed), (RequestField.Webhook, Webhook),
        (RequestField.TrackId, TrackId),
    ];

    /// <summary>How many images the request pays for.</summary>
    internal int ImageCount => Samples ?? 1;

    /// <summary>
    /// The request with its fields read again, as a script may have changed them since: what it wrote in other letters, or
    /// emptied, is what a parameter would be.
    /// </summary>
    /// <exception cref="FaceGenException">One of them has a value that the API does not allow.</exception>
    internal Request Validate()
    {
        foreach ((RequestField field, object? value) in Fields)
        {
            if (field != RequestField.FaceImage) field.Read(value);
        }

        if (FaceImage is null) throw RequestField.FaceImage.CreateMissingError();
        FaceImage.Validate();
        // Whatever is no text is read as it is.
        return this with
        {
            Prompt = (string)RequestField.Prompt.Require(Prompt),
            NegativePrompt = (string?)RequestField.NegativePrompt.Read(NegativePrompt),
            SafetyCheckerType = (string?)RequestField.SafetyCheckerType.Read(SafetyCheckerType),
            Style = (string?)RequestField.Style.Read(Style),
        };
    }

    /// <summary>The prompt, and where it was read.</summary>
    public override string ToString() => Source is null ? Prompt : $"{Prompt} ({Source})";
}
