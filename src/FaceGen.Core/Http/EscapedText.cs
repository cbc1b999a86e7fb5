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
internal abstract class EscapedText
{
    /// <summary>Three rounds of encoding, and one for what the service itself escapes.</summary>
    private const int Rounds = 4;

    /// <summary>The names of HTML 5 for what a key, or base64, can be made of; the framework knows those of HTML 4.</summary>
    private static readonly Dictionary<string, char> HtmlNames = new(StringComparer.Ordinal)
    {
        ["apos"] = '\'', ["ast"] = '*', ["bsol"] = '\\', ["colon"] = ':', ["comma"] = ',', ["commat"] = '@', ["dash"] = '-', ["dollar"] = '$',
        ["equals"] = '=', ["excl"] = '!', ["Hat"] = '^', ["hyphen"] = '-', ["lbrace"] = '{', ["lbrack"] = '[', ["lowbar"] = '_', ["lpar"] = '(',
        ["NewLine"] = '\n', ["num"] = '#', ["percnt"] = '%', ["period"] = '.', ["plus"] = '+', ["quest"] = '?', ["rbrace"] = '}', ["rbrack"] = ']',
        ["rpar"] = ')', ["semi"] = ';', ["sol"] = '/', ["Tab"] = '\t', ["verbar"] = '|', ["ZeroWidthSpace"] = '\u200B',
    };

    private readonly Round[] _rounds;
    private readonly bool _dropsWhiteSpace;

    /// <param name="dropsWhiteSpace">Whether white space is left out as well.</param>
    private protected EscapedText(bool dropsWhiteSpace)
    {
        _dropsWhiteSpace = dropsWhiteSpace;
        _rounds = new Round[Rounds + 1];
        for (int at = 0; at <= Rounds; at++) _rounds[at] = new Round();
    }

    /// <summary>Reads a text of UTF-16.</summary>
    internal void Read(string text)
    {
        for (int at = 0; at < text.Length; at++) Assemble(0, new Unit(text[at], at, at + 1));
        Finish();
    }

    /// <summary>Reads a text of UTF-8.</summary>
    internal void Read(byte[] text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            byte value = text[at];
            Assemble(0, new Unit(value < 0x80 ? value : Unit.OfByte(value), at, at + 1));
        }

        Finish();
    }

    /// <summary>Takes a character of the text before any round.</summary>
    private protected abstract void TakeRaw(int character, int start, int end);

    /// <summary>Takes a character when all rounds are done.</summary>
    private protected abstract void Take(int character, int start, int end);

    /// <summary>True if a text can have a character and still look as if it had not.</summary>
    private static bool IsUnseen(int character) => character < 0x80
        ? character < ' ' || character == 0x7F
        : character is 0x00A0 or 0x115F or 0x1160 or 0x2800 or 0x3164 or 0xFFA0 or 0xFFFD
            || (character & 0xFFFE) == 0xFFFE
            || CategoryOf(character) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.EnclosingMark or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned;

    private static bool IsWhiteSpace(int character) => character <= char.MaxValue && char.IsWhiteSpace((char)character);

    private static UnicodeCategory CategoryOf(int character) => character <= char.MaxValue
        ? CharUnicodeInfo.GetUnicodeCategory((char)character)
        : CharUnicodeInfo.GetUnicodeCategory(char.ConvertFromUtf32(character), 0);

    private static int HexOf(int character) => character switch
    {
        >= '0' and <= '9' => character - '0',
        >= 'a' and <= 'f' => character - 'a' + 10,
        >= 'A' and <= 'F' => character - 'A' + 10,
        _ => -1,
    };

    private void Finish()
    {
        for (int at = 0; at <= Rounds; at++)
        {
            // What is unfinished is not an escape; each try gives one character away.
            while (_rounds[at].Pending.Count > 0) GiveUp(at);
        }
    }

    /// <summary>Makes characters of bytes and surrogates, and leaves out what is not seen.</summary>
    private void Assemble(int round, Unit unit)
    {
        Round state = _rounds[round];
        if (unit.Value is >= 0 and < 0x80)
        {
            state.Lead = default;
            state.Missing = 0;
            TakeSeen(round, unit);
            return;
        }

        if (unit.IsByte)
        {
            int value = unit.Byte;
            if (state.Missing > 0 && value is >= 0x80 and < 0xC0)
            {
                state.Lead = new Unit((state.Lead.Value << 6) | (value & 0x3F), state.Lead.Start, unit.End);
                if (--state.Missing == 0 && state.Lead.Value is >= 0x80 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF)) TakeSeen(round, state.Lead);
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
            state.Lead = new Unit(bits, unit.Start, unit.End);
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
                TakeSeen(round, new Unit(char.ConvertToUtf32((char)state.Lead.Value, (char)unit.Value), state.Lead.Start, unit.End));
            state.Lead = default;
        }
        else
        {
            state.Lead = default;
            TakeSeen(round, unit);
        }
    }

    private void TakeSeen(int round, Unit unit)
    {
        // White space first: line breaks and tabs are control characters as well.
        if (IsWhiteSpace(unit.Value) ? _dropsWhiteSpace : IsUnseen(unit.Value)) return;

        if (round == 0) TakeRaw(unit.Value, unit.Start, unit.End);
        Unescape(round, unit);
    }

    /// <summary>Takes a character into a round, which passes on what is not part of an escape, and what an escape means.</summary>
    private void Unescape(int round, Unit unit)
    {
        for (; round < Rounds; round++)
        {
            if (_rounds[round].Pending.Count > 0 || unit.Value is '%' or '\\' or '&')
            {
                Pend(round, unit);
                return;
            }
        }

        Take(unit.Value, unit.Start, unit.End);
    }

    private void Pend(int round, Unit unit)
    {
        List<Unit> pending = _rounds[round].Pending;
        if (pending.Count == 0)
        {
            pending.Add(unit);
            return;
        }

        switch (pending[0].Value)
        {
            case '%': PendPercent(round, unit); break;
            case '&': PendEntity(round, unit); break;
            default: PendBackslash(round, unit); break;
        }
    }

    private void PendPercent(int round, Unit unit)
    {
        List<Unit> pending = _rounds[round].Pending;
        pending.Add(unit);
        if (HexOf(unit.Value) < 0) GiveUp(round);
        else if (pending.Count == 3) Resolve(round, HexOf(pending[1].Value) * 16 + HexOf(unit.Value), isByte: true);
    }

    private void PendBackslash(int round, Unit unit)
    {
        List<Unit> pending = _rounds[round].Pending;
        if (pending.Count == 1)
        {
            if (unit.Value == '\\')
            {
                // JSON in JSON makes many of one.
                pending[0] = new Unit('\\', pending[0].Start, unit.End);
                return;
            }

            pending.Add(unit);
            if (unit.Value is 'u' or 'x') return;

            Resolve(round, unit.Value is 'n' or 'r' or 't' or 'b' or 'f' or '0' ? ' ' : unit.Value);
            return;
        }

        pending.Add(unit);
        int digits = pending[1].Value == 'u' ? 4 : 2;
        if (HexOf(unit.Value) < 0)
        {
            GiveUp(round);
        }
        else if (pending.Count == digits + 2)
        {
            int value = 0;
            for (int at = 2; at < pending.Count; at++) value = value * 16 + HexOf(pending[at].Value);
            Resolve(round, value);
        }
    }

    private void PendEntity(int round, Unit unit)
    {
        const int longest = 40;
        List<Unit> pending = _rounds[round].Pending;
        bool isOfName = pending.Count == 1 ? unit.Value == '#' || IsLetterOrDigit(unit.Value) : IsLetterOrDigit(unit.Value);
        pending.Add(unit);
        if (isOfName && pending.Count < longest) return;

        string name = string.Concat(pending.Skip(1).Take(pending.Count - 2).Select(part => (char)part.Value));
        int? meant = name.Length > 0 && name[0] == '#' ? NumberOf(name) : unit.Value == ';' ? NamedCharacter(name) : null;
        if (isOfName || meant is null)
        {
            GiveUp(round);
            return;
        }

        // Browsers take a number without its semicolon, too.
        if (unit.Value != ';') pending.RemoveAt(pending.Count - 1);
        Resolve(round, meant.Value);
        if (unit.Value != ';') Unescape(round, unit);
    }

    /// <summary>Returns the character of a numeric entity such as <c>#45</c> or <c>#x2D</c>; null where it is none.</summary>
    private static int? NumberOf(string name)
    {
        bool isHex = name.Length > 1 && name[1] is 'x' or 'X';
        string digits = name.Substring(isHex ? 2 : 1).TrimStart('0');
        if (digits.Length == 0) return name.Length > (isHex ? 2 : 1) ? 0 : null;

        return digits.Length <= 7
            && int.TryParse(digits, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= 0x10FFFF
            ? value
            : null;
    }

    private static int? NamedCharacter(string name) => HtmlNames.TryGetValue(name, out char known) ? known
        : WebUtility.HtmlDecode($"&{name};") is { Length: 1 } decoded ? decoded[0]
        : null;

    private static bool IsLetterOrDigit(int character) => character is (>= '0' and <= '9') or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');

    /// <summary>Gives on what the pending escape means.</summary>
    private void Resolve(int round, int value, bool isByte = false)
    {
        List<Unit> pending = _rounds[round].Pending;
        var meant = new Unit(isByte && value >= 0x80 ? Unit.OfByte(value) : value, pending[0].Start, pending[pending.Count - 1].End);
        pending.Clear();
        Assemble(round + 1, meant);
    }

    /// <summary>What is pending is not an escape: passes its first character on, and takes the others anew. A backslash is left out.</summary>
    private void GiveUp(int round)
    {
        Unit[] pending = [.. _rounds[round].Pending];
        _rounds[round].Pending.Clear();
        if (pending[0].Value != '\\') Assemble(round + 1, pending[0]);
        for (int at = 1; at < pending.Length; at++) Unescape(round, pending[at]);
    }

    /// <summary>A character, or a byte of one, and where it stands.</summary>
    private readonly record struct Unit(int Value, int Start, int End)
    {
        internal bool IsByte => Value < 0;

        internal int Byte => -Value - 1;

        internal static int OfByte(int value) => -value - 1;
    }

    /// <summary>What a round has begun and not finished.</summary>
    private sealed class Round
    {
        internal List<Unit> Pending { get; } = [];

        /// <summary>The first half of a pair, or the bits of the bytes so far.</summary>
        internal Unit Lead { get; set; }

        /// <summary>How many bytes the character still lacks.</summary>
        internal int Missing { get; set; }
    }
}
