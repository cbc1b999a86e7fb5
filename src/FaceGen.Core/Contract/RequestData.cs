using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>
/// Defines what a request holds beside the API's fields: additional fields, which are sent, and the columns of its row, which are
/// not.
/// </summary>
internal static class RequestData
{
    /// <summary>The property of an object or a JSON file that contains additional fields.</summary>
    internal const string AdditionalFieldsName = "additional_fields";

    /// <summary>The property of an object or a JSON file that contains columns.</summary>
    internal const string ColumnsName = "columns";

    /// <summary>The error of additional fields that are not an object.</summary>
    internal const string AdditionalFieldsError = "additional_fields must be an object, such as {\"model_id\": \"…\"}. Nothing was sent.";

    /// <summary>The maximum depth of an additional field's value.</summary>
    private const int MaxDepth = 16;

    private static readonly HashSet<string> SecretNames = new(["key", "apikey", "password", "secret", "token"], StringComparer.OrdinalIgnoreCase);

    private static readonly string AdditionalFieldsKey = FieldNames.RemoveSeparators(AdditionalFieldsName);

    /// <summary>Returns a dictionary without entries.</summary>
    internal static IReadOnlyDictionary<string, T> None<T>() => EmptyDictionary<T>.Value;

    /// <summary>True if a name is that of the additional fields, in any spelling.</summary>
    internal static bool IsAdditionalFields(string name) => FieldNames.RemoveSeparators(name).Equals(AdditionalFieldsKey, StringComparison.OrdinalIgnoreCase);

    /// <summary>True if a name is that of the columns.</summary>
    internal static bool IsColumns(string name) => name.Equals(ColumnsName, StringComparison.OrdinalIgnoreCase);

    /// <summary>True if a row is an exported request, whose property <see cref="Request.Source"/> is not a column.</summary>
    /// <param name="names">The names of the row's cells.</param>
    internal static bool IsExportedRequest(IReadOnlyCollection<string> names) => names.Any(IsAdditionalFields) && names.Any(IsColumns) && names.Any(IsSource);

    /// <summary>True for the data of an exported request that is neither a field of the API nor a column.</summary>
    internal static bool IsRequestData(string name) => IsAdditionalFields(name) || IsColumns(name) || IsSource(name);

    private static bool IsSource(string name) => name.Equals(nameof(Request.Source), StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns additional fields, sorted by name, so that equal requests have equal JSON.</summary>
    /// <exception cref="FaceGenException">A name is the key's, that of a known field, or empty; or a value has no JSON.</exception>
    internal static IReadOnlyDictionary<string, object?> ReadAdditionalFields(IDictionary entries)
    {
        if (entries.Count == 0) return None<object?>();

        var fields = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in GetEntries(entries))
        {
            string name = entry.Key.ToString() ?? "";
            if (fields.Keys.Any(other => other != name && other.Equals(name, StringComparison.OrdinalIgnoreCase)))
                throw new FaceGenException(ErrorCode.RequestInvalid, $"The additional field '{InvisibleCharacters.Escape(name, 60)}' is given twice, in different cases. Nothing was sent. Remove one.");

            string? fault = InvisibleCharacters.IsEmpty(name) || name.Any(InvisibleCharacters.IsInvisible) ? "has blanks or invisible characters, or is empty. Nothing was sent. Correct its name"
                : name.Equals("key", StringComparison.OrdinalIgnoreCase) ? "is the key, which FaceGen adds itself. Nothing was sent. Remove it"
                : FieldNames.Find(name) is { } known ? $"is a field that FaceGen knows. Nothing was sent. Use {known.ParameterName}"
                : null;
            if (fault is not null) throw new FaceGenException(ErrorCode.RequestInvalid, $"The additional field '{InvisibleCharacters.Escape(name, 60)}' {fault}.");

            fields[name] = Simplify(name, entry.Value, 0);
        }

        return new JoinedDictionary<object?>(fields);
    }

    /// <summary>True if a column may hold a key or a password, which FaceGen writes to no file.</summary>
    internal static bool IsSecretName(string name) => SecretNames.Contains(FieldNames.RemoveSeparators(name));

    /// <summary>Returns the texts in a value, at any depth.</summary>
    internal static IEnumerable<string> GetTexts(object? value) => value switch
    {
        string text => [text],
        IReadOnlyDictionary<string, object?> entries => entries.Values.SelectMany(GetTexts),
        IEnumerable items => items.Cast<object?>().SelectMany(GetTexts),
        _ => [],
    };

    /// <summary>Returns additional fields from several sources; the last source of a name wins.</summary>
    internal static IReadOnlyDictionary<string, object?> Merge(params IReadOnlyDictionary<string, object?>[] sources)
    {
        IReadOnlyDictionary<string, object?>[] given = [.. sources.Where(source => source.Count > 0)];
        if (given.Length <= 1) return given.Length == 0 ? None<object?>() : given[0];

        var all = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (KeyValuePair<string, object?> field in given.SelectMany(source => source)) all[field.Key] = field.Value;
        return new JoinedDictionary<object?>(all);
    }

    /// <summary>Writes a value in JSON.</summary>
    internal static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case long number: json.WriteNumberValue(number); break;
            case decimal number: json.WriteNumberValue(number); break;
            case double number: json.WriteShortestNumber(number); break;
            case IReadOnlyDictionary<string, object?> entries:
                json.WriteStartObject();
                foreach (KeyValuePair<string, object?> entry in entries)
                {
                    json.WritePropertyName(entry.Key);
                    WriteValue(json, entry.Value);
                }

                json.WriteEndObject();
                break;
            case IEnumerable items:
                json.WriteStartArray();
                foreach (object? item in items) WriteValue(json, item);
                json.WriteEndArray();
                break;
            default: throw new ArgumentException($"A {value.GetType()} has no JSON.", nameof(value));
        }
    }

    /// <summary>Returns a JSON value as the type that <see cref="WriteValue"/> writes.</summary>
    internal static object? ReadValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.TryGetInt64(out long whole) => whole,
        JsonValueKind.Number when value.GetRawText().IndexOfAny(['e', 'E']) < 0 && value.TryGetDecimal(out decimal number) => number,
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Array => value.EnumerateArray().Select(ReadValue).ToArray(),
        _ => ReadObject(value),
    };

    /// <summary>Returns the entries of a JSON object in a cell; null if the text is not one.</summary>
    internal static Dictionary<string, object?>? ParseObject(string text)
    {
        text = InvisibleCharacters.Trim(text);
        if (text is not ['{', ..]) return null;

        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            return ReadObject(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Returns the properties of a JSON object.</summary>
    internal static Dictionary<string, object?> ReadObject(JsonElement value)
    {
        var entries = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (JsonProperty property in value.EnumerateObject()) entries[property.Name] = ReadValue(property.Value);
        return entries;
    }

    /// <summary>Returns a value as text, such as for a report.</summary>
    internal static string Format(object? value) => value switch
    {
        null => "null",
        string text => text,
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        FaceImage or Uri => value.ToString()!,
        _ => System.Text.Encoding.UTF8.GetString(JsonObjectWriter.WriteValue(json => WriteValue(json, value))),
    };

    /// <summary>Returns the entries of any dictionary; a generic one enumerates pairs of another type.</summary>
    internal static IEnumerable<DictionaryEntry> GetEntries(IDictionary dictionary)
    {
        IDictionaryEnumerator enumerator = dictionary.GetEnumerator();
        while (enumerator.MoveNext()) yield return enumerator.Entry;
    }

    /// <summary>Returns a value as one of the types that JSON has.</summary>
    private static object? Simplify(string name, object? value, int depth) => value switch
    {
        _ when depth > MaxDepth => throw CreateValueError(name, "a value with too many levels"),
        null or DBNull => null,
        string text => DamagedText.DescribeDamage(text) is { } damage ? throw CreateValueError(name, damage) : text,
        char or Uri or Enum or Guid => Simplify(name, value.ToString(), depth),
        bool => value,
        // 1.50 and 1.5 are the same request.
        decimal number => number / 1.000000000000000000000000000000000m,
        double number => double.IsNaN(number) || double.IsInfinity(number) ? throw CreateValueError(name, FormattableString.Invariant($"{number}")) : number,
        float number => Simplify(name, double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), depth),
        ulong number => number <= long.MaxValue ? (long)number : (decimal)number,
        sbyte or byte or short or ushort or int or uint or long => System.Convert.ToInt64(value, CultureInfo.InvariantCulture),
        IDictionary entries => new JoinedDictionary<object?>(new SortedDictionary<string, object?>(
            GetEntries(entries).ToDictionary(entry => (string)Simplify(name, entry.Key.ToString(), depth)!, entry => Simplify(name, entry.Value, depth + 1)), StringComparer.Ordinal)),
        IEnumerable items => items.Cast<object?>().Select(item => Simplify(name, item, depth + 1)).ToArray(),
        _ => throw CreateValueError(name, $"a {value.GetType().Name}"),
    };

    private static FaceGenException CreateValueError(string name, string description) =>
        new(ErrorCode.RequestInvalid, $"The additional field '{name}' must be a text, a number, true or false, or an array or a hashtable of these, not {description}. Nothing was sent.");

    private static class EmptyDictionary<T>
    {
        internal static readonly IReadOnlyDictionary<string, T> Value = new JoinedDictionary<T>(new Dictionary<string, T>());
    }
}
