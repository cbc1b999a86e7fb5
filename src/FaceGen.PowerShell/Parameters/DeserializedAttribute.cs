using System.Collections;
using System.Globalization;
using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Converts deserialized generations (from Export-Clixml, a job or a remote session) back.</summary>
internal sealed class DeserializedAttribute : ElementTransformationAttribute
{
    private protected override object TransformElement(object input) => FindGeneration(input) ?? input;

    /// <summary>Returns the generation of a deserialized one; null for any other object.</summary>
    internal static Generation? FindGeneration(object? input) =>
        input is PSObject { BaseObject: PSCustomObject } flat && RequestRowReader.IsDeserialized<Generation>(flat) ? ToGeneration(flat) : null;

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
        TrackId = GetText(deserialized, "TrackId"),
        Meta = (GetValue(deserialized, "Meta") is PSObject wrapped ? wrapped.BaseObject : GetValue(deserialized, "Meta")) is IDictionary meta
            ? RequestData.GetEntries(meta).ToDictionary(entry => entry.Key.ToString()!, entry => RequestRowReader.Unwrap(entry.Value), StringComparer.OrdinalIgnoreCase)
            : ServiceResponse.EmptyMeta,
        Message = GetText(deserialized, "Message") ?? "",
        Account = AccountIdentifier.TryParse(GetText(deserialized, "Account")),
        Request = GetValue(deserialized, "Request") is PSObject request ? RequestRowReader.ReadDeserialized(request, deserialized) : null,
    };

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
