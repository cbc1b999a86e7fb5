using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Contract;

/// <summary>Checks the body of a submission against the contract.</summary>
internal static class GenerationRequestReader
{
    /// <returns>
    /// The request; null where a rule is broken, and then <paramref name="fields"/> holds the errors.
    /// </returns>
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
        // The service takes https alone; here a trial on one machine needs no certificate.
        bool isAllowed = Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
        return text is null || isAllowed ? text : fields.AddError(Field, "must be a valid HTTPS link");
    }
}
