using System.Globalization;

namespace FaceGen.Contract;

/// <summary>Specifies the type of a field's value.</summary>
internal enum FieldKind
{
    /// <summary>A free text.</summary>
    Text,

    /// <summary>An image: a link, or the bytes as base64.</summary>
    Image,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>One of the words that the API lists.</summary>
    Choice,

    /// <summary>An https address.</summary>
    Address,

    /// <summary>A whole number or a text that the caller chooses. A number is sent as a number.</summary>
    Identifier,
}

/// <summary>
/// Defines a field of a request: its names and what the API allows. Everything that reads, compares, writes or describes requests
/// iterates over these definitions, also the emulator, which compiles this file. Source: the published contract of
/// <c>POST /image_editing/face_gen</c>.
/// </summary>
internal sealed class RequestField
{
    private static readonly List<RequestField> Defined = [];

    private RequestField(string name, FieldKind kind)
    {
        Name = name;
        Kind = kind;
        ParameterName = CultureInfo.InvariantCulture.TextInfo.ToTitleCase(name.Replace('_', ' ')).Replace(" ", "");
        Index = Defined.Count;
        Defined.Add(this);
    }

    // In the order of the API's reference.
    internal static readonly RequestField Prompt = new("prompt", FieldKind.Text) { IsRequired = true };
    internal static readonly RequestField NegativePrompt = new("negative_prompt", FieldKind.Text);
    internal static readonly RequestField FaceImage = new("face_image", FieldKind.Image) { IsRequired = true };
    internal static readonly RequestField Width = new("width", FieldKind.Integer) { Minimum = 1, Maximum = 512, Default = "the face image's" };
    internal static readonly RequestField Height = new("height", FieldKind.Integer) { Minimum = 1, Maximum = 768, Default = "the face image's" };
    internal static readonly RequestField NumInferenceSteps = new("num_inference_steps", FieldKind.Integer) { Choices = ["21", "31", "41"] };
    internal static readonly RequestField GuidanceScale = new("guidance_scale", FieldKind.Number) { Minimum = 1, Maximum = 20 };
    internal static readonly RequestField SScale = new("s_scale", FieldKind.Number) { Minimum = 0, Maximum = 2, Default = "1" };
    internal static readonly RequestField Samples = new("samples", FieldKind.Integer) { Minimum = 1, Maximum = 2, Default = "1" };
    internal static readonly RequestField SafetyChecker = new("safety_checker", FieldKind.Boolean);
    internal static readonly RequestField SafetyCheckerType = new("safety_checker_type", FieldKind.Choice) { Choices = ["black", "blur", "sensitive_content_text", "pixelate"] };
    internal static readonly RequestField Base64 = new("base64", FieldKind.Boolean) { Default = "false" };
    internal static readonly RequestField Style = new("style", FieldKind.Choice) { Choices = ["realistic", "comic", "chibi", "3d", "anime"], Default = "realistic" };
    internal static readonly RequestField Seed = new("seed", FieldKind.Integer);
    internal static readonly RequestField Webhook = new("webhook", FieldKind.Address) { IsPrivate = true };
    internal static readonly RequestField TrackId = new("track_id", FieldKind.Identifier);

    /// <summary>Gets all fields, in the order of the API's reference.</summary>
    internal static IReadOnlyList<RequestField> All => Defined;

    /// <summary>Gets the API's name, such as <c>num_inference_steps</c>.</summary>
    internal string Name { get; }

    /// <summary>Gets the name of the parameter and of the property of <c>Request</c>, such as <c>NumInferenceSteps</c>.</summary>
    internal string ParameterName { get; }

    /// <summary>Gets the type of the value.</summary>
    internal FieldKind Kind { get; }

    /// <summary>Gets the number of the field in <see cref="All"/>.</summary>
    internal int Index { get; }

    /// <summary>Gets the minimum of a number; null if the API documents none.</summary>
    internal int? Minimum { get; private init; }

    /// <summary>Gets the maximum of a number; null if the API documents none.</summary>
    internal int? Maximum { get; private init; }

    /// <summary>Gets the allowed values, as text; empty if the API does not list them.</summary>
    internal IReadOnlyList<string> Choices { get; private init; } = [];

    /// <summary>Gets the documented value of the service if the field is not sent; null if none is documented.</summary>
    internal string? Default { get; private init; }

    /// <summary>True if a request without the field is invalid.</summary>
    internal bool IsRequired { get; private init; }

    /// <summary>
    /// True if the value is a secret address to which the service delivers the result: it does not identify a request, and reports
    /// and image files do not contain it.
    /// </summary>
    internal bool IsPrivate { get; private init; }

    /// <summary>Gets what the API allows, as a phrase that follows "must be".</summary>
    internal string Allowed => Kind switch
    {
        _ when Choices.Count > 0 => $"{string.Join(", ", Choices.Take(Choices.Count - 1))} or {Choices[Choices.Count - 1]}",
        _ when Minimum is not null => $"{Minimum} to {Maximum}",
        FieldKind.Text => IsRequired ? "a text that is not empty" : "a text",
        FieldKind.Image => "a link, a file or base64",
        FieldKind.Integer => "a whole number",
        FieldKind.Boolean => "true or false",
        FieldKind.Address => "an https address",
        FieldKind.Identifier => "a whole number or a text",
        _ => "a number",
    };
}
