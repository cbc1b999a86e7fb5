using System.Collections;
using System.Globalization;

namespace FaceGen.Contract;

/// <summary>
/// One field of the request as people write it: its names, how a cell or a typed value is read, and what the API
/// allows. Parameters, CSV cells and JSON values are all read here, so that each is judged, and refused, alike.
/// </summary>
internal sealed class RequestField
{
    private readonly Func<object, object?> _read;

    private RequestField(string name, string allowed, Func<object, object?> read, IEnumerable<string>? choices = null)
    {
        Choices = [.. choices ?? []];
        Name = name;
        Allowed = allowed;
        _read = read;
        ParameterName = CultureInfo.InvariantCulture.TextInfo.ToTitleCase(name.Replace('_', ' ')).Replace(" ", "");
    }

    internal static readonly RequestField Prompt = Text("prompt", "a text that is not empty");
    internal static readonly RequestField NegativePrompt = Text("negative_prompt", "a text");
    internal static readonly RequestField FaceImage = new("face_image", "a link, a file or base64", ToText);
    internal static readonly RequestField Width = Integer("width", Limits.MinSide, Limits.MaxWidth);
    internal static readonly RequestField Height = Integer("height", Limits.MinSide, Limits.MaxHeight);

    internal static readonly RequestField NumInferenceSteps =
        new("num_inference_steps", OneOf(Limits.NumInferenceSteps), value =>
            ToWholeNumber(value) is { } steps && Limits.NumInferenceSteps.Any(allowed => allowed == steps) ? (int)steps : null,
            Limits.NumInferenceSteps.Select(steps => steps.ToString(CultureInfo.InvariantCulture)));

    internal static readonly RequestField GuidanceScale =
        Number("guidance_scale", Limits.MinGuidanceScale, Limits.MaxGuidanceScale);

    internal static readonly RequestField SScale = Number("s_scale", Limits.MinSScale, Limits.MaxSScale);
    internal static readonly RequestField Samples = Integer("samples", Limits.MinSamples, Limits.MaxSamples);
    internal static readonly RequestField SafetyChecker = Boolean("safety_checker");
    internal static readonly RequestField SafetyCheckerType = Choice("safety_checker_type", Limits.SafetyCheckerTypes);
    internal static readonly RequestField Base64 = Boolean("base64");
    internal static readonly RequestField Style = Choice("style", Limits.Styles);
    internal static readonly RequestField Seed = new("seed", "a whole number", value => ToWholeNumber(value));
    internal static readonly RequestField Webhook = new("webhook", "an https address", value => ToWebhook(value));
    internal static readonly RequestField TrackId = new("track_id", "a whole number", value => ToWholeNumber(value));

    /// <summary>Every field, in the order of the API's reference.</summary>
    internal static readonly IReadOnlyList<RequestField> All =
    [
        Prompt, NegativePrompt, FaceImage, Width, Height, NumInferenceSteps, GuidanceScale, SScale, Samples,
        SafetyChecker, SafetyCheckerType, Base64, Style, Seed, Webhook, TrackId,
    ];

    private static readonly Dictionary<string, RequestField> ByName = All
        .SelectMany(field => new[] { field.Name, field.ParameterName }.Distinct(StringComparer.OrdinalIgnoreCase),
            (field, name) => (field, name))
        .ToDictionary(pair => pair.name, pair => pair.field, StringComparer.OrdinalIgnoreCase);

    /// <summary>The API's name, as in <c>num_inference_steps</c>.</summary>
    internal string Name { get; }

    /// <summary>The parameter's name, as in <c>NumInferenceSteps</c>.</summary>
    internal string ParameterName { get; }

    /// <summary>What the API allows, in words that follow "must be".</summary>
    internal string Allowed { get; }

    /// <summary>The values to choose from, where the API lists them.</summary>
    internal IReadOnlyList<string> Choices { get; }

    /// <summary>Whether it is a text of any words.</summary>
    internal bool IsText => this == Prompt || this == NegativePrompt;

    /// <summary>Finds a field by either of its names, in any case; null where the API has no such field.</summary>
    internal static RequestField? Find(string name) => ByName.TryGetValue(name.Trim(), out RequestField? field) ? field : null;

    /// <summary>Reads a cell or a typed value; an empty one means "not given" and reads as null.</summary>
    /// <exception cref="FaceGenException">The value is not one that the API allows.</exception>
    internal object? Read(object? raw) => raw switch
    {
        // A database's NULL is an empty cell.
        null or DBNull => null,
        string text when string.IsNullOrWhiteSpace(text) => null,
        _ => _read(raw) ?? throw Refuse(raw),
    };

    /// <summary>Reads a value that must be given.</summary>
    /// <exception cref="FaceGenException">It is missing, or not one that the API allows.</exception>
    internal object Require(object? raw) => Read(raw) ?? throw Missing();

    /// <summary>Says that the field must have a value.</summary>
    internal FaceGenException Missing() => new(ErrorCode.RequestInvalid, $"{ParameterName} is required: it must be {Allowed}.");

    /// <summary>Says that the field cannot have a value.</summary>
    internal FaceGenException Refuse(object raw)
    {
        string shown = raw switch
        {
            string text => $"'{DisplayText.Clean(text, 60)}'",
            IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
            // What says nothing of itself, or only its type.
            IList => "several values",
            _ => raw.ToString() is { Length: > 0 } said ? said : $"a {raw.GetType().Name}",
        };
        return new FaceGenException(ErrorCode.RequestInvalid, $"{ParameterName} must be {Allowed}, not {shown}.");
    }

    /// <summary>A text. Control characters mean nothing to the service and much to a terminal: they are left out.</summary>
    private static RequestField Text(string name, string allowed) => new(name, allowed, value =>
        ToText(value) is { } text && DisplayText.WithoutControls(text) is { } shown && !string.IsNullOrWhiteSpace(shown) ? shown : null);

    private static string? ToText(object value) =>
        value is string or char or Uri || (value is not bool && ToNumber(value) is not null)
            ? Convert.ToString(value, CultureInfo.InvariantCulture)
            : null;

    private static RequestField Integer(string name, int min, int max) => new(name, $"{min} to {max}",
        value => ToWholeNumber(value) is { } number && number >= min && number <= max ? (int)number : null);

    private static RequestField Number(string name, double min, double max) => new(name,
        string.Format(CultureInfo.InvariantCulture, "{0} to {1}", min, max),
        value => ToNumber(value) is { } number && number >= min && number <= max ? number : null);

    private static RequestField Boolean(string name) =>
        new(name, "true or false", value => ToBoolean(value), ["true", "false"]);

    private static RequestField Choice(string name, IReadOnlyList<string> choices) => new(name, OneOf(choices),
        value => choices.FirstOrDefault(c => c.Equals(value.ToString()?.Trim(), StringComparison.OrdinalIgnoreCase)), choices);

    private static string OneOf<T>(IReadOnlyList<T> choices) =>
        $"{string.Join(", ", choices.Take(choices.Count - 1))} or {choices[choices.Count - 1]}";

    private static long? ToWholeNumber(object value)
    {
        if (value is long typed) return typed;
        if (value is string text)
        {
            if (long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long whole)) return whole;
            if (MayGroupThousands(text.TrimEnd())) return null;
        }

        // From 2^53 on a double no longer holds every whole number.
        return ToNumber(value) is { } number && Math.Floor(number) == number && Math.Abs(number) < 9007199254740992
            ? (long)number
            : null;
    }

    /// <summary>Nobody shall pay for 1 of something where a sheet's 1,000 (or 1.000) was meant.</summary>
    private static bool MayGroupThousands(string text) => text.Length > 4 && text[text.Length - 4] is ',' or '.';

    private static double? ToNumber(object value)
    {
        if (value is string text)
        {
            // No value of the API reaches a thousand with decimals, so that a lone comma can only be the decimal
            // separator of the sheet's locale.
            string point = text.IndexOf('.') < 0 ? text.Replace(',', '.') : text;
            return double.TryParse(point, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed)
                && !double.IsNaN(parsed) && !double.IsInfinity(parsed)
                ? parsed
                : null;
        }

        return Type.GetTypeCode(value.GetType()) is >= TypeCode.SByte and <= TypeCode.Decimal
            ? Convert.ToDouble(value, CultureInfo.InvariantCulture)
            : null;
    }

    private static bool? ToBoolean(object value) => value switch
    {
        bool boolean => boolean,
        string text => text.Trim().ToUpperInvariant() switch
        {
            "TRUE" or "YES" or "1" => true,
            "FALSE" or "NO" or "0" => false,
            _ => null,
        },
        _ => ToNumber(value) switch { 1 => true, 0 => false, _ => null },
    };

    /// <summary>The service calls https alone; the emulator on this machine calls this machine as well.</summary>
    private static Uri? ToWebhook(object value)
    {
        Uri? address = value as Uri ?? (Uri.TryCreate(value.ToString(), UriKind.Absolute, out Uri? read) ? read : null);
        return address is { IsAbsoluteUri: true }
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            ? address
            : null;
    }
}
