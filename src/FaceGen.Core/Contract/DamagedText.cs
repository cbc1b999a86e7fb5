using System.Text.RegularExpressions;

namespace FaceGen.Contract;

/// <summary>Finds text that was damaged on its way from the user: by a decoder, by a failed formula, or by the width of a column.</summary>
internal static class DamagedText
{
    private const RegexOptions Options = RegexOptions.CultureInvariant;

    /// <summary>
    /// A cell that holds an error value and nothing else. Excel, LibreOffice and Google Sheets write them in the user's
    /// language, in upper case between # and ! or ?; those without an end mark are listed.
    /// </summary>
    private static readonly Regex FormulaError = new(
        @"^(?:#[¡¿]?\p{Lu}[\p{Lu}\p{M}\p{Pc}/0]*[!?]"
        + @"|#N/A(?: .*)?|#N/D|#NV|#N/B|#N/V|#I/T|#I/B|#YOK|#Н/Д|#Н/П|#SAKNAS|#HIÁNYZIK|#NENÍ_K_DISPOZICI|#NEDOSTUPNÝ|#NIET_BESCHIKBAAR|#LADE_DATEN"
        + @"|#\p{Lu}+_[\p{Lu}_]+|#(?:CALC|SPILL|FIELD|BUSY|BLOCKED|CONNECT|UNKNOWN|EXTERNAL|PYTHON|TIMEOUT)"
        + @"|(?:Err|Fehler|Erreur|Errore|Fout|Error) ?: ?\d{3})$", Options);

    /// <summary>What a sheet shows, and saves as text, where a column is too narrow for a number.</summary>
    private static readonly Regex NarrowColumn = new("^#{3,}$", Options);

    private static readonly Regex ScientificNotation = new(@"^[+-]?\d+(?:[.,]\d*)?\s*[eE]\s*[+-]?\d+$", Options);

    /// <summary>Returns what is wrong with a text, in words that follow "must be …, not"; null for a sound text.</summary>
    internal static string? DescribeDamage(string text)
    {
        if (text.Contains('\uFFFD')) return "a text with bytes that are not UTF-8 (save the file as UTF-8)";
        if (text.Contains('\0')) return "a text with the character NUL (save the file as UTF-8)";
        if (HasLoneSurrogate(text)) return "a text with half of a surrogate pair";
        if (text.Length > 100 || text.IndexOfAny(['#', ':']) < 0) return null;

        string cell = InvisibleCharacters.Trim(text);
        return FormulaError.IsMatch(cell) ? $"'{InvisibleCharacters.Escape(cell, 60)}', the error value of a spreadsheet's formula (correct the formula, and save the file again)"
            : NarrowColumn.IsMatch(cell) ? $"'{InvisibleCharacters.Escape(cell, 20)}', which a spreadsheet shows where a column is too narrow (widen the column, and save the file again)"
            : null;
    }

    /// <summary>True for a number such as <c>1.23E+12</c>, of which a spreadsheet may have kept the first digits only.</summary>
    internal static bool IsScientificNotation(string text) => ScientificNotation.IsMatch(InvisibleCharacters.Trim(text));

    private static bool HasLoneSurrogate(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[++i])) return true;
        }

        return false;
    }
}
