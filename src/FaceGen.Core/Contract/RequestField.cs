using System.Collections;
using System.Globalization;
using System.Numerics;

namespace FaceGen.Contract;

/// <summary>
/// Represents a field of a request: its names, how a value is read, and what the API allows. Parameters, CSV cells and JSON values
/// are all read here, so that the same rules apply to each.
/// </summary>
internal sealed class RequestField
{
    private readonly Func<object, object?> _read;
    private readonly bool _isInteger;

    private RequestField(string name, string allowed, Func<object, object?> read, IEnumerable<string>? choices = null, bool isInteger = false)
    {
        _isInteger = isInteger;
        Choices = [.. choices ?? []];
        Name = name;
        Allowed = allowed;
        _read = read;
        ParameterName = CultureInfo.InvariantCulture.TextInfo.ToTitleCase(name.Replace('_', ' ')).Replace(" ", "");
    }

    internal static readonly RequestField Prompt = Text("prompt", "a text that is not empty");
    internal static readonly RequestField NegativePrompt = Text("negative_prompt", "a text");
    internal static readonly RequestField FaceImage = new("face_image", "a link, a file or base64", ToText);
    internal static readonly RequestField Width = Integer("width", Limits.MinDimension, Limits.MaxWidth);
    internal static readonly RequestField Height = Integer("height", Limits.MinDimension, Limits.MaxHeight);

    internal static readonly RequestField NumInferenceSteps =
        new("num_inference_steps", FormatChoices(Limits.NumInferenceSteps), value =>
            ToInteger(value) is { } steps && Limits.NumInferenceSteps.Any(allowed => allowed == steps) ? (int)steps : null,
            Limits.NumInferenceSteps.Select(steps => steps.ToString(CultureInfo.InvariantCulture)), isInteger: true);

    internal static readonly RequestField GuidanceScale =
        Number("guidance_scale", Limits.MinGuidanceScale, Limits.MaxGuidanceScale);

    internal static readonly RequestField SScale = Number("s_scale", Limits.MinSScale, Limits.MaxSScale);
    internal static readonly RequestField Samples = Integer("samples", Limits.MinSamples, Limits.MaxSamples);
    internal static readonly RequestField SafetyChecker = Boolean("safety_checker");
    internal static readonly RequestField SafetyCheckerType = Choice("safety_checker_type", Limits.SafetyCheckerTypes);
    internal static readonly RequestField Base64 = Boolean("base64");
    internal static readonly RequestField Style = Choice("style", Limits.Styles);
    internal static readonly RequestField Seed = new("seed", "a whole number", value => ToInteger(value), isInteger: true);
    internal static readonly RequestField Webhook = new("webhook", "an https address", value => ToWebhook(value));
    internal static readonly RequestField TrackId = new("track_id", "a whole number", value => ToInteger(value), isInteger: true);

    /// <summary>All fields, in the order of the API's reference.</summary>
    internal static readonly IReadOnlyList<RequestField> All =
    [
        Prompt, NegativePrompt, FaceImage, Width, Height, NumInferenceSteps, GuidanceScale, SScale, Samples,
        SafetyChecker, SafetyCheckerType, Base64, Style, Seed, Webhook, TrackId,
    ];

    private static readonly Dictionary<string, RequestField> ByName =
        All.ToDictionary(field => RemoveSeparators(field.Name), StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets the API's name, such as <c>num_inference_steps</c>.</summary>
    internal string Name { get; }

    /// <summary>Gets the parameter's name, such as <c>NumInferenceSteps</c>.</summary>
    internal string ParameterName { get; }

    /// <summary>Gets what the API allows, as a phrase that follows "must be".</summary>
    internal string Allowed { get; }

    /// <summary>Gets the allowed values, if the API lists them.</summary>
    internal IReadOnlyList<string> Choices { get; }

    /// <summary>True if the field is free text.</summary>
    internal bool IsText => this == Prompt || this == NegativePrompt;

    /// <summary>
    /// Returns the field with a name in any case and with any blanks, hyphens, underscores and dots between its words; null if the
    /// API has no such field.
    /// </summary>
    internal static RequestField? Find(string name) => ByName.TryGetValue(RemoveSeparators(name), out RequestField? field) ? field : null;

    /// <summary>Returns the field with the most similar name; null if no name is similar.</summary>
    internal static RequestField? FindNearest(string name)
    {
        string wanted = RemoveSeparators(name).ToUpperInvariant();
        if (wanted.Length is < 4 or > 40) return null;

        (RequestField field, int distance) = All.Select(field => (field, GetEditDistance(wanted, RemoveSeparators(field.Name).ToUpperInvariant()))).OrderBy(pair => pair.Item2).First();
        if (distance <= (wanted.Length < 7 ? 1 : 2)) return field;

        // The wrong name can be one word of the field's name, such as "negative" or "steps".
        RequestField[] longer = [.. All.Where(field => field.Name.Split('_').Contains(wanted, StringComparer.OrdinalIgnoreCase))];
        return longer.Length == 1 ? longer[0] : null;
    }

    /// <summary>True if a name is the API's or the parameter's, which PowerShell binds in any case.</summary>
    internal bool HasName(string name) => name.Equals(Name, StringComparison.OrdinalIgnoreCase) || name.Equals(ParameterName, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Reads a cell or a typed value. An empty value means "not given" and returns null; a damaged text is rejected.
    /// </summary>
    /// <exception cref="FaceGenException">The value is not one that the API allows.</exception>
    internal object? Read(object? raw) =>
        (raw as string ?? (raw as Uri)?.OriginalString ?? (raw as char?)?.ToString()) is { } text && DamagedText.DescribeDamage(text) is { } damage
            ? throw CreateInvalidErrorFor(damage)
            : ReadStored(raw);

    /// <summary>Reads a value that was validated when it was stored in a ledger, and accepts damaged text: a paid row must stay readable.</summary>
    /// <exception cref="FaceGenException">The value is not one that the API allows.</exception>
    internal object? ReadStored(object? raw) => raw switch
    {
        // NULL in a database is an empty cell.
        null or DBNull => null,
        string text when InvisibleCharacters.IsEmpty(text) => null,
        _ => _read(raw) ?? throw CreateInvalidError(raw),
    };

    /// <summary>Reads a required value.</summary>
    /// <exception cref="FaceGenException">The value is missing, or not one that the API allows.</exception>
    internal object Require(object? raw) => Read(raw) ?? throw CreateMissingError();

    /// <summary>Creates the error of a missing required value.</summary>
    internal FaceGenException CreateMissingError() => new(ErrorCode.RequestInvalid, $"{ParameterName} is required: it must be {Allowed}.");

    /// <summary>Creates the error of a value that the API does not allow.</summary>
    internal FaceGenException CreateInvalidError(object raw)
    {
        string shown = raw switch
        {
            string text => $"'{InvisibleCharacters.Escape(text, 60)}'",
            IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
            // These have no text of their own, or only the name of their type.
            IList => "several values",
            _ => raw.ToString() is { Length: > 0 } text ? text : $"a {raw.GetType().Name}",
        };
        FaceGenException refusal = CreateInvalidErrorFor(shown);
        return _isInteger && raw is string number && DamagedText.IsScientificNotation(number)
            ? new FaceGenException(refusal.Code, $"{refusal.Message} A spreadsheet such as Excel rounded it. Use a number format without decimals for the column, enter the number again, and save the file.")
            : refusal;
    }

    /// <summary>Creates the error of a value that the API does not allow.</summary>
    /// <param name="description">The value, as a phrase that follows "not".</param>
    internal FaceGenException CreateInvalidErrorFor(string description) => new(ErrorCode.RequestInvalid, $"{ParameterName} must be {Allowed}, not {description}.");

    /// <summary>Creates a text field. Its control characters, which a terminal would execute, are removed.</summary>
    private static RequestField Text(string name, string allowed) => new(name, allowed, value =>
        ToText(value) is { } text && DisplayText.RemoveControlCharacters(text) is { } shown && !InvisibleCharacters.IsEmpty(shown) ? shown : null);

    private static string? ToText(object value) =>
        value is string or char or Uri || (value is not bool && ToNumber(value) is not null)
            ? Convert.ToString(value, CultureInfo.InvariantCulture)
            : null;

    private static RequestField Integer(string name, int min, int max) => new(name, $"{min} to {max}",
        value => ToInteger(value) is { } number && number >= min && number <= max ? (int)number : null, isInteger: true);

    private static RequestField Number(string name, double min, double max) => new(name,
        string.Format(CultureInfo.InvariantCulture, "{0} to {1}", min, max),
        value => ToNumber(value) is { } number && number >= min && number <= max ? number : null);

    private static RequestField Boolean(string name) =>
        new(name, "true or false", value => ToBoolean(value), ["true", "false"]);

    private static RequestField Choice(string name, IReadOnlyList<string> choices) => new(name, FormatChoices(choices),
        value => choices.FirstOrDefault(c => c.Equals(InvisibleCharacters.Trim(value.ToString() ?? ""), StringComparison.OrdinalIgnoreCase)), choices);

    private static string FormatChoices<T>(IReadOnlyList<T> choices) =>
        $"{string.Join(", ", choices.Take(choices.Count - 1))} or {choices[choices.Count - 1]}";

    private static long? ToInteger(object value)
    {
        switch (value)
        {
            case string text:
                string trimmed = InvisibleCharacters.Trim(text);
                if (long.TryParse(trimmed, NumberStyles.Integer, CultureInfo.InvariantCulture, out long whole)) return whole;
                // A text in scientific notation is a rounded number.
                if (HasThousandsSeparator(trimmed) || trimmed.IndexOfAny(['e', 'E']) >= 0) return null;
                break;
            case decimal number:
                return decimal.Truncate(number) == number && number is >= long.MinValue and <= long.MaxValue ? (long)number : null;
            case ulong number:
                return number <= long.MaxValue ? (long)number : null;
            case BigInteger number:
                return number >= long.MinValue && number <= long.MaxValue ? (long)number : null;
            // A float does not represent every integer from 2^24 on.
            case float number when Math.Abs(number) >= 16777216:
                return null;
            case sbyte or byte or short or ushort or int or uint or long:
                return Convert.ToInt64(value, CultureInfo.InvariantCulture);
        }

        // A double does not represent every integer from 2^53 on.
        return ToNumber(value) is { } real && Math.Floor(real) == real && Math.Abs(real) < 9007199254740992 ? (long)real : null;
    }

    /// <summary>True if a text can be a number with a thousands separator, such as 1,000 or 1.000, which must not be read as 1.</summary>
    private static bool HasThousandsSeparator(string text) => text.Length > 4 && text[text.Length - 4] is ',' or '.';

    private static double? ToNumber(object value)
    {
        if (value is string text)
        {
            // No decimal field has values of a thousand or more, so a comma is the decimal separator of the spreadsheet's locale.
            string number = InvisibleCharacters.Trim(text);
            string point = number.IndexOf('.') < 0 ? number.Replace(',', '.') : number;
            return double.TryParse(point, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed)
                && !double.IsNaN(parsed) && !double.IsInfinity(parsed)
                ? parsed
                : null;
        }

        if (value is BigInteger big) return (double)big;

        return Type.GetTypeCode(value.GetType()) is >= TypeCode.SByte and <= TypeCode.Decimal
            ? Convert.ToDouble(value, CultureInfo.InvariantCulture)
            : null;
    }

    private static bool? ToBoolean(object value) => value switch
    {
        bool boolean => boolean,
        string text => InvisibleCharacters.Trim(text).ToUpperInvariant() switch
        {
            "TRUE" or "YES" or "1" => true,
            "FALSE" or "NO" or "0" => false,
            _ => null,
        },
        _ => ToNumber(value) switch { 1 => true, 0 => false, _ => null },
    };

    /// <summary>Returns an https address, or an http address of this computer, which only the emulator can reach; null otherwise.</summary>
    private static Uri? ToWebhook(object value)
    {
        Uri? address = value as Uri ?? (Uri.TryCreate(InvisibleCharacters.Trim(value.ToString() ?? ""), UriKind.Absolute, out Uri? read) ? read : null);
        return address is { IsAbsoluteUri: true }
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            ? address
            : null;
    }

    private static string RemoveSeparators(string name) =>
        InvisibleCharacters.Trim(name) is var visible && visible.Any(IsSeparator) ? string.Concat(visible.Where(c => !IsSeparator(c))) : visible;

    private static bool IsSeparator(char c) => c is '.' || InvisibleCharacters.IsInvisible(c)
        || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.DashPunctuation or UnicodeCategory.ConnectorPunctuation;

    /// <summary>Returns the number of insertions, deletions, substitutions and swaps of neighbors between two words (Damerau-Levenshtein).</summary>
    private static int GetEditDistance(string one, string other)
    {
        int[,] steps = new int[one.Length + 1, other.Length + 1];
        for (int i = 0; i <= one.Length; i++)
        {
            for (int j = 0; j <= other.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    steps[i, j] = i + j;
                    continue;
                }

                int changed = steps[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                steps[i, j] = Math.Min(changed, Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1);
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1]) steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
            }
        }

        return steps[one.Length, other.Length];
    }
}
