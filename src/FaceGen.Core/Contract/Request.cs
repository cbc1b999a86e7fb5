using System.Diagnostics.CodeAnalysis;
using FaceGen.Contract;

namespace FaceGen;

/// <summary>
/// Represents a request to the face generation API. Properties have the API's names. A property that is null is not sent, so the
/// service uses its default.
/// </summary>
public sealed record Request
{
    /// <summary>Gets the description of the image (<c>prompt</c>, required).</summary>
    public required string Prompt { get; init; }

    /// <summary>Gets the description of what the image must not show (<c>negative_prompt</c>).</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>Gets the face image (<c>face_image</c>, required).</summary>
    public required FaceImage FaceImage { get; init; }

    /// <summary>Gets the image's width in pixels, 1 to 512; the default is the face image's width (<c>width</c>).</summary>
    public int? Width { get; init; }

    /// <summary>Gets the image's height in pixels, 1 to 768; the default is the face image's height (<c>height</c>).</summary>
    public int? Height { get; init; }

    /// <summary>Gets the number of inference steps: 21, 31 or 41 (<c>num_inference_steps</c>).</summary>
    public int? NumInferenceSteps { get; init; }

    /// <summary>Gets how closely the image follows the prompt, 1 to 20 (<c>guidance_scale</c>).</summary>
    public double? GuidanceScale { get; init; }

    /// <summary>Gets the weight of the face's structure, 0 to 2; the default is 1 (<c>s_scale</c>).</summary>
    public double? SScale { get; init; }

    /// <summary>Gets the number of images, 1 or 2 (<c>samples</c>).</summary>
    public int? Samples { get; init; }

    /// <summary>Gets whether images that are not safe for work are altered (<c>safety_checker</c>).</summary>
    public bool? SafetyChecker { get; init; }

    /// <summary>Gets how such images are altered: <c>black</c>, <c>blur</c>, <c>sensitive_content_text</c> or <c>pixelate</c>
    /// (<c>safety_checker_type</c>).</summary>
    public string? SafetyCheckerType { get; init; }

    /// <summary>Gets whether the images are returned as base64; the default is false (<c>base64</c>).</summary>
    public bool? Base64 { get; init; }

    /// <summary>Gets the style: <c>realistic</c> (the default), <c>comic</c>, <c>chibi</c>, <c>3d</c> or <c>anime</c>
    /// (<c>style</c>).</summary>
    public string? Style { get; init; }

    /// <summary>Gets the seed; the same seed generates the same image again (<c>seed</c>).</summary>
    public long? Seed { get; init; }

    /// <summary>Gets the https address to which the service sends a webhook delivery with the result (<c>webhook</c>).</summary>
    public Uri? Webhook { get; init; }

    /// <summary>Gets the caller's number that the webhook delivery repeats (<c>track_id</c>).</summary>
    public long? TrackId { get; init; }

    /// <summary>Gets where the request was read, if it is from a file or the pipeline. It is not sent.</summary>
    public RequestSource? Source { get; init; }

    /// <summary>Gets the fields with their values, in the order of the API's reference.</summary>
    internal IReadOnlyList<(RequestField Field, object? Value)> Fields =>
    [
        (RequestField.Prompt, Prompt), (RequestField.NegativePrompt, NegativePrompt), (RequestField.FaceImage, FaceImage),
        (RequestField.Width, Width), (RequestField.Height, Height), (RequestField.NumInferenceSteps, NumInferenceSteps),
        (RequestField.GuidanceScale, GuidanceScale), (RequestField.SScale, SScale), (RequestField.Samples, Samples),
        (RequestField.SafetyChecker, SafetyChecker), (RequestField.SafetyCheckerType, SafetyCheckerType),
        (RequestField.Base64, Base64), (RequestField.Style, Style), (RequestField.Seed, Seed), (RequestField.Webhook, Webhook),
        (RequestField.TrackId, TrackId),
    ];

    /// <summary>Gets the number of images that the request generates and pays for.</summary>
    internal int ImageCount => Samples ?? 1;

    /// <summary>
    /// Returns the request with validated and normalized fields, because a script may have changed them since they were read.
    /// </summary>
    /// <exception cref="FaceGenException">A field has a value that the API does not allow.</exception>
    internal Request Validate()
    {
        foreach ((RequestField field, object? value) in Fields)
        {
            if (field != RequestField.FaceImage) field.Read(value);
        }

        if (FaceImage is null) throw RequestField.FaceImage.CreateMissingError();
        FaceImage.Validate();
        // Only texts are normalized.
        return this with
        {
            Prompt = (string)RequestField.Prompt.Require(Prompt),
            NegativePrompt = (string?)RequestField.NegativePrompt.Read(NegativePrompt),
            SafetyCheckerType = (string?)RequestField.SafetyCheckerType.Read(SafetyCheckerType),
            Style = (string?)RequestField.Style.Read(Style),
        };
    }

    /// <summary>Returns the prompt and the source.</summary>
    public override string ToString() => Source is null ? Prompt : $"{Prompt} ({Source})";
}

/// <summary>Represents where a request was read: a file and the line where it starts, or the pipeline.</summary>
/// <param name="File">The file's full path; empty for the pipeline.</param>
/// <param name="Line">The line, starting at 1; 0 for the pipeline.</param>
/// <param name="Row">The number of the request in the file or pipeline, starting at 1.</param>
[SuppressMessage("Design", "CA1036", Justification = "Sources are sorted; no code compares them with operators.")]
public sealed record RequestSource(string File, int Line, int Row) : IComparable
{
    /// <summary>Compares by file, then by row, so that <c>Sort-Object Source</c> restores the order of the input.</summary>
    public int CompareTo(object? obj)
    {
        if (obj is not RequestSource other) return 1;

        int byFile = string.CompareOrdinal(File, other.File);
        return byFile != 0 ? byFile : Row.CompareTo(other.Row);
    }

    /// <summary>Returns the file's name and the line, such as <c>people.csv:7</c>, or the pipeline input, such as <c>Input 7</c>.</summary>
    public override string ToString() => File.Length == 0 ? $"Input {Row}" : $"{DisplayText.GetFileName(File)}:{Line}";
}
