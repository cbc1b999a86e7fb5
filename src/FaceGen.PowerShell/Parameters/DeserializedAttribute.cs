using System.Globalization;
using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Converts deserialized objects (from Export-Clixml, a job or a remote session) back: generations, requests, and batch items
/// to their requests.
/// </summary>
internal sealed class DeserializedAttribute : ElementTransformationAttribute
{
    /// <summary>Returns the link or path of an object with the properties of a face image or a file; null if it has none.</summary>
    internal static string? GetFaceText(PSObject deserialized) => GetText(deserialized, "FilePath") ?? GetText(deserialized, "Link") ?? GetText(deserialized, "FullName");

    private protected override object TransformElement(object input)
    {
        if (input is not PSObject { BaseObject: PSCustomObject } flat) return input;

        try
        {
            return IsDeserialized<Generation>(flat) ? ToGeneration(flat)
                : IsDeserialized<Request>(flat) ? ToRequest(flat, flat, validate: true) ?? input
                : IsDeserialized<BatchItem>(flat) && GetValue(flat, "Request") is PSObject request ? ToRequest(request, flat, validate: true) ?? input
                : input;
        }
        catch (FaceGenException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }

    private static bool IsDeserialized<T>(PSObject deserialized) => deserialized.TypeNames.Contains($"Deserialized.{typeof(T).FullName}");

    private static Generation ToGeneration(PSObject deserialized) => new()
    {
        Id = GetText(deserialized, "Id") ?? "",
        Status = Enum.TryParse(GetText(deserialized, "Status"), out GenerationStatus status) ? status : default,
        Images = GetValue(deserialized, "Output") is { } output ? [.. LanguagePrimitives.GetEnumerable(output).Cast<object>().Select(link => link.ToString()!)] : [],
        Prompt = GetText(deserialized, "Prompt"),
        Seed = GetAs<long>(deserialized, "Seed"),
        GenerationTime = GetAs<double>(deserialized, "GenerationTime"),
        Eta = GetAs<double>(deserialized, "Eta"),
        CreatedAt = GetTime(deserialized, "CreatedAt"),
        TrackId = GetAs<long>(deserialized, "TrackId"),
        Message = GetText(deserialized, "Message") ?? "",
        Account = AccountIdentifier.TryParse(GetText(deserialized, "Account")),
        Request = GetValue(deserialized, "Request") is PSObject request ? ToRequest(request, deserialized) : null,
    };

    /// <summary>Returns a request. Its owner may have the row if the request was serialized with less depth.</summary>
    private static Request? ToRequest(PSObject deserialized, PSObject owner, bool validate = false) => GetText(deserialized, "Prompt") is { } prompt && GetValue(deserialized, "FaceImage") is { } face
        ? new Request
        {
            Prompt = prompt,
            NegativePrompt = GetText(deserialized, "NegativePrompt"),
            FaceImage = ToFaceImage(PSObject.AsPSObject(face)),
            Width = GetNumber<int>(deserialized, RequestField.Width, validate),
            Height = GetNumber<int>(deserialized, RequestField.Height, validate),
            NumInferenceSteps = GetNumber<int>(deserialized, RequestField.NumInferenceSteps, validate),
            GuidanceScale = GetNumber<double>(deserialized, RequestField.GuidanceScale, validate),
            SScale = GetNumber<double>(deserialized, RequestField.SScale, validate),
            Samples = GetNumber<int>(deserialized, RequestField.Samples, validate),
            SafetyChecker = GetNumber<bool>(deserialized, RequestField.SafetyChecker, validate),
            SafetyCheckerType = GetText(deserialized, "SafetyCheckerType"),
            Base64 = GetNumber<bool>(deserialized, RequestField.Base64, validate),
            Style = GetText(deserialized, "Style"),
            Seed = GetNumber<long>(deserialized, RequestField.Seed, validate),
            Webhook = (Uri?)RequestField.Webhook.Read(GetValue(deserialized, "Webhook")),
            TrackId = GetNumber<long>(deserialized, RequestField.TrackId, validate),
            Source = ToRequestSource(deserialized) ?? ToRequestSource(owner),
        }
        : null;

    /// <summary>
    /// Returns a number or Boolean of a request. A request that will be sent is validated, because a script may have changed it.
    /// The request of a paid generation is not, because an error must not prevent saving its images.
    /// </summary>
    private static T? GetNumber<T>(PSObject deserialized, RequestField field, bool validate)
        where T : struct =>
        validate ? (T?)field.Read(GetValue(deserialized, field.ParameterName) is PSObject wrapped ? wrapped.BaseObject : GetValue(deserialized, field.ParameterName)) : GetAs<T>(deserialized, field.ParameterName);

    private static RequestSource? ToRequestSource(PSObject deserialized) => GetValue(deserialized, "Source") is PSObject source && GetAs<int>(source, "Row") is { } row
        ? new RequestSource(GetText(source, "File") ?? "", GetAs<int>(source, "Line") ?? 0, row)
        : null;

    /// <summary>Returns the face image from its text or, with more depth, from its object.</summary>
    private static FaceImage ToFaceImage(PSObject deserialized)
    {
        string text = GetFaceText(deserialized) ?? deserialized.ToString();
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? link) && !link.IsFile ? FaceImage.Parse(text, path => path) : FaceImage.FromUncheckedFile(text);
    }

    private static object? GetValue(PSObject deserialized, string name) => deserialized.Properties[name]?.Value;

    /// <summary>Returns a time, which may be deserialized as an object of its parts.</summary>
    private static DateTimeOffset? GetTime(PSObject deserialized, string name) =>
        GetValue(deserialized, name) is PSObject parts && GetAs<long>(parts, nameof(DateTimeOffset.UtcTicks)) is { } ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : GetAs<DateTimeOffset>(deserialized, name);

    private static string? GetText(PSObject deserialized, string name) => GetValue(deserialized, name)?.ToString();

    private static T? GetAs<T>(PSObject deserialized, string name)
        where T : struct =>
        GetValue(deserialized, name) is { } value && LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out T converted) ? converted : null;
}
