using System.Text.RegularExpressions;

namespace FaceGen.Contract;

/// <summary>Detects text that was damaged before it was read: by a wrong encoding, a failed formula, or a narrow column.</summary>
internal static class DamagedText
{
    private const RegexOptions Options = RegexOptions.CultureInvariant;

    /// <summary>
    /// Matches a cell that is an error value. Excel, LibreOffice and Google Sheets write them in the user's language, in upper
    /// case between # and ! or ?; those without an end mark are listed.
    /// </summary>
    private static readonly Regex FormulaError = new(
        @"^(?:#[¡¿]?\p{Lu}[\p{Lu}\p{M}\p{Pc}/0]*[!?]"
        + @"|#N/A(?: .*)?|#N/D|#NV|#N/B|#N/V|#I/T|#I/B|#YOK|#Н/Д|#Н/П|#SAKNAS|#HIÁNYZIK|#NENÍ_K_DISPOZICI|#NEDOSTUPNÝ|#NIET_BESCHIKBAAR|#LADE_DATEN"
        + @"|#\p{Lu}+_[\p{Lu}_]+|#(?:CALC|SPILL|FIELD|BUSY|BLOCKED|CONNECT|UNKNOWN|EXTERNAL|PYTHON|TIMEOUT)"
        + @"|(?:Err|Fehler|Erreur|Errore|Fout|Error) ?: ?\d{3})$", Options);

    /// <summary>Matches what a spreadsheet shows, and saves as text, if a column is too narrow for a number.</summary>
    private static readonly Regex NarrowColumn = new("^#{3,}$", Options);

    private static readonly Regex ScientificNotation = new(@"^[+-]?\d+(?:[.,]\d*)?\s*[eE]\s*[+-]?\d+$", Options);

    /// <summary>Returns the damage of a text, as a phrase that follows "must be …, not"; null if the text is not damaged.</summary>
    internal static string? DescribeDamage(string text)
    {
        if (text.Contains('\uFFFD')) return "a text with bytes that are not UTF-8 (save the file as UTF-8, or give its -Encoding)";
        if (text.Contains('\0')) return "a text with the character NUL (save the file as UTF-8)";
        if (HasLoneSurrogate(text)) return "a text with half of a surrogate pair";
        if (text.Length > 100 || text.IndexOfAny(['#', ':']) < 0) return null;

        string cell = InvisibleCharacters.Trim(text);
        return FormulaError.IsMatch(cell) ? $"'{InvisibleCharacters.Escape(cell, 60)}', the error value of a spreadsheet formula (fix the formula and save the file again)"
            : NarrowColumn.IsMatch(cell) ? $"'{InvisibleCharacters.Escape(cell, 20)}', which a spreadsheet shows if a column is too narrow (widen the column and save the file again)"
            : null;
    }

    /// <summary>True for a number such as <c>1.23E+12</c>, of which a spreadsheet may have saved only the first digits.</summary>
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
