using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace FaceGen.Batches.Tests.Requests;

/// <summary>Writes CSV (RFC 4180) and counts its lines.</summary>
internal sealed partial class CsvText(CsvStyle style)
{
    private static readonly SearchValues<char> Quotable = SearchValues.Create("\"\r\n,;\t");

    private readonly StringBuilder _text = new();

    /// <summary>Gets the line on which the next row begins.</summary>
    internal int Line { get; private set; } = 1;

    /// <summary>Returns a text as it is read: a lone CR is a line break.</summary>
    internal static string AsRead(string text) => LoneReturn().Replace(text, "\n");

    internal void AddRow(params string[] cells)
    {
        _text.AppendJoin(style.Delimiter, cells.Select(Quote));
        Line += cells.Sum(cell => LineBreak().Count(cell));
        AddEmptyLine();
    }

    internal void AddEmptyLine()
    {
        _text.Append(style.LineBreak);
        Line++;
    }

    public override string ToString() =>
        style.EndsWithLineBreak ? _text.ToString() : _text.ToString(0, _text.Length - style.LineBreak.Length);

    private string Quote(string cell) =>
        style.QuotesAll || cell.AsSpan().IndexOfAny(Quotable) >= 0
            ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : cell;

    [GeneratedRegex("\r\n|\r|\n")]
    private static partial Regex LineBreak();

    [GeneratedRegex("\r(?!\n)")]
    private static partial Regex LoneReturn();
}
