using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>Writes requests in the API's JSON format.</summary>
internal static class RequestJson
{
    /// <summary>Writes the fields that have a value, with the API's names.</summary>
    /// <param name="json">A writer inside an object.</param>
    /// <param name="request">The request.</param>
    /// <param name="faceImage">The value of <c>face_image</c>, such as <see cref="FaceImage.ToApiValue"/> or a path; null to omit it.</param>
    internal static void Write(Utf8JsonWriter json, Request request, string? faceImage)
    {
        foreach ((RequestField field, object? value) in request.Fields) Write(json, field, field == RequestField.FaceImage ? faceImage : value);
    }

    private static void Write(Utf8JsonWriter json, RequestField field, object? value)
    {
        switch (value)
        {
            case null: break;
            case Uri link: json.WriteString(field.Name, link.AbsoluteUri); break;
            case string text: json.WriteString(field.Name, text); break;
            case int number: json.WriteNumber(field.Name, number); break;
            case long number: json.WriteNumber(field.Name, number); break;
            case double number: json.WriteShortestNumber(field.Name, number); break;
            case bool flag: json.WriteBoolean(field.Name, flag); break;
            default: throw new ArgumentException($"{field.Name} cannot be a {value.GetType()}.", nameof(value));
        }
    }
}
