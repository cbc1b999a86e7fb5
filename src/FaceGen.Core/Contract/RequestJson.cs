using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>Writes requests in JSON.</summary>
internal static class RequestJson
{
    /// <summary>Writes what is sent: the fields that have a value, with the API's names, and the additional fields.</summary>
    /// <param name="json">A writer inside an object.</param>
    /// <param name="request">The request.</param>
    /// <param name="faceImage">The value of <c>face_image</c>, such as <see cref="FaceImage.ToApiValue"/> or a path; null to omit it.</param>
    internal static void Write(Utf8JsonWriter json, Request request, string? faceImage)
    {
        WriteFields(json, request, faceImage);
        WriteEntries(json, request.AdditionalFields);
    }

    /// <summary>Writes a request that is read again: what is sent, and the columns of its row.</summary>
    /// <inheritdoc cref="Write"/>
    internal static void WriteStored(Utf8JsonWriter json, Request request, string? faceImage)
    {
        WriteFields(json, request, faceImage);
        if (request.AdditionalFields.Count > 0)
        {
            json.WriteStartObject(RequestData.AdditionalFieldsName);
            WriteEntries(json, request.AdditionalFields);
            json.WriteEndObject();
        }

        WriteColumns(json, request);
    }

    /// <summary>Writes the columns of the row that are not fields of the API; nothing if there are none.</summary>
    internal static void WriteColumns(Utf8JsonWriter json, Request request)
    {
        if (request.Columns.Count == 0) return;

        json.WriteStartObject(RequestData.ColumnsName);
        foreach (KeyValuePair<string, string> column in request.Columns) json.WriteString(column.Key, column.Value);
        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, Request request, string? faceImage)
    {
        foreach ((RequestField field, object? value) in request.Fields) WriteField(json, field, field.Kind == FieldKind.Image ? faceImage : value);
    }

    private static void WriteEntries(Utf8JsonWriter json, IReadOnlyDictionary<string, object?> entries)
    {
        foreach (KeyValuePair<string, object?> entry in entries)
        {
            json.WritePropertyName(entry.Key);
            RequestData.WriteValue(json, entry.Value);
        }
    }

    private static void WriteField(Utf8JsonWriter json, RequestField field, object? value)
    {
        switch (value)
        {
            case null: break;
            case Uri link: json.WriteString(field.Name, link.AbsoluteUri); break;
            case string text when field.Kind == FieldKind.Identifier: json.WriteIdentifier(field.Name, text); break;
            case string text: json.WriteString(field.Name, text); break;
            case int number: json.WriteNumber(field.Name, number); break;
            case long number: json.WriteNumber(field.Name, number); break;
            case double number: json.WriteShortestNumber(field.Name, number); break;
            case bool flag: json.WriteBoolean(field.Name, flag); break;
            default: throw new ArgumentException($"{field.Name} cannot be a {value.GetType()}.", nameof(value));
        }
    }
}
