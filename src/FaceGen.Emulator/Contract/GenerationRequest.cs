using System.Text.Json;
using System.Text.Json.Nodes;
using FaceGen.Contract;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Contract;

/// <summary>A valid generation request. A property is null where the caller left the choice to the service.</summary>
internal sealed record GenerationRequest
{
    internal required string Prompt { get; init; }
    internal string? NegativePrompt { get; init; }
    internal required FaceReference Face { get; init; }
    internal int? Width { get; init; }
    internal int? Height { get; init; }
    internal int? NumInferenceSteps { get; init; }
    internal double? GuidanceScale { get; init; }
    internal double? SScale { get; init; }
    internal int? Samples { get; init; }
    internal bool? SafetyChecker { get; init; }
    internal string? SafetyCheckerType { get; init; }
    internal bool? Base64 { get; init; }
    internal string? Style { get; init; }
    internal long? Seed { get; init; }
    internal string? Webhook { get; init; }
    internal long? TrackId { get; init; }

    /// <summary>Gets the canonical text of the request that <see cref="Journaling.Journal.AcceptedByRequest"/> describes.</summary>
    internal required string CanonicalText { get; init; }
}

/// <summary>Validates the body of a submission against the contract.</summary>
internal static class GenerationRequestReader
{
    /// <summary>Reads a submission.</summary>
    /// <returns>The request; null if a field is invalid, and then <paramref name="fields"/> has the errors.</returns>
    internal static GenerationRequest? Read(JsonElement body, FaceReader faces, out FieldReader fields)
    {
        fields = new FieldReader(body);

        string? prompt = fields.RequiredText("prompt");
        FaceReference? face = ReadFace(fields, faces);
        var optional = new
        {
            NegativePrompt = fields.Text("negative_prompt"),
            Width = fields.Integer("width", Limits.MinDimension, Limits.MaxWidth),
            Height = fields.Integer("height", Limits.MinDimension, Limits.MaxHeight),
            Steps = ReadSteps(fields),
            GuidanceScale = fields.Number("guidance_scale", Limits.MinGuidanceScale, Limits.MaxGuidanceScale),
            SScale = fields.Number("s_scale", Limits.MinSScale, Limits.MaxSScale),
            Samples = fields.Integer("samples", Limits.MinSamples, Limits.MaxSamples),
            SafetyChecker = fields.Boolean("safety_checker"),
            SafetyCheckerType = fields.Choice("safety_checker_type", Limits.SafetyCheckerTypes),
            Base64 = fields.Boolean("base64"),
            Style = fields.Choice("style", Limits.Styles),
            Seed = fields.Integer("seed", nullable: true),
            Webhook = ReadWebhook(fields),
            TrackId = fields.Integer("track_id", nullable: true),
        };
        if (prompt is null || face is null || fields.Errors.HasErrors)
            return null;

        return new GenerationRequest
        {
            Prompt = prompt,
            NegativePrompt = optional.NegativePrompt,
            Face = face,
            Width = (int?)optional.Width,
            Height = (int?)optional.Height,
            NumInferenceSteps = (int?)optional.Steps,
            GuidanceScale = optional.GuidanceScale,
            SScale = optional.SScale,
            Samples = (int?)optional.Samples,
            SafetyChecker = optional.SafetyChecker,
            SafetyCheckerType = optional.SafetyCheckerType,
            Base64 = optional.Base64,
            Style = optional.Style,
            Seed = optional.Seed,
            Webhook = optional.Webhook,
            TrackId = optional.TrackId,
            CanonicalText = CanonicalRequest.Write(body, face),
        };
    }

    private static FaceReference? ReadFace(FieldReader fields, FaceReader faces)
    {
        const string Field = "face_image";
        if (fields.RequiredText(Field) is not { } text)
            return null;

        FaceReference? face = faces.Read(text, out string? rule);
        if (rule is not null)
            fields.AddError(Field, rule);
        return face;
    }

    private static long? ReadSteps(FieldReader fields)
    {
        const string Field = "num_inference_steps";
        long? steps = fields.Integer(Field);
        if (steps is null || Limits.NumInferenceSteps.Any(allowed => allowed == steps))
            return steps;
        fields.AddError(Field, $"must be one of: {string.Join(", ", Limits.NumInferenceSteps)}");
        return null;
    }

    private static string? ReadWebhook(FieldReader fields)
    {
        const string Field = "webhook";
        string? text = fields.Text(Field, nullable: true);
        // The service accepts https only. The emulator accepts http on this machine too, so that tests need no certificate.
        bool isAllowed = Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
        return text is null || isAllowed ? text : fields.AddError(Field, "must be a valid HTTPS link");
    }
}

/// <summary>Writes a request so that two bodies that ask for the same become the same text.</summary>
internal static class CanonicalRequest
{
    /// <summary>Fields that do not affect the picture.</summary>
    private static readonly string[] ExcludedFields = ["key", "webhook", "track_id"];

    internal static string Write(JsonElement body, FaceReference face)
    {
        var canonical = new JsonObject();
        foreach (JsonProperty field in body.EnumerateObject().OrderBy(static given => given.Name, StringComparer.Ordinal))
        {
            if (ExcludedFields.Contains(field.Name) || field.Value.ValueKind == JsonValueKind.Null)
                continue;
            canonical[field.Name] = field.NameEquals("face_image")
                ? face.Identity
                : JsonNode.Parse(field.Value.GetRawText());
        }

        return canonical.ToJsonString();
    }
}
