using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Contract;

/// <summary>
/// Reads typed fields of a JSON object. A value that only the published examples send, such as a number as a string, is read with
/// a warning. An invalid value causes an error; one response can list all of them. A field that is absent or invalid is null.
/// </summary>
/// <param name="body">The JSON object.</param>
/// <param name="strict">Whether a value that only the published examples send is invalid.</param>
internal sealed class BodyReader(JsonElement body, bool strict)
{
    private const string RequiredRule = "is required";
    private const string IntegerRule = "must be an integer";
    private const string NumberRule = "must be a number";
    private const string BooleanRule = "must be true or false";

    private readonly HashSet<string> _known = ["key"];
    private readonly List<string> _errors = [];
    private readonly List<string> _warnings = [];

    internal JsonElement Body => body;

    /// <summary>Gets the errors in the service's words; empty if every field is valid.</summary>
    internal IReadOnlyList<string> Errors => _errors;

    /// <summary>Gets the warnings about the values that were read, and about the fields that were not.</summary>
    internal IReadOnlyList<string> Warnings =>
    [
        .. body.EnumerateObject().Select(static given => given.Name).Where(name => !_known.Contains(name))
            .Select(static name => $"The field '{name}' is not part of the contract and was ignored."),
        .. _warnings,
    ];

    internal string? RequiredText(string name) => HasRequiredValue(name) ? Text(name) : null;

    /// <summary>Reads a link or a data URI. Base64 without the prefix of a data URI gets one.</summary>
    internal string? RequiredImage(string name)
    {
        string? text = RequiredText(name);
        return text is not null && Base64.IsValid(text) && Accept(name, "must begin with data:image/...;base64,")
            ? DataUri.FromBase64(text)
            : text;
    }

    /// <summary>Reads the id of a generation.</summary>
    internal long? RequiredId(string name)
    {
        if (!HasRequiredValue(name))
            return null;
        return Find(name) is { ValueKind: JsonValueKind.String } text
            && GenerationId.TryParse(text.GetString()) is { } id
            && Accept(name, IntegerRule)
                ? id
                : Integer(name);
    }

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
        if (value is { ValueKind: JsonValueKind.String })
            AddWarning(name, IntegerRule);
        else if (Integer(name, nullable: true) is null)
            return null;
        return value?.Clone();
    }

    internal long? Integer(string name, long min = long.MinValue, long max = long.MaxValue, bool nullable = false)
    {
        if (Find(name, nullable) is not { } value)
            return null;
        bool isInteger = value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _);
        if (ReadDecimal(value) is not { } number || !decimal.IsInteger(number) || !(isInteger || Accept(name, IntegerRule)))
            return AddError<long>(name, IntegerRule);
        return number >= min && number <= max ? (long)number : AddError<long>(name, RangeRule(min, max));
    }

    internal double? Number(string name, double min, double max)
    {
        if (Find(name) is not { } value)
            return null;
        if (ReadDouble(value) is not { } number || !(value.ValueKind == JsonValueKind.Number || Accept(name, NumberRule)))
            return AddError<double>(name, NumberRule);
        return number >= min && number <= max ? number : AddError<double>(name, RangeRule(min, max));
    }

    internal bool? Boolean(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.String } value when ReadBoolean(value.GetString()!) is { } given && Accept(name, BooleanRule) => given,
        _ => AddError<bool>(name, BooleanRule),
    };

    internal string? Choice(string name, IReadOnlyList<string> choices)
    {
        string? text = Text(name);
        return text is null || choices.Contains(text)
            ? text
            : AddError(name, $"must be one of: {string.Join(", ", choices)}");
    }

    internal string? RequiredChoice(string name, IReadOnlyList<string> choices)
    {
        if (Find(name, nullable: true) is not null)
            return Choice(name, choices);
        return Accept(name, RequiredRule) ? null : AddError(name, RequiredRule);
    }

    /// <summary>Accepts a value that breaks a rule of the contract, with a warning, unless the reader is strict.</summary>
    /// <returns>True if the value is accepted.</returns>
    internal bool Accept(string name, string rule)
    {
        if (!strict)
            AddWarning(name, rule);
        return !strict;
    }

    internal string? AddError(string name, string rule)
    {
        _errors.Add($"{name} {rule}");
        return null;
    }

    private T? AddError<T>(string name, string rule)
        where T : struct
    {
        AddError(name, rule);
        return null;
    }

    private void AddWarning(string name, string rule) =>
        _warnings.Add($"By the contract, {name} {rule}. The request was accepted because published examples deviate likewise.");

    /// <summary>Adds an error if the field is absent, null or blank.</summary>
    /// <returns>True if the field has a value.</returns>
    private bool HasRequiredValue(string name)
    {
        bool empty = Find(name, nullable: true) is not { } value
            || (value.ValueKind == JsonValueKind.String && string.IsNullOrWhiteSpace(value.GetString()));
        if (empty)
            AddError(name, RequiredRule);
        return !empty;
    }

    private static string RangeRule<T>(T min, T max) =>
        string.Create(CultureInfo.InvariantCulture, $"must be between {min} and {max}");

    private static decimal? ReadDecimal(JsonElement value) =>
        value.ValueKind is JsonValueKind.Number or JsonValueKind.String
        && decimal.TryParse(value.ToString(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
            ? number
            : null;

    private static double? ReadDouble(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String => (double?)ReadDecimal(value),
        _ => null,
    };

    private static bool? ReadBoolean(string text) => text.ToUpperInvariant() switch
    {
        "TRUE" or "YES" => true,
        "FALSE" or "NO" => false,
        _ => null,
    };

    private JsonElement? Find(string name, bool nullable = false)
    {
        _known.Add(name);
        if (!body.TryGetProperty(name, out JsonElement value))
            return null;
        bool isAbsent = value.ValueKind == JsonValueKind.Null && (nullable || Accept(name, "must not be null"));
        return isAbsent ? null : value;
    }
}
