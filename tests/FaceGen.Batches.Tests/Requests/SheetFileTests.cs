using FaceGen.Contract;

namespace FaceGen.Batches.Tests.Requests;

/// <summary>Files as spreadsheets, Windows and Windows PowerShell write them.</summary>
public sealed class SheetFileTests : IDisposable
{
    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("people.csv", "Prompt,Face Image,Negative Prompt,Guidance-Scale\na,face.png,hat,7\n")]
    [InlineData("people.csv", "\uFEFF\uFEFFprompt,\u00A0face_image\u200B,negative.prompt,guidance scale\n\u200Ba,face.png\u00A0,hat,\u00A07\n")]
    [InlineData("people.json", "[{\"Prompt\":\"a\",\"Face Image\":\"face.png\",\"Negative Prompt\":\"hat\",\"Guidance-Scale\":\"7\"}]")]
    [InlineData("people.jsonl", "{\"Prompt\":\"a\",\"face-image\":\"face.png\",\"negative\\u00A0prompt\":\"hat\",\"guidance scale\":7}\n")]
    public void Name_with_other_separators_is_found(string name, string text)
    {
        RequestRow row = Assert.Single(_folder.Rows(name, text));

        Assert.Equal(("hat", 7.0), (row.AssertValid().NegativePrompt, row.AssertValid().GuidanceScale));
        Assert.Empty(row.NewColumns);
    }

    [Theory]
    [InlineData("people.csv", "prompt,face_image,Negative Prompt,negative_prompt\na,face.png,x,y\n")]
    [InlineData("people.json", "[{\"prompt\":\"a\",\"face_image\":\"face.png\",\"Negative Prompt\":\"x\",\"negative_prompt\":\"y\"}]")]
    [InlineData("people.jsonl", "{\"prompt\":\"a\",\"face_image\":\"face.png\",\"Negative Prompt\":\"x\",\"negative_prompt\":\"y\"}\n")]
    public void Two_names_of_one_field_are_refused_by_name(string name, string text)
    {
        string path = _folder.Write(name, text);
        (IReadOnlyList<RequestRow> rows, FaceGenException? fault) = RequestFolder.TryReadAll(path);

        string message = (fault ?? rows[0].AssertInvalid()).Message;
        Assert.Contains("'Negative Prompt'", message, StringComparison.Ordinal);
        Assert.Contains("mean 'negative_prompt'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Misspelled_prompt_column_is_suggested()
    {
        FaceGenException fault = _folder.ReadUntilError("people.csv", "promt,face_image\na,face.png\n").Fault;

        Assert.Equal("people.csv:1: The header has no column 'prompt'; it has 'promt', 'face_image'. No row from here on was read or sent. Rename 'promt' to 'prompt' if that is the column.", fault.Message);
    }

    [Theory]
    [InlineData("sep=,\nprompt,face_image\na,face.png\n")]
    [InlineData("\"sep=,\",\nprompt,face_image\na,face.png\n")]
    [InlineData("\"sep=,\",,,\r\nprompt,face_image,,\r\na,face.png,,\r\n")]
    [InlineData("sep=,,\nprompt,face_image\na,face.png\n")]
    [InlineData("sep=;;;\nprompt;face_image;seed\na;face.png;1\n")]
    [InlineData("\"sep=;\",\nprompt,face_image\na,face.png\n")]
    [InlineData("sep=,;;\nprompt;face_image;seed\na;face.png;1\n")]
    [InlineData("\uFEFF\uFEFFsep=;\nprompt;face_image\na;face.png\n")]
    public void Delimiter_declaration_saved_as_row_is_read(string text)
    {
        RequestRow row = Assert.Single(_folder.Rows("people.csv", text));

        Assert.Equal(("a", 3), (row.AssertValid().Prompt, row.Source!.Line));
    }

    [Theory]
    [InlineData("{\"value\":[{0},{1}],\"Count\":2}")]
    [InlineData("{\n  \"value\": [\n{0},\n{1}\n  ],\n  \"Count\": 2\n}\n")]
    [InlineData("{\"Count\":2,\"value\":[{0},{1}]}")]
    [InlineData("{\"@odata.context\":\"x\",\"value\":[{0},{1}],\"@odata.nextLink\":{\"a\":[1]}}")]
    [InlineData("[{0},{1}]")]
    public void Array_inside_an_object_is_read_as_the_array(string form)
    {
        string text = form.Replace("{0}", Row("a"), StringComparison.Ordinal).Replace("{1}", Row("b"), StringComparison.Ordinal);

        Assert.Equal(["a", "b"], _folder.Rows("people.json", text).Prompts());
        if (!text.Contains('\n', StringComparison.Ordinal) && text[0] == '{') Assert.Equal(["a", "b"], _folder.Rows("people.jsonl", text).Prompts());
    }

    [Fact]
    public void Large_array_inside_an_object_is_read_row_by_row()
    {
        string text = $"{{\"value\":[{string.Join(",\n", Enumerable.Range(1, 5000).Select(row => Row($"person {row} {new string('x', 200)}")))}],\"Count\":5000}}";

        IReadOnlyList<RequestRow> rows = _folder.Rows("people.json", text);

        Assert.Equal(5000, rows.Count);
        Assert.Equal(5000, rows[^1].Source!.Line);
        Assert.All(rows, row => row.AssertValid());
    }

    [Fact]
    public void Invalid_row_of_array_inside_an_object_names_its_line()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.json", $"{{\"value\":[\n{Row("a")},\n{{\"prompt\":\"#N/A\",\"face_image\":\"face.png\"}}],\"Count\":2}}");

        rows[0].AssertValid();
        Assert.StartsWith("people.json:3: Prompt must be", rows[1].AssertInvalid().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_array_inside_an_object_has_no_rows() => Assert.Empty(_folder.Rows("people.json", "{\"value\":[],\"Count\":0}"));

    [Theory]
    [InlineData("{\"value\":[{\"prompt\":\"a\",\"face_image\":\"face.png\"}")]
    [InlineData("{\"value\":[1")]
    [InlineData("{\"Count\":2,\"value\":")]
    public void Array_inside_an_object_truncated_is_refused(string text) => Assert.Contains("Invalid JSON", _folder.ReadUntilError("people.json", text).Fault.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("1.5e3", 1500L)]
    [InlineData("1E+05", 100000L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void JSON_number_written_by_program_is_exact(string number, long seed) => Assert.Equal(seed,
        _folder.ReadRequest("people.json", $"[{{\"prompt\":\"a\",\"face_image\":\"face.png\",\"seed\":{number}}}]").Seed);

    [Theory]
    [InlineData("\"1.23457E+12\"")]
    [InlineData("1.5e0")]
    [InlineData("1e300")]
    [InlineData("1e999")]
    public void JSON_number_rounded_or_not_whole_is_refused(string number) => Assert.Contains("Seed must be a whole number",
        _folder.ReadError("people.json", $"[{{\"prompt\":\"a\",\"face_image\":\"face.png\",\"seed\":{number}}}]").Message, StringComparison.Ordinal);

    [Fact]
    public void Windows_path_is_read_in_every_format()
    {
        _folder.WriteBytes("sub/face.png", RequestFolder.FaceBytes);
        string expected = _folder.PathOf("sub/face.png");

        Assert.Equal(expected, _folder.ReadRequest("a.csv", "prompt,face_image\na,sub\\face.png\n").FaceImage.FilePath);
        Assert.Equal(expected, _folder.ReadRequest("b.csv", "prompt,face_image\na,\"\"\"sub\\face.png\"\"\"\n").FaceImage.FilePath);
        Assert.Equal(expected, _folder.ReadRequest("c.csv", $"prompt,face_image\na,{new Uri(expected).AbsoluteUri}\n").FaceImage.FilePath);
        Assert.Equal(expected, _folder.ReadRequest("d.json", "[{\"prompt\":\"a\",\"face_image\":\"sub\\\\face.png\"}]").FaceImage.FilePath);
        Assert.Equal(expected, _folder.ReadRequest("e.jsonl", "{\"prompt\":\"a\",\"face_image\":\"sub\\\\face.png\"}\n").FaceImage.FilePath);
    }

    private static string Row(string prompt) => $"{{\"prompt\":\"{prompt}\",\"face_image\":\"face.png\"}}";
}
