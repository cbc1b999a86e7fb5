using System.Collections;
using System.Globalization;
using System.Numerics;

namespace FaceGen.Contract;

/// <summary>
/// Reads the value of a field: a parameter, a cell of a CSV or a JSON value, so that the same rules apply to each. An empty value,
/// or the text "null" of a field that is not a free text, means "not given". A face image is read as text here; <see cref="FaceImageReader"/> converts it.
/// </summary>
internal static class FieldReader
{
    /// <summary>Returns the value of a field; null if it is not given. A damaged text is rejected.</summary>
    /// <exception cref="FaceGenException">The value is not one that the API allows.</exception>
    internal static object? Read(this RequestField field, object? raw)
    {
        object? value = field.Convert(raw);
        return value is null || field.IsAllowed(value) ? value : throw field.CreateInvalidError(raw!);
    }

    /// <summary>Returns a value in the field's type, within the API's range or not; null if it is not given. A damaged text is rejected.</summary>
    /// <exception cref="FaceGenException">The value cannot be converted.</exception>
    internal static object? Convert(this RequestField field, object? raw) =>
        (raw as string ?? (raw as Uri)?.OriginalString ?? (raw as char?)?.ToString()) is { } text && DamagedText.DescribeDamage(text) is { } damage
            ? throw field.CreateInvalidErrorFor(damage)
            : field.ConvertStored(raw);

    /// <summary>Returns a value that was validated when it was stored in a ledger, also a damaged text: a paid row must stay readable.</summary>
    /// <exception cref="FaceGenException">The value is not one that the API allows.</exception>
    internal static object? ReadStored(this RequestField field, object? raw)
    {
        object? value = field.ConvertStored(raw);
        return value is null || field.IsAllowed(value) ? value : throw field.CreateInvalidError(raw!);
    }

    /// <summary>Returns the value of a required field.</summary>
    /// <exception cref="FaceGenException">The value is missing, or not one that the API allows.</exception>
    internal static object Require(this RequestField field, object? raw) => field.Read(raw) ?? throw field.CreateMissingError();

    /// <summary>True if a converted value is in the API's range.</summary>
    internal static bool IsAllowed(this RequestField field, object value) => value switch
    {
        Uri address => address.Scheme == Uri.UriSchemeHttps
            // Only the emulator can reach an http address of this machine.
            || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback),
        _ when field.Choices.Count > 0 => field.Choices.Contains(System.Convert.ToString(value, CultureInfo.InvariantCulture)),
        int or long => !(System.Convert.ToInt64(value, CultureInfo.InvariantCulture) is var number && (number < field.Minimum || number > field.Maximum)),
        double number => !(number < field.Minimum || number > field.Maximum),
        _ => true,
    };

    /// <summary>Creates the error of a missing required value.</summary>
    internal static FaceGenException CreateMissingError(this RequestField field) =>
        new(ErrorCode.RequestInvalid, $"{field.ParameterName} is required: it must be {field.Allowed}.");

    /// <summary>Creates the error of a value that the API does not allow.</summary>
    internal static FaceGenException CreateInvalidError(this RequestField field, object raw)
    {
        string shown = raw switch
        {
            string text => $"'{InvisibleCharacters.Escape(text, 60)}'",
            IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
            // These have no text of their own, or only the name of their type.
            IList => "several values",
            _ => raw.ToString() is { Length: > 0 } text ? text : $"a {raw.GetType().Name}",
        };
        FaceGenException error = field.CreateInvalidErrorFor(shown);
        return field.Kind is FieldKind.Integer or FieldKind.Identifier && raw is string number && DamagedText.IsScientificNotation(number)
            ? new FaceGenException(error.Code, $"{error.Message} A spreadsheet such as Excel rounded it. Use a number format without decimals for the column, enter the number again, and save the file.")
            : error;
    }

    /// <summary>Creates the error of a value that the API does not allow.</summary>
    /// <param name="field">The field.</param>
    /// <param name="description">The value, as a phrase that follows "not".</param>
    internal static FaceGenException CreateInvalidErrorFor(this RequestField field, string description) =>
        new(ErrorCode.RequestInvalid, $"{field.ParameterName} must be {field.Allowed}, not {description}.");

    private static object? ConvertStored(this RequestField field, object? raw) => raw switch
    {
        // NULL in a database is an empty cell.
        null or DBNull => null,
        string text when InvisibleCharacters.IsEmpty(text) => null,
        // A published example sends "null" for an optional field. A prompt can be this word.
        string text when field.Kind != FieldKind.Text && InvisibleCharacters.Trim(text).Equals("null", StringComparison.OrdinalIgnoreCase) => null,
        // The value was converted before, which failed.
        FaceGenException error => throw error,
        _ => field.ToType(raw) ?? throw field.CreateInvalidError(raw),
    };

    /// <summary>Returns a value in the field's type; null if it cannot be converted.</summary>
    private static object? ToType(this RequestField field, object raw) => field.Kind switch
    {
        // Control characters, which a terminal would execute, are removed.
        FieldKind.Text => ToShownText(raw),
        FieldKind.Image => ToText(raw),
        FieldKind.Integer => ToInteger(raw) is not { } number ? null
            // Fields with a documented range fit 32 bits.
            : field.Maximum is null && field.Choices.Count == 0 ? number
            : number is >= int.MinValue and <= int.MaxValue ? (int)number
            : null,
        FieldKind.Number => ToNumber(raw),
        FieldKind.Boolean => ToBoolean(raw),
        FieldKind.Choice => InvisibleCharacters.Trim(raw.ToString() ?? "") is var word
            ? field.Choices.FirstOrDefault(choice => choice.Equals(word, StringComparison.OrdinalIgnoreCase)) ?? word
            : null,
        FieldKind.Identifier => ToIdentifier(raw),
        _ => ToAddress(raw),
    };

    private static string? ToShownText(object value) =>
        ToText(value) is { } text && DisplayText.RemoveControlCharacters(text) is { } shown && !InvisibleCharacters.IsEmpty(shown) ? shown : null;

    /// <summary>Returns an identifier as text: without the decimals with which a spreadsheet writes a whole number, but with leading zeros.</summary>
    private static string? ToIdentifier(object value)
    {
        if (value is not string && ToInteger(value) is { } whole) return whole.ToString(CultureInfo.InvariantCulture);
        if (ToShownText(value) is not { } shown || DamagedText.IsScientificNotation(shown)) return null;

        string text = InvisibleCharacters.Trim(shown);
        return text.IndexOfAny(['.', ',']) >= 0 && ToInteger(text) is { } number ? number.ToString(CultureInfo.InvariantCulture) : text;
    }

    private static Uri? ToAddress(object value) => value is Uri given ? (given.IsAbsoluteUri ? given : null)
        : Uri.TryCreate(InvisibleCharacters.Trim(value.ToString() ?? ""), UriKind.Absolute, out Uri? read) ? read
        : null;

    private static string? ToText(object value) =>
        value is string or char or Uri || (value is not bool && ToNumber(value) is not null)
            ? System.Convert.ToString(value, CultureInfo.InvariantCulture)
            : null;

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
                return System.Convert.ToInt64(value, CultureInfo.InvariantCulture);
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
            return double.TryParse(point, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed) && IsFinite(parsed) ? parsed : null;
        }

        if (value is BigInteger big) return (double)big;

        return Type.GetTypeCode(value.GetType()) is >= TypeCode.SByte and <= TypeCode.Decimal
            && System.Convert.ToDouble(value, CultureInfo.InvariantCulture) is var real && IsFinite(real) ? real : null;
    }

    private static bool IsFinite(double number) => !double.IsNaN(number) && !double.IsInfinity(number);

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
}
