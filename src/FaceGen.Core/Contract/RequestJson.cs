using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>The request as the API takes it.</summary>
internal static class RequestJson
{
    /// <summary>Writes the fields that were given, each under the API's name.</summary>
    /// <param name="json">An object that has been begun.</param>
    /// <param name="request">The request.</param>
    /// <param name="faceImage">What stands for the face image: <see cref="FaceImage.ToWireText"/>, its path, or nothing.</param>
    internal static void Write(Utf8JsonWriter json, Request request, string? faceImage)
    {
        json.WriteString(RequestField.Prompt.Name, request.Prompt);
        Write(json, RequestField.NegativePrompt, request.NegativePrompt);
        Write(json, RequestField.FaceImage, faceImage);
        Write(json, RequestField.Width, request.Width);
        Write(json, RequestField.Height, request.Height);
        Write(json, RequestField.NumInferenceSteps, request.NumInferenceSteps);
        Write(json, RequestField.GuidanceScale, request.GuidanceScale);
        Write(json, RequestField.SScale, request.SScale);
        Write(json, RequestField.Samples, request.Samples);
        Write(json, RequestField.SafetyChecker, request.SafetyChecker);
        Write(json, RequestField.SafetyCheckerType, request.SafetyCheckerType);
        Write(json, RequestField.Base64, request.Base64);
        Write(json, RequestField.Style, request.Style);
        Write(json, RequestField.Seed, request.Seed);
        Write(json, RequestField.Webhook, request.Webhook?.AbsoluteUri);
        Write(json, RequestField.TrackId, request.TrackId);
    }

    private static void Write(Utf8JsonWriter json, RequestField field, object? value)
    {
        switch (value)
        {
            case null: break;
            case string text: json.WriteString(field.Name, text); break;
            case int number: json.WriteNumber(field.Name, number); break;
            case long number: json.WriteNumber(field.Name, number); break;
            case double number: json.WriteShortest(field.Name, number); break;
            case bool flag: json.WriteBoolean(field.Name, flag); break;
            default: throw new ArgumentException($"{field.Name} cannot be a {value.GetType()}.", nameof(value));
        }
    }
}
