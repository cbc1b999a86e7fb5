using System.Collections;
using System.Globalization;
using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Converts deserialized generations (from Export-Clixml, a job or a remote session) back.</summary>
internal sealed class DeserializedAttribute : ElementTransformationAttribute
{
    /// <summary>
    /// Gets or sets whether saved images and batch items are converted to their generations too. Serialization does not keep the links of
    /// these; a poll gets them.
    /// </summary>
    public bool AcceptOwners { get; set; }

    private protected override object TransformElement(object input) =>
        input is PSObject { BaseObject: PSCustomObject } flat && (RequestRowReader.IsDeserialized<Generation>(flat)
            || (AcceptOwners && (RequestRowReader.IsDeserialized<SavedImage>(flat) || RequestRowReader.IsDeserialized<BatchItem>(flat)) && GetText(flat, "Id") is { Length: > 0 }))
            ? ToGeneration(flat)
            : AcceptOwners && HasNoGeneration(input) ? throw GenerationIdAttribute.CreateNoIdError(nameof(BatchItem))
            : input;

    /// <summary>True for a row of a batch that the service has not accepted.</summary>
    private static bool HasNoGeneration(object? input) => input is not null && PSObject.AsPSObject(input) is var row
        && (row.BaseObject is BatchItem { Generation: null } || (row.BaseObject is PSCustomObject && RequestRowReader.IsDeserialized<BatchItem>(row)));

    /// <summary>Returns the generation of a deserialized generation or batch item, without an id if it has none; null for any other object.</summary>
    internal static Generation? FindGeneration(object? input) =>
        input is PSObject { BaseObject: PSCustomObject } flat && (RequestRowReader.IsDeserialized<Generation>(flat) || RequestRowReader.IsDeserialized<BatchItem>(flat))
            ? ToGeneration(flat)
            : null;

    private static Generation ToGeneration(PSObject deserialized) => new()
    {
        Id = GetText(deserialized, "Id") ?? "",
        StatusValue = Enum.TryParse(GetText(deserialized, "Status"), out GenerationStatus status) ? status : default,
        Images = GetLinks(deserialized, "Output"),
        FetchResult = ServiceResponse.ParseFetchResult(GetText(deserialized, "FetchResult")),
        FutureLinks = Generation.ToLinks(GetLinks(deserialized, "FutureLinks")),
        Prompt = GetText(deserialized, "Prompt"),
        Seed = GetAs<long>(deserialized, "Seed"),
        Seconds = GetAs<double>(deserialized, "Seconds"),
        Eta = GetAs<double>(deserialized, "Eta"),
        CreatedAt = GetTime(deserialized, "CreatedAt") ?? GetTime(deserialized, "SubmittedAt"),
        TrackId = GetText(deserialized, "TrackId"),
        Meta = (GetValue(deserialized, "Meta") is PSObject wrapped ? wrapped.BaseObject : GetValue(deserialized, "Meta")) is IDictionary meta
            ? RequestData.GetEntries(meta).ToDictionary(entry => entry.Key.ToString()!, entry => RequestRowReader.Unwrap(entry.Value), StringComparer.OrdinalIgnoreCase)
            : RequestData.None<object?>(),
        Message = GetText(deserialized, "Message") ?? "",
        Account = AccountIdentifier.TryParse(GetText(deserialized, "Account")),
        Request = GetValue(deserialized, "Request") is PSObject request ? RequestRowReader.ReadDeserialized(request, deserialized) : null,
    };

    /// <summary>Returns links, which are deserialized as a list, or as their joined text.</summary>
    private static string[] GetLinks(PSObject deserialized, string name) => GetValue(deserialized, name) switch
    {
        null => [],
        var list when LanguagePrimitives.GetEnumerable(list) is { } links => [.. links.Cast<object>().Select(link => link.ToString()!)],
        var text => [.. text.ToString()!.Split([';', ' '], StringSplitOptions.RemoveEmptyEntries)],
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
