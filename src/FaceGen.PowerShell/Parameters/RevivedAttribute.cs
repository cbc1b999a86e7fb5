using System.Globalization;
using System.Management.Automation;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Takes generations and requests that come out of a file or another process (Export-Clixml, a job, a remote session), where
/// nothing but their properties was kept, for what they were; and rows of a batch for the requests that they were.
/// </summary>
internal sealed class RevivedAttribute : EachAttribute
{
    /// <summary>The link or path that an object of a face image's or a file's properties tells; null where it tells none.</summary>
    internal static string? FaceText(PSObject flat) => Text(flat, "FilePath") ?? Text(flat, "Link") ?? Text(flat, "FullName");

    private protected override object Transform(object input)
    {
        if (input is not PSObject { BaseObject: PSCustomObject } flat) return input;

        try
        {
            return Was<Generation>(flat) ? GenerationOf(flat)
                : Was<Request>(flat) ? RequestOf(flat, flat, isChecked: true) ?? input
                : Was<BatchItem>(flat) && Of(flat, "Request") is PSObject request ? RequestOf(request, flat, isChecked: true) ?? input
                : input;
        }
        catch (FaceGenException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }

    private static bool Was<T>(PSObject flat) => flat.TypeNames.Contains($"Deserialized.{typeof(T).FullName}");

    private static Generation GenerationOf(PSObject flat) => new()
    {
        Id = Text(flat, "Id") ?? "",
        Status = Enum.TryParse(Text(flat, "Status"), out GenerationStatus status) ? status : default,
        Images = Of(flat, "Output") is { } output ? [.. LanguagePrimitives.GetEnumerable(output).Cast<object>().Select(link => link.ToString()!)] : [],
        Prompt = Text(flat, "Prompt"),
        Seed = As<long>(flat, "Seed"),
        GenerationTime = As<double>(flat, "GenerationTime"),
        Eta = As<double>(flat, "Eta"),
        CreatedAt = Time(flat, "CreatedAt"),
        TrackId = As<long>(flat, "TrackId"),
        Message = Text(flat, "Message") ?? "",
        Account = AccountMark.TryRead(Text(flat, "Account")),
        Request = Of(flat, "Request") is PSObject request ? RequestOf(request, flat) : null,
    };

    /// <summary>A request; what it belongs to tells its row as well, and is kept in more depth.</summary>
    private static Request? RequestOf(PSObject flat, PSObject owner, bool isChecked = false) => Text(flat, "Prompt") is { } prompt && Of(flat, "FaceImage") is { } face
        ? new Request
        {
            Prompt = prompt,
            NegativePrompt = Text(flat, "NegativePrompt"),
            FaceImage = FaceOf(PSObject.AsPSObject(face)),
            Width = Number<int>(flat, RequestField.Width, isChecked),
            Height = Number<int>(flat, RequestField.Height, isChecked),
            NumInferenceSteps = Number<int>(flat, RequestField.NumInferenceSteps, isChecked),
            GuidanceScale = Number<double>(flat, RequestField.GuidanceScale, isChecked),
            SScale = Number<double>(flat, RequestField.SScale, isChecked),
            Samples = Number<int>(flat, RequestField.Samples, isChecked),
            SafetyChecker = Number<bool>(flat, RequestField.SafetyChecker, isChecked),
            SafetyCheckerType = Text(flat, "SafetyCheckerType"),
            Base64 = Number<bool>(flat, RequestField.Base64, isChecked),
            Style = Text(flat, "Style"),
            Seed = Number<long>(flat, RequestField.Seed, isChecked),
            Webhook = (Uri?)RequestField.Webhook.Read(Of(flat, "Webhook")),
            TrackId = Number<long>(flat, RequestField.TrackId, isChecked),
            Source = SourceOf(flat) ?? SourceOf(owner),
        }
        : null;

    /// <summary>
    /// A number or truth value of a request. One that is still to be sent is read as a cell is, since a script may have changed
    /// it; what belongs to a generation was paid for, and must not stop the generation from being saved.
    /// </summary>
    private static T? Number<T>(PSObject flat, RequestField field, bool isChecked)
        where T : struct =>
        isChecked ? (T?)field.Read(Of(flat, field.ParameterName) is PSObject wrapped ? wrapped.BaseObject : Of(flat, field.ParameterName)) : As<T>(flat, field.ParameterName);

    private static RequestSource? SourceOf(PSObject flat) => Of(flat, "Source") is PSObject source && As<int>(source, "Row") is { } row
        ? new RequestSource(Text(source, "File") ?? "", As<int>(source, "Line") ?? 0, row)
        : null;

    /// <summary>The face's link or path; how deep objects are kept decides whether it comes as one or as an object.</summary>
    private static FaceImage FaceOf(PSObject flat)
    {
        string text = FaceText(flat) ?? flat.ToString();
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? link) && !link.IsFile ? FaceImage.FromText(text, path => path) : FaceImage.Unchecked(text);
    }

    private static object? Of(PSObject flat, string name) => flat.Properties[name]?.Value;

    /// <summary>A time, which a file keeps as an object of its parts.</summary>
    private static DateTimeOffset? Time(PSObject flat, string name) =>
        Of(flat, name) is PSObject parts && As<long>(parts, nameof(DateTimeOffset.UtcTicks)) is { } ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : As<DateTimeOffset>(flat, name);

    private static string? Text(PSObject flat, string name) => Of(flat, name)?.ToString();

    private static T? As<T>(PSObject flat, string name)
        where T : struct =>
        Of(flat, name) is { } value && LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out T converted) ? converted : null;
}
