using FaceGen.Contract;

namespace FaceGen.Batches.Tests.Requests;

public sealed class JsonLinesRequestReaderTests : IDisposable
{
    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Each_line_is_a_row_and_empty_lines_are_skipped(string lineBreak)
    {
        string text = string.Join(lineBreak,
            "",
            """{"prompt":"a","face_image":"face.png"}""",
            " \t",
            """{"Prompt":"b","FaceImage":"face.png","seed":9007199254740993}""");

        IReadOnlyList<RequestRow> rows = _folder.Rows("people.jsonl", text);

        Assert.Equal(["a", "b"], rows.Prompts());
        Assert.Equal([2, 4], rows.Lines());
        Assert.Equal([1, 2], rows.Select(row => row.Source!.Row));
        Assert.Equal(9007199254740993, rows[1].AssertValid().Seed);
    }

    [Theory]
    [InlineData("{\"prompt\":\"x\",\"width\":900", "Invalid JSON at position ")]
    [InlineData("{\"prompt\":\"x\",}", "Invalid JSON at position 15: ")]
    [InlineData("{\"prompt\":\"x\"} // no", "Invalid JSON at position 16: ")]
    [InlineData("{\"prompt\":\"x\"} {}", "Invalid JSON at position 16: ")]
    [InlineData("nonsense", "Invalid JSON at position ")]
    [InlineData("[]", "A request must be a JSON object, not an array.")]
    [InlineData("{\"prompt\":\"x\",\"face_image\":\"face.png\",\"width\":{}}", "Width must be")]
    public void Invalid_line_fails_only_itself(string line, string fault)
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.ndjson",
            $"{{\"prompt\":\"a\",\"face_image\":\"face.png\"}}\n{line}\n{{\"prompt\":\"b\",\"face_image\":\"face.png\"}}\n");

        Assert.Equal(3, rows.Count);
        Assert.StartsWith($"people.ndjson:2: {fault}", rows[1].AssertInvalid().Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.RequestInvalid, rows[1].AssertInvalid().Code);
        Assert.Equal(["a", "b"], new[] { rows[0], rows[2] }.Prompts());
        Assert.Null(rows[2].AssertValid().Width);
    }

    [Fact]
    public void Nesting_beyond_64_levels_fails_only_its_line()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.jsonl",
            $"{{\"x\":{new string('[', 64)}{new string(']', 64)}}}\n{{\"prompt\":\"b\",\"face_image\":\"face.png\"}}\n");

        Assert.Contains("64", rows[0].AssertInvalid().Message, StringComparison.Ordinal);
        Assert.Equal("b", rows[1].AssertValid().Prompt);
    }

    [Fact]
    public void Line_larger_than_16_MB_ends_file_with_line()
    {
        (IReadOnlyList<RequestRow> rows, FaceGenException fault) = _folder.ReadUntilError("people.jsonl",
            "{\"prompt\":\"a\",\"face_image\":\"face.png\"}\n\n{\"prompt\":\"" + new string('b', 17 * 1024 * 1024) + "\"}\n");

        Assert.Equal("a", Assert.Single(rows).AssertValid().Prompt);
        Assert.StartsWith("people.jsonl:3: ", fault.Message, StringComparison.Ordinal);
    }
}
