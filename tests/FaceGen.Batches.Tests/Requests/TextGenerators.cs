using System.Text;
using FaceGen.Contract;
using FsCheck;
using FsCheck.Fluent;

namespace FaceGen.Batches.Tests.Requests;

/// <summary>
/// A text that is visible, can be written as UTF-8, is not an error value of a spreadsheet, and has no control characters, which a prompt loses.
/// </summary>
public sealed record WritableText(string Value);

/// <summary>How a CSV file is written.</summary>
/// <param name="Delimiter">The separator of the cells.</param>
/// <param name="LineBreak">The line break of the rows.</param>
/// <param name="QuotesAll">True to quote cells that need no quotes.</param>
/// <param name="EmptyLines">True to write an empty line after each row.</param>
/// <param name="EndsWithLineBreak">True if the last row has a line break.</param>
public sealed record CsvStyle(char Delimiter, string LineBreak, bool QuotesAll, bool EmptyLines, bool EndsWithLineBreak);

/// <summary>Generates texts with many characters that CSV and JSON have to quote.</summary>
public static class TextGenerators
{
    private static readonly string[] Awkward =
    [
        ",", ";", "\t", "\"", "\"\"", "\r\n", "\n", "\r", "#", "=", "\\", "{", "}", "[", "]", ":",
        "ä", "口", "👩", "\u2028", "\uFEFF", " ", "a",
    ];

    public static Arbitrary<WritableText> Text()
    {
        Gen<string> any = ArbMap.Default.GeneratorFor<string>().Where(text => text is not null && IsWritable(text));
        Gen<string> awkward = Gen.Elements(Awkward).ListOf().Select(string.Concat);
        Gen<string> large = awkward.Select(text => text + new string('x', 5000) + text);
        return Arb.From(
            from text in Gen.Frequency((4, awkward), (4, any), (1, large))
            where !InvisibleCharacters.IsEmpty(text) && DamagedText.DescribeDamage(text) is null
            select new WritableText(text),
            text => text.Value.Length < 2 ? [] : Halves(text.Value));
    }

    public static Arbitrary<CsvStyle> Style() => Arb.From(
        from delimiter in Gen.Elements(',', ';', '\t')
        from lineBreak in Gen.Elements("\n", "\r\n", "\r")
        from flags in ArbMap.Default.GeneratorFor<bool>().ArrayOf(3)
        select new CsvStyle(delimiter, lineBreak, flags[0], flags[1], flags[2]));

    private static bool IsWritable(string text) =>
        !text.Any(c => char.IsControl(c) && c is not ('\t' or '\r' or '\n')) &&
        DamagedText.DescribeDamage(text) is null && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;

    private static IEnumerable<WritableText> Halves(string text) =>
        new[] { text[..(text.Length / 2)], text[(text.Length / 2)..] }
            .Where(half => IsWritable(half) && !InvisibleCharacters.IsEmpty(half)).Select(half => new WritableText(half));
}
