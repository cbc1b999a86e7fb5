using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FaceGen.Contract;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Contract;

/// <summary>A valid generation request.</summary>
internal sealed class GenerationRequest(IReadOnlyDictionary<RequestField, object> values)
{
    internal string Prompt => (string)values[RequestField.Prompt];

    internal FaceReference Face => (FaceReference)values[RequestField.FaceImage];

    /// <summary>Gets the number of images: 1 unless the caller chose another, and always 1 of the largest size, as documented.</summary>
    internal int Samples => IsLargest ? 1 : (int)(Get<long?>(RequestField.Samples) ?? 1);

    private bool IsLargest => OutputSize.IsLargest(GenerationParameters.ResolveSize(this));

    /// <summary>True if it has the face image as base64, for which four published sources require <c>base64</c> to be true.</summary>
    internal bool LacksBase64 => Face.IsInline && Get<bool?>(RequestField.Base64) != true;

    /// <summary>Gets the canonical text of the request that <see cref="Journaling.Journal.AcceptedByRequest"/> describes.</summary>
    internal required string CanonicalText { get; init; }

    /// <summary>Returns the value of a field; null if the caller left it to the service.</summary>
    internal T? Get<T>(RequestField field) => values.TryGetValue(field, out object? value) ? (T)value : default;
}

/// <summary>Validates the body of a submission against the contract.</summary>
internal static class GenerationRequestReader
{
    /// <summary>Reads a submission.</summary>
    /// <returns>The request; null if a field is invalid, and then <paramref name="fields"/> has the errors.</returns>
    internal static GenerationRequest? Read(BodyReader fields, FaceReader faces)
    {
        var values = new Dictionary<RequestField, object>();
        foreach (RequestField field in Operation.FaceGen.Fields)
        {
            if (Read(fields, field, faces) is { } value)
                values[field] = value;
        }

        return fields.Errors.Count > 0 ? null : new GenerationRequest(values) { CanonicalText = CanonicalRequest.Write(fields.Body, (FaceReference)values[RequestField.FaceImage]) };
    }

    private static object? Read(BodyReader fields, RequestField field, FaceReader faces) => field.Kind switch
    {
        _ when field == RequestField.TrackId => fields.IntegerOrText(field.Name),
        FieldKind.Text => field.IsRequired ? fields.RequiredText(field.Name) : fields.Text(field.Name),
        FieldKind.Image => ReadFace(fields, faces),
        FieldKind.Integer when field.Choices.Count > 0 => ReadListed(fields, field),
        FieldKind.Integer => fields.Integer(field.Name, field.Minimum ?? long.MinValue, field.Maximum ?? long.MaxValue, nullable: field.Minimum is null),
        FieldKind.Number => fields.Number(field.Name, field.Minimum ?? double.MinValue, field.Maximum ?? double.MaxValue),
        FieldKind.Boolean => fields.Boolean(field.Name),
        FieldKind.Choice => fields.Choice(field.Name, field.Choices),
        FieldKind.Address => ReadAddress(fields, field.Name),
        _ => throw new InvalidOperationException($"The emulator does not read fields of the kind {field.Kind}."),
    };

    private static FaceReference? ReadFace(BodyReader fields, FaceReader faces)
    {
        const string Field = "face_image";
        if (fields.RequiredImage(Field) is not { } text)
            return null;

        FaceReference? face = faces.Read(text, out string? rule);
        if (rule is not null)
            fields.AddError(Field, rule);
        return face;
    }

    private static long? ReadListed(BodyReader fields, RequestField field)
    {
        long? number = fields.Integer(field.Name);
        if (number is null || field.Choices.Contains(number.Value.ToString(CultureInfo.InvariantCulture)))
            return number;
        fields.AddError(field.Name, $"must be one of: {string.Join(", ", field.Choices)}");
        return null;
    }

    private static string? ReadAddress(BodyReader fields, string name)
    {
        string? text = fields.Text(name, nullable: true);
        if (text == "null" && fields.Accept(name, "must be a link or null"))
            return null;
        // The service accepts https only. The emulator accepts http on this machine too, so that tests need no certificate.
        bool isAllowed = Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
        return text is null || isAllowed ? text : fields.AddError(name, "must be a valid HTTPS link");
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
