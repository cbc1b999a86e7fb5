using System.Text;
using System.Text.Json;
using FaceGen.Contract;
using FsCheck;
using FsCheck.Xunit;

namespace FaceGen.Batches.Tests.Requests;

/// <summary>A file that is truncated, or is not a request file, returns rows or a documented error.</summary>
public sealed class TruncationProperties : IDisposable
{
    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Property(Arbitrary = [typeof(TextGenerators)])]
    public void Truncated_CSV_returns_complete_rows(WritableText[] prompts, CsvStyle style, NonNegativeInt at)
    {
        var file = new CsvText(style);
        file.AddRow("prompt", "face_image", "style", "seed");
        foreach (WritableText prompt in prompts) file.AddRow(prompt.Value, RequestFolder.Face, "anime", "42");

        CutGivesRowsOfTheWhole("people.csv", file.ToString(), at.Get);
    }

    [Property(Arbitrary = [typeof(TextGenerators)])]
    public void Truncated_JSON_returns_complete_rows(WritableText[] prompts, NonNegativeInt at) =>
        CutGivesRowsOfTheWhole("people.json", JsonSerializer.Serialize(prompts.Select(ToObject)), at.Get);

    [Property(Arbitrary = [typeof(TextGenerators)])]
    public void Truncated_JSON_Lines_returns_complete_rows(WritableText[] prompts, NonNegativeInt at) =>
        CutGivesRowsOfTheWhole(
            "people.jsonl", string.Join('\n', prompts.Select(prompt => JsonSerializer.Serialize(ToObject(prompt)))), at.Get);

    [Property]
    public void Any_bytes_return_rows_or_an_error(byte[] bytes, bool zeros)
    {
        foreach (string name in new[] { "any.csv", "any.json", "any.jsonl", "any" })
        {
            byte[] header = name == "any.csv" ? [.. "prompt,face_image\n"u8] : [];
            string path = _folder.WriteBytes(name, [.. header, .. bytes]);
            if (zeros) File.AppendAllText(path, "\0\n\"\0");
            AssertNamed(RequestFolder.TryReadAll(path));
        }
    }

    private static object ToObject(WritableText prompt) => new
    {
        prompt = prompt.Value,
        face_image = RequestFolder.Face,
        style = "anime",
        seed = 42,
        extra = new { a = new[] { 1.5, 2 } },
    };

    private void CutGivesRowsOfTheWhole(string name, string text, int at)
    {
        byte[] whole = Encoding.UTF8.GetBytes(text);
        (IReadOnlyList<RequestRow> all, _) = RequestFolder.TryReadAll(_folder.WriteBytes(name, whole));

        (IReadOnlyList<RequestRow> rows, FaceGenException? fault) read =
            RequestFolder.TryReadAll(_folder.WriteBytes(name, whole[..(at % (whole.Length + 1))]));

        AssertNamed(read);
        Assert.True(read.rows.Count <= all.Count);
        Assert.Equal(all.Take(read.rows.Count - 1).Prompts(), read.rows.SkipLast(1).Prompts());
        Assert.Equal(all.Take(read.rows.Count).Lines(), read.rows.Lines());
    }

    private static void AssertNamed((IReadOnlyList<RequestRow> Rows, FaceGenException? Fault) read)
    {
        Assert.All(read.Rows, row => Assert.True(row.Request is null ^ row.Error is null));
        if (read.Fault is not null) Assert.Equal(ErrorCode.RequestFileInvalid, read.Fault.Code);
    }
}
