using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Contract;

/// <summary>What is wrong with a body, field by field, as the service words it.</summary>
internal sealed class FieldErrors
{
    private readonly Dictionary<string, List<string>> _byField = [];

    internal bool HasErrors => _byField.Count > 0;

    internal void Add(string field, string message)
    {
        if (!_byField.TryGetValue(field, out List<string>? messages))
            _byField[field] = messages = [];
        messages.Add(message);
    }

    internal JsonObject ToJson() => new(_byField.Select(static pair => KeyValuePair.Create(
        pair.Key, (JsonNode?)new JsonArray([.. pair.Value.Select(static message => JsonValue.Create(message))]))));
}
