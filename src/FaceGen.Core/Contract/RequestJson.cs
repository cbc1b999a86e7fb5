using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>The request as the API takes it.</summary>
internal static class RequestJson
{
    /// <summary>Writes the fields that were given, each under the API's name.</summary>
    /// <param name="json">An object that has been begun.</param>
    /// <param name="request">The request.</param>
    /// <param name="faceImage">What stands for the face image: <see cref="FaceImage.ToApiValue"/>, its path, or nothing.</param>
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
