using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Contract;

/// <summary>
/// Reads typed fields of a JSON object and collects an error for each invalid one, so that one response can list all of
/// them. A field that is absent or invalid is null.
/// </summary>
internal sealed class BodyReader(JsonElement body)
{
    private readonly HashSet<string> _known = ["key"];

    internal FieldErrors Errors { get; } = new();

    /// <summary>Gets the names of the body's fields that were never read.</summary>
    internal IEnumerable<string> UnknownFields =>
        body.EnumerateObject().Select(static given => given.Name).Where(name => !_known.Contains(name));

    internal string? RequiredText(string name) => HasRequiredValue(name) ? Text(name) : null;

    internal long? RequiredInteger(string name) => HasRequiredValue(name) ? Integer(name) : null;

    internal string? RequiredChoice(string name, IReadOnlyList<string> choices) =>
        HasRequiredValue(name) ? Choice(name, choices) : null;

    internal string? Text(string name, bool nullable = false) => Find(name, nullable) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => AddError(name, "must be a string"),
    };

    /// <summary>Reads an integer, or the text that newer pages of the documentation have in its place.</summary>
    internal JsonElement? IntegerOrText(string name)
    {
        JsonElement? value = Find(name, nullable: true);
        if (value is not { ValueKind: JsonValueKind.String } && Integer(name, nullable: true) is null)
            return null;
        return value?.Clone();
    }

    internal long? Integer(string name, long min = long.MinValue, long max = long.MaxValue, bool nullable = false)
    {
        if (Find(name, nullable) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out long number))
            return AddError<long>(name, "must be an integer");
        return number >= min && number <= max ? number : AddError<long>(name, RangeRule(min, max));
    }

    internal double? Number(string name, double min, double max)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number)
            return AddError<double>(name, "must be a number");
        double number = value.GetDouble();
        return number >= min && number <= max ? number : AddError<double>(name, RangeRule(min, max));
    }

    internal bool? Boolean(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => AddError<bool>(name, "must be true or false"),
    };

    internal string? Choice(string name, IReadOnlyList<string> choices)
    {
        string? text = Text(name);
        return text is null || choices.Contains(text)
            ? text
            : AddError(name, $"must be one of: {string.Join(", ", choices)}");
    }

    internal string? AddError(string name, string rule)
    {
        Errors.Add(name, $"The {Label(name)} {rule}.");
        return null;
    }

    private T? AddError<T>(string name, string rule)
        where T : struct
    {
        AddError(name, rule);
        return null;
    }

    /// <summary>Adds an error if the field is absent, null or blank.</summary>
    /// <returns>True if the field has a value.</returns>
    private bool HasRequiredValue(string name)
    {
        bool empty = Find(name, nullable: true) is not { } value
            || (value.ValueKind == JsonValueKind.String && string.IsNullOrWhiteSpace(value.GetString()));
        if (empty)
            Errors.Add(name, $"The {Label(name)} field is required.");
        return !empty;
    }

    private static string Label(string name) => name.Replace('_', ' ');

    private static string RangeRule<T>(T min, T max) =>
        string.Create(CultureInfo.InvariantCulture, $"must be between {min} and {max}");

    private JsonElement? Find(string name, bool nullable = false)
    {
        _known.Add(name);
        bool given = body.TryGetProperty(name, out JsonElement value);
        return given && !(nullable && value.ValueKind == JsonValueKind.Null) ? value : null;
    }
}

/// <summary>The errors of a body by field, in the service's words.</summary>
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
