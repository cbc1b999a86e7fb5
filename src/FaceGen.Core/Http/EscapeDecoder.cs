using System.Globalization;
using System.Net;

namespace FaceGen.Http;

/// <summary>
/// Decodes a text with several layers of percent-encoding, entities and backslash escapes, in any order and mixed, and skips
/// invisible characters.
/// </summary>
/// <remarks>
/// Decoding takes linear time: it reads from left to right once and stores only one unfinished escape per layer. Each decoded
/// character has its position in the text.
/// </remarks>
internal abstract class EscapeDecoder
{
    /// <summary>Three layers of encoding, and one more by the service.</summary>
    private const int MaxLayers = 4;

    /// <summary>The HTML 5 names of characters in keys and base64; <see cref="WebUtility"/> decodes those of HTML 4.</summary>
    private static readonly Dictionary<string, char> HtmlNames = new(StringComparer.Ordinal)
    {
        ["apos"] = '\'', ["ast"] = '*', ["bsol"] = '\\', ["colon"] = ':', ["comma"] = ',', ["commat"] = '@', ["dash"] = '-', ["dollar"] = '$',
        ["equals"] = '=', ["excl"] = '!', ["Hat"] = '^', ["hyphen"] = '-', ["lbrace"] = '{', ["lbrack"] = '[', ["lowbar"] = '_', ["lpar"] = '(',
        ["NewLine"] = '\n', ["num"] = '#', ["percnt"] = '%', ["period"] = '.', ["plus"] = '+', ["quest"] = '?', ["rbrace"] = '}', ["rbrack"] = ']',
        ["rpar"] = ')', ["semi"] = ';', ["sol"] = '/', ["Tab"] = '\t', ["verbar"] = '|', ["ZeroWidthSpace"] = '\u200B',
    };

    private readonly Layer[] _layers;
    private readonly bool _skipsWhiteSpace;

    /// <param name="skipsWhiteSpace">True to skip white space too.</param>
    private protected EscapeDecoder(bool skipsWhiteSpace)
    {
        _skipsWhiteSpace = skipsWhiteSpace;
        _layers = new Layer[MaxLayers + 1];
        for (int at = 0; at <= MaxLayers; at++) _layers[at] = new Layer();
    }

    /// <summary>Decodes UTF-16.</summary>
    internal void Decode(string text)
    {
        for (int at = 0; at < text.Length; at++) AssembleCharacter(0, new CodeUnit(text[at], at, at + 1));
        Flush();
    }

    /// <summary>Decodes UTF-8.</summary>
    internal void Decode(byte[] text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            byte value = text[at];
            AssembleCharacter(0, new CodeUnit(value < 0x80 ? value : CodeUnit.FromByte(value), at, at + 1));
        }

        Flush();
    }

    /// <summary>Receives a character before any layer is decoded.</summary>
    private protected abstract void OnRawCharacter(int character, int start, int end);

    /// <summary>Receives a character after all layers are decoded.</summary>
    private protected abstract void OnCharacter(int character, int start, int end);

    /// <summary>True if a character is invisible.</summary>
    private static bool IsInvisible(int character) => character < 0x80
        ? character < ' ' || character == 0x7F
        : character is 0x00A0 or 0x115F or 0x1160 or 0x2800 or 0x3164 or 0xFFA0 or 0xFFFD
            || (character & 0xFFFE) == 0xFFFE
            || GetCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.EnclosingMark or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned;

    private static bool IsWhiteSpace(int character) => character <= char.MaxValue && char.IsWhiteSpace((char)character);

    private static UnicodeCategory GetCategory(int character) => character <= char.MaxValue
        ? CharUnicodeInfo.GetUnicodeCategory((char)character)
        : CharUnicodeInfo.GetUnicodeCategory(char.ConvertFromUtf32(character), 0);

    private static int GetHexValue(int character) => character switch
    {
        >= '0' and <= '9' => character - '0',
        >= 'a' and <= 'f' => character - 'a' + 10,
        >= 'A' and <= 'F' => character - 'A' + 10,
        _ => -1,
    };

    private void Flush()
    {
        for (int at = 0; at <= MaxLayers; at++)
        {
            // An unfinished escape is plain text; each call passes one character on.
            while (_layers[at].Pending.Count > 0) AbandonEscape(at);
        }
    }

    /// <summary>Assembles bytes and surrogates to characters.</summary>
    private void AssembleCharacter(int layer, CodeUnit unit)
    {
        Layer state = _layers[layer];
        if (unit.Value is >= 0 and < 0x80)
        {
            state.Lead = default;
            state.Missing = 0;
            ProcessVisible(layer, unit);
            return;
        }

        if (unit.IsByte)
        {
            int value = unit.Byte;
            if (state.Missing > 0 && value is >= 0x80 and < 0xC0)
            {
                state.Lead = new CodeUnit((state.Lead.Value << 6) | (value & 0x3F), state.Lead.Start, unit.End);
                if (--state.Missing == 0 && state.Lead.Value is >= 0x80 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF)) ProcessVisible(layer, state.Lead);
                return;
            }

            // A byte that is not part of a character is skipped.
            (int missing, int bits) = value switch
            {
                >= 0xC2 and < 0xE0 => (1, value & 0x1F),
                >= 0xE0 and < 0xF0 => (2, value & 0x0F),
                >= 0xF0 and < 0xF5 => (3, value & 0x07),
                _ => (0, 0),
            };
            state.Missing = missing;
            state.Lead = new CodeUnit(bits, unit.Start, unit.End);
            return;
        }

        state.Missing = 0;
        if (unit.Value is >= 0xD800 and < 0xDC00)
        {
            state.Lead = unit;
        }
        else if (unit.Value is >= 0xDC00 and <= 0xDFFF)
        {
            if (state.Lead.Value is >= 0xD800 and < 0xDC00)
                ProcessVisible(layer, new CodeUnit(char.ConvertToUtf32((char)state.Lead.Value, (char)unit.Value), state.Lead.Start, unit.End));
            state.Lead = default;
        }
        else
        {
            state.Lead = default;
            ProcessVisible(layer, unit);
        }
    }

    private void ProcessVisible(int layer, CodeUnit unit)
    {
        // White space is tested first because line breaks and tabs are control characters too.
        if (IsWhiteSpace(unit.Value) ? _skipsWhiteSpace : IsInvisible(unit.Value)) return;

        if (layer == 0) OnRawCharacter(unit.Value, unit.Start, unit.End);
        Unescape(layer, unit);
    }

    /// <summary>Passes a character through the layers until one of them has it in an escape.</summary>
    private void Unescape(int layer, CodeUnit unit)
    {
        for (; layer < MaxLayers; layer++)
        {
            if (_layers[layer].Pending.Count > 0 || unit.Value is '%' or '\\' or '&')
            {
                AppendToEscape(layer, unit);
                return;
            }
        }

        OnCharacter(unit.Value, unit.Start, unit.End);
    }

    private void AppendToEscape(int layer, CodeUnit unit)
    {
        List<CodeUnit> pending = _layers[layer].Pending;
        if (pending.Count == 0)
        {
            pending.Add(unit);
            return;
        }

        switch (pending[0].Value)
        {
            case '%': AppendToPercentEscape(layer, unit); break;
            case '&': AppendToEntity(layer, unit); break;
            default: AppendToBackslashEscape(layer, unit); break;
        }
    }

    private void AppendToPercentEscape(int layer, CodeUnit unit)
    {
        List<CodeUnit> pending = _layers[layer].Pending;
        pending.Add(unit);
        if (GetHexValue(unit.Value) < 0) AbandonEscape(layer);
        else if (pending.Count == 3) CompleteEscape(layer, GetHexValue(pending[1].Value) * 16 + GetHexValue(unit.Value), isByte: true);
    }

    private void AppendToBackslashEscape(int layer, CodeUnit unit)
    {
        List<CodeUnit> pending = _layers[layer].Pending;
        if (pending.Count == 1)
        {
            if (unit.Value == '\\')
            {
                // JSON inside JSON has several backslashes for one.
                pending[0] = new CodeUnit('\\', pending[0].Start, unit.End);
                return;
            }

            pending.Add(unit);
            if (unit.Value is 'u' or 'x') return;

            CompleteEscape(layer, unit.Value is 'n' or 'r' or 't' or 'b' or 'f' or '0' ? ' ' : unit.Value);
            return;
        }

        pending.Add(unit);
        int digits = pending[1].Value == 'u' ? 4 : 2;
        if (GetHexValue(unit.Value) < 0)
        {
            AbandonEscape(layer);
        }
        else if (pending.Count == digits + 2)
        {
            int value = 0;
            for (int at = 2; at < pending.Count; at++) value = value * 16 + GetHexValue(pending[at].Value);
            CompleteEscape(layer, value);
        }
    }

    private void AppendToEntity(int layer, CodeUnit unit)
    {
        const int longest = 40;
        List<CodeUnit> pending = _layers[layer].Pending;
        bool isPartOfName = pending.Count == 1 ? unit.Value == '#' || IsLetterOrDigit(unit.Value) : IsLetterOrDigit(unit.Value);
        pending.Add(unit);
        if (isPartOfName && pending.Count < longest) return;

        string name = string.Concat(pending.Skip(1).Take(pending.Count - 2).Select(part => (char)part.Value));
        int? character = name.Length > 0 && name[0] == '#' ? ParseNumericEntity(name) : unit.Value == ';' ? FindNamedEntity(name) : null;
        if (isPartOfName || character is null)
        {
            AbandonEscape(layer);
            return;
        }

        // Browsers accept a numeric entity without its semicolon.
        if (unit.Value != ';') pending.RemoveAt(pending.Count - 1);
        CompleteEscape(layer, character.Value);
        if (unit.Value != ';') Unescape(layer, unit);
    }

    /// <summary>Returns the character of a numeric entity such as <c>#45</c> or <c>#x2D</c>; null if it is invalid.</summary>
    private static int? ParseNumericEntity(string name)
    {
        bool isHex = name.Length > 1 && name[1] is 'x' or 'X';
        string digits = name.Substring(isHex ? 2 : 1).TrimStart('0');
        if (digits.Length == 0) return name.Length > (isHex ? 2 : 1) ? 0 : null;

        return digits.Length <= 7
            && int.TryParse(digits, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= 0x10FFFF
            ? value
            : null;
    }

    private static int? FindNamedEntity(string name) => HtmlNames.TryGetValue(name, out char known) ? known
        : WebUtility.HtmlDecode($"&{name};") is { Length: 1 } decoded ? decoded[0]
        : null;

    private static bool IsLetterOrDigit(int character) => character is (>= '0' and <= '9') or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');

    /// <summary>Passes on the character of the pending escape.</summary>
    private void CompleteEscape(int layer, int value, bool isByte = false)
    {
        List<CodeUnit> pending = _layers[layer].Pending;
        var character = new CodeUnit(isByte && value >= 0x80 ? CodeUnit.FromByte(value) : value, pending[0].Start, pending[pending.Count - 1].End);
        pending.Clear();
        AssembleCharacter(layer + 1, character);
    }

    /// <summary>Passes on the first pending character, which is not an escape, and decodes the others again. A backslash is skipped.</summary>
    private void AbandonEscape(int layer)
    {
        CodeUnit[] pending = [.. _layers[layer].Pending];
        _layers[layer].Pending.Clear();
        if (pending[0].Value != '\\') AssembleCharacter(layer + 1, pending[0]);
        for (int at = 1; at < pending.Length; at++) Unescape(layer, pending[at]);
    }

    /// <summary>Represents a character, or a byte of one, and its position.</summary>
    private readonly record struct CodeUnit(int Value, int Start, int End)
    {
        internal bool IsByte => Value < 0;

        internal int Byte => -Value - 1;

        internal static int FromByte(int value) => -value - 1;
    }

    /// <summary>Represents the state of a layer.</summary>
    private sealed class Layer
    {
        internal List<CodeUnit> Pending { get; } = [];

        /// <summary>Gets or sets the first surrogate of a pair, or the bits of the bytes so far.</summary>
        internal CodeUnit Lead { get; set; }

        /// <summary>Gets or sets the number of missing bytes of the character.</summary>
        internal int Missing { get; set; }
    }
}
