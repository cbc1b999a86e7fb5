using System.Globalization;
using System.Net;

namespace FaceGen.Http;

/// <summary>
/// Reads a text as a person, or a program, could come to read it: without characters that are not seen, and with several rounds
/// of percent-encoding, entities and backslash escapes undone, in any order and mixed.
/// </summary>
/// <remarks>
/// It reads once, from left to right, and keeps no more than an unfinished escape of each round, so that its time grows with the
/// length of the text alone. Each character that comes out knows where it stood in the text.
/// </remarks>
internal abstract class EscapeDecoder
{
    /// <summary>Three rounds of encoding, and one for what the service itself escapes.</summary>
    private const int MaxLayers = 4;

    /// <summary>The names of HTML 5 for what a key, or base64, can be made of; the framework knows those of HTML 4.</summary>
    private static readonly Dictionary<string, char> HtmlNames = new(StringComparer.Ordinal)
    {
        ["apos"] = '\'', ["ast"] = '*', ["bsol"] = '\\', ["colon"] = ':', ["comma"] = ',', ["commat"] = '@', ["dash"] = '-', ["dollar"] = '$',
        ["equals"] = '=', ["excl"] = '!', ["Hat"] = '^', ["hyphen"] = '-', ["lbrace"] = '{', ["lbrack"] = '[', ["lowbar"] = '_', ["lpar"] = '(',
        ["NewLine"] = '\n', ["num"] = '#', ["percnt"] = '%', ["period"] = '.', ["plus"] = '+', ["quest"] = '?', ["rbrace"] = '}', ["rbrack"] = ']',
        ["rpar"] = ')', ["semi"] = ';', ["sol"] = '/', ["Tab"] = '\t', ["verbar"] = '|', ["ZeroWidthSpace"] = '\u200B',
    };

    private readonly Layer[] _layers;
    private readonly bool _skipsWhiteSpace;

    /// <param name="skipsWhiteSpace">Whether white space is left out as well.</param>
    private protected EscapeDecoder(bool skipsWhiteSpace)
    {
        _skipsWhiteSpace = skipsWhiteSpace;
        _layers = new Layer[MaxLayers + 1];
        for (int at = 0; at <= MaxLayers; at++) _layers[at] = new Layer();
    }

    /// <summary>Reads a text of UTF-16.</summary>
    internal void Decode(string text)
    {
        for (int at = 0; at < text.Length; at++) AssembleCharacter(0, new CodeUnit(text[at], at, at + 1));
        Flush();
    }

    /// <summary>Reads a text of UTF-8.</summary>
    internal void Decode(byte[] text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            byte value = text[at];
            AssembleCharacter(0, new CodeUnit(value < 0x80 ? value : CodeUnit.FromByte(value), at, at + 1));
        }

        Flush();
    }

    /// <summary>Takes a character of the text before any round.</summary>
    private protected abstract void OnRawCharacter(int character, int start, int end);

    /// <summary>Takes a character when all rounds are done.</summary>
    private protected abstract void OnCharacter(int character, int start, int end);

    /// <summary>True if a text can have a character and still look as if it had not.</summary>
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
            // What is unfinished is not an escape; each try gives one character away.
            while (_layers[at].Pending.Count > 0) AbandonEscape(at);
        }
    }

    /// <summary>Makes characters of bytes and surrogates, and leaves out what is not seen.</summary>
    private void AssembleCharacter(int round, CodeUnit unit)
    {
        Layer state = _layers[round];
        if (unit.Value is >= 0 and < 0x80)
        {
            state.Lead = default;
            state.Missing = 0;
            ProcessVisible(round, unit);
            return;
        }

        if (unit.IsByte)
        {
            int value = unit.Byte;
            if (state.Missing > 0 && value is >= 0x80 and < 0xC0)
            {
                state.Lead = new CodeUnit((state.Lead.Value << 6) | (value & 0x3F), state.Lead.Start, unit.End);
                if (--state.Missing == 0 && state.Lead.Value is >= 0x80 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF)) ProcessVisible(round, state.Lead);
                return;
            }

            // A byte that belongs to no character is shown as none.
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
                ProcessVisible(round, new CodeUnit(char.ConvertToUtf32((char)state.Lead.Value, (char)unit.Value), state.Lead.Start, unit.End));
            state.Lead = default;
        }
        else
        {
            state.Lead = default;
            ProcessVisible(round, unit);
        }
    }

    private void ProcessVisible(int round, CodeUnit unit)
    {
        // White space first: line breaks and tabs are control characters as well.
        if (IsWhiteSpace(unit.Value) ? _skipsWhiteSpace : IsInvisible(unit.Value)) return;

        if (round == 0) OnRawCharacter(unit.Value, unit.Start, unit.End);
        Unescape(round, unit);
    }

    /// <summary>Takes a character into a round, which passes on what is not part of an escape, and what an escape means.</summary>
    private void Unescape(int round, CodeUnit unit)
    {
        for (; round < MaxLayers; round++)
        {
            if (_layers[round].Pending.Count > 0 || unit.Value is '%' or '\\' or '&')
            {
                AppendToEscape(round, unit);
                return;
            }
        }

        OnCharacter(unit.Value, unit.Start, unit.End);
    }

    private void AppendToEscape(int round, CodeUnit unit)
    {
        List<CodeUnit> pending = _layers[round].Pending;
        if (pending.Count == 0)
        {
            pending.Add(unit);
            return;
        }

        switch (pending[0].Value)
        {
            case '%': AppendToPercentEscape(round, unit); break;
            case '&': AppendToEntity(round, unit); break;
            default: AppendToBackslashEscape(round, unit); break;
        }
    }

    private void AppendToPercentEscape(int round, CodeUnit unit)
    {
        List<CodeUnit> pending = _layers[round].Pending;
        pending.Add(unit);
        if (GetHexValue(unit.Value) < 0) AbandonEscape(round);
        else if (pending.Count == 3) CompleteEscape(round, GetHexValue(pending[1].Value) * 16 + GetHexValue(unit.Value), isByte: true);
    }

    private void AppendToBackslashEscape(int round, CodeUnit unit)
    {
        List<CodeUnit> pending = _layers[round].Pending;
        if (pending.Count == 1)
        {
            if (unit.Value == '\\')
            {
                // JSON in JSON makes many of one.
                pending[0] = new CodeUnit('\\', pending[0].Start, unit.End);
                return;
            }

            pending.Add(unit);
            if (unit.Value is 'u' or 'x') return;

            CompleteEscape(round, unit.Value is 'n' or 'r' or 't' or 'b' or 'f' or '0' ? ' ' : unit.Value);
            return;
        }

        pending.Add(unit);
        int digits = pending[1].Value == 'u' ? 4 : 2;
        if (GetHexValue(unit.Value) < 0)
        {
            AbandonEscape(round);
        }
        else if (pending.Count == digits + 2)
        {
            int value = 0;
            for (int at = 2; at < pending.Count; at++) value = value * 16 + GetHexValue(pending[at].Value);
            CompleteEscape(round, value);
        }
    }

    private void AppendToEntity(int round, CodeUnit unit)
    {
        const int longest = 40;
        List<CodeUnit> pending = _layers[round].Pending;
        bool isOfName = pending.Count == 1 ? unit.Value == '#' || IsLetterOrDigit(unit.Value) : IsLetterOrDigit(unit.Value);
        pending.Add(unit);
        if (isOfName && pending.Count < longest) return;

        string name = string.Concat(pending.Skip(1).Take(pending.Count - 2).Select(part => (char)part.Value));
        int? meant = name.Length > 0 && name[0] == '#' ? ParseNumericEntity(name) : unit.Value == ';' ? FindNamedEntity(name) : null;
        if (isOfName || meant is null)
        {
            AbandonEscape(round);
            return;
        }

        // Browsers take a number without its semicolon, too.
        if (unit.Value != ';') pending.RemoveAt(pending.Count - 1);
        CompleteEscape(round, meant.Value);
        if (unit.Value != ';') Unescape(round, unit);
    }

    /// <summary>Returns the character of a numeric entity such as <c>#45</c> or <c>#x2D</c>; null where it is none.</summary>
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

    /// <summary>Gives on what the pending escape means.</summary>
    private void CompleteEscape(int round, int value, bool isByte = false)
    {
        List<CodeUnit> pending = _layers[round].Pending;
        var meant = new CodeUnit(isByte && value >= 0x80 ? CodeUnit.FromByte(value) : value, pending[0].Start, pending[pending.Count - 1].End);
        pending.Clear();
        AssembleCharacter(round + 1, meant);
    }

    /// <summary>What is pending is not an escape: passes its first character on, and takes the others anew. A backslash is left out.</summary>
    private void AbandonEscape(int round)
    {
        CodeUnit[] pending = [.. _layers[round].Pending];
        _layers[round].Pending.Clear();
        if (pending[0].Value != '\\') AssembleCharacter(round + 1, pending[0]);
        for (int at = 1; at < pending.Length; at++) Unescape(round, pending[at]);
    }

    /// <summary>A character, or a byte of one, and where it stands.</summary>
    private readonly record struct CodeUnit(int Value, int Start, int End)
    {
        internal bool IsByte => Value < 0;

        internal int Byte => -Value - 1;

        internal static int FromByte(int value) => -value - 1;
    }

    /// <summary>What a round has begun and not finished.</summary>
    private sealed class Layer
    {
        internal List<CodeUnit> Pending { get; } = [];

        /// <summary>The first half of a pair, or the bits of the bytes so far.</summary>
        internal CodeUnit Lead { get; set; }

        /// <summary>How many bytes the character still lacks.</summary>
        internal int Missing { get; set; }
    }
}
