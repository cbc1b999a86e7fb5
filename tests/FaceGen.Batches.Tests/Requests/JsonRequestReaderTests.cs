using System.Text;
using FaceGen.Contract;

namespace FaceGen.Batches.Tests.Requests;

public sealed class JsonRequestReaderTests : IDisposable
{
    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_field_is_read_from_its_property()
    {
        Request request = _folder.ReadRequest("people.json", """
            {
              "prompt": "a pilot", "negative_prompt": "blurry", "face_image": "face.png", "width": 512, "height": "768",
              "num_inference_steps": 41, "guidance_scale": 7.5, "s_scale": "0,8", "samples": 2, "safety_checker": true,
              "safety_checker_type": "blur", "base64": 0, "style": "Anime", "seed": 9007199254740993,
              "webhook": "https://example.org/h", "track_id": -9223372036854775808
            }
            """);

        Assert.Equal(("a pilot", "blurry"), (request.Prompt, request.NegativePrompt));
        Assert.Equal(_folder.PathOf("face.png"), request.FaceImage.FilePath);
        Assert.Equal((512, 768, 41), (request.Width, request.Height, request.NumInferenceSteps));
        Assert.Equal((7.5, 0.8, 2), (request.GuidanceScale, request.SScale, request.Samples));
        Assert.Equal((true, "blur", false), (request.SafetyChecker, request.SafetyCheckerType, request.Base64));
        Assert.Equal(("anime", 9007199254740993, "-9223372036854775808"), (request.Style, request.Seed, request.TrackId));
        Assert.Equal(new Uri("https://example.org/h"), request.Webhook);
        Assert.Equal(1, request.Source!.Line);
    }

    /// <summary>The published example of an enterprise request sends "null" as text.</summary>
    [Fact]
    public void Text_null_is_absent_except_in_a_prompt()
    {
        Request request = _folder.ReadRequest("people.json", """
            {"prompt":"null","face_image":"face.png","width":"null","guidance_scale":"null","safety_checker":"null","style":"null","seed":"null","webhook":"null","track_id":"null"}
            """);

        Assert.Equal("null", request.Prompt);
        Assert.Equal([RequestField.Prompt, RequestField.FaceImage], request.Fields.Where(field => field.Value is not null).Select(field => field.Field));
    }

    [Theory]
    [InlineData("people.json")]
    [InlineData("people.jsonl")]
    public void Sidecar_is_read_as_request_with_used_seed(string file)
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows(file, string.Join('\n',
            """{"file":"77-1.png","sha256":"00","width":80,"image_width":80,"seed":5,"request":{"prompt":"a","face_image":"face.png","style":"anime"},"height":90,"other":{"a":[1]}}""",
            """{"file":"78-1.png","sha256":"00","seed":5,"request":{"prompt":"b","face_image":"face.png","width":64,"seed":6}}""",
            """{"prompt":"c","face_image":"face.png","request":"a word","seed":7}""") is var lines && file == "people.json" ? $"[{lines.Replace("\n", ",\n", StringComparison.Ordinal)}]" : lines);

        Assert.Equal([("a", null, null, 5, "anime"), ("b", 64, null, 6, null), ("c", null, null, 7, null)],
            rows.Select(row => (row.Request!.Prompt, row.Request.Width, row.Request.Height, row.Request.Seed!.Value, row.Request.Style)));
        Assert.Equal(["", "", "request"], rows.Select(row => string.Join(",", row.NewColumns)));
        Assert.Equal([1, 2, 3], rows.Lines());
    }

    [Fact]
    public void Array_element_is_a_row_with_its_line()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.json",
            "\n[ {\"prompt\":\"a\",\"face_image\":\"face.png\"},\r\n\r\n"
            + "  {\n    \"Prompt\": \"b\\nb\",\n    \"FACEIMAGE\": \"face.png\"\n  }\n,\n{\"prompt\":\"c\",\"face_image\":\"face.png\"}]\n");

        Assert.Equal(["a", "b\nb", "c"], rows.Prompts());
        Assert.Equal([2, 4, 9], rows.Lines());
        Assert.Equal([1, 2, 3], rows.Select(row => row.Source!.Row));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData(" [\n ] \n")]
    public void Empty_array_has_no_rows(string text) => Assert.Empty(_folder.Rows("people.json", text));

    [Fact]
    public void Null_is_not_set_and_last_duplicate_wins()
    {
        Request request = _folder.ReadRequest("people.json", """
            [{"prompt":"x","width":900,"face_image":"none.png","seed":1,"style":null,
              "prompt":"a","width":300,"face_image":"face.png","seed":null}]
            """);

        Assert.Equal(("a", 300), (request.Prompt, request.Width));
        Assert.Null(request.Seed);
        Assert.Null(request.Style);
    }

    [Fact]
    public void Field_in_two_spellings_is_refused() =>
        Assert.Equal("people.json:1: 'prompt' and 'Prompt' both mean 'prompt'. The row was not sent.", _folder.ReadError("people.json", """{"prompt":"a","Prompt":"b","face_image":"face.png"}""").Message);

    [Theory]
    [InlineData("\"height\": {\"a\":[1]}", "Height must be 1 to 768, not an object.")]
    [InlineData("\"seed\": [1, 2]", "Seed must be a whole number, not an array.")]
    [InlineData("\"prompt\": [\"a\"]", "Prompt must be a text that is not empty, not an array.")]
    [InlineData("\"prompt\": true", "Prompt must be a text that is not empty, not True.")]
    [InlineData("\"prompt\": \"\\ud83d\"", "Prompt must be a text that is not empty, not a text with half of a \\u surrogate pair.")]
    [InlineData("\"face_image\": {}", "FaceImage must be a link, a file or base64, not an object.")]
    [InlineData("\"style\": {\"comic\":1}", "Style must be realistic, comic, chibi, 3d or anime, not an object.")]
    [InlineData("\"seed\": 1.5", "Seed must be a whole number, not '1.5'.")]
    [InlineData("\"seed\": 12345678901234567890", "Seed must be a whole number, not '12345678901234567890'.")]
    public void Value_of_wrong_kind_error_names_field_and_line(string property, string fault)
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.json",
            $"[\n{{\"prompt\":\"a\",\"face_image\":\"face.png\",\n{property}}},\n{{\"prompt\":\"b\",\"face_image\":\"face.png\"}}]");

        Assert.Equal($"people.json:2: {fault} The row was not sent.", rows[0].AssertInvalid().Message);
        Assert.Equal("b", rows[1].AssertValid().Prompt);
    }

    [Theory]
    [InlineData("5", "a number")]
    [InlineData("null", "null")]
    [InlineData("\"a\"", "a text")]
    [InlineData("false", "true or false")]
    [InlineData("[[{}]]", "an array")]
    public void Element_not_an_object_fails_only_itself(string element, string kind)
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.json",
            $"[\n{element},\n{{\"prompt\":\"b\",\"face_image\":\"face.png\"}}]");

        Assert.Equal($"people.json:2: A request must be a JSON object, not {kind}. The row was not sent.", rows[0].AssertInvalid().Message);
        Assert.Equal("b", rows[1].AssertValid().Prompt);
    }

    [Fact]
    public void Unknown_property_is_reported_once_and_kept()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.json", """
            [{"prompt":"a","face_image":"face.png","name":{"first":["x"]}},
             {"prompt":"b","face_image":"face.png","name":[{}],"team":1, "":2}]
            """);

        Assert.Equal(["name"], rows[0].NewColumns);
        Assert.Equal(["team", ""], rows[1].NewColumns);
        Assert.Equal(["a", "b"], rows.Prompts());
        Assert.Equal("""name={"first":["x"]}""", Format(rows[0]));
        Assert.Equal("name=[{}] team=1 =2", Format(rows[1]));

        static string Format(RequestRow row) => string.Join(' ', row.Request!.Columns.Select(column => $"{column.Key}={column.Value}"));
    }

    [Theory]
    [InlineData("// no\n", 3, 1)]
    [InlineData(",]", 2, 41)]
    [InlineData(" {\"prompt\":\"b\"}]", 2, 41)]
    [InlineData(",\n {\"prompt\": b}]", 3, 13)]
    [InlineData(",\n {\"prompt\": \"b\n\"}]", 3, 15)]
    [InlineData("] x", 2, 42)]
    [InlineData(",\n {\"prompt\":\"b\"", 3, 15)]
    public void Invalid_JSON_ends_file_with_line_and_position(string rest, int line, int position)
    {
        string lead = rest.StartsWith('/') ? "\n" : "";

        (IReadOnlyList<RequestRow> rows, FaceGenException fault) = _folder.ReadUntilError("people.json",
            $"[\n {{\"prompt\":\"a\",\"face_image\":\"face.png\"}}{lead}{rest}");

        Assert.Equal("a", Assert.Single(rows).AssertValid().Prompt);
        Assert.StartsWith(
            $"people.json:{line}: Invalid JSON at position {position}: ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n5")]
    [InlineData("\n\"text\"")]
    public void Document_neither_array_nor_object_is_refused(string text)
    {
        (_, FaceGenException fault) = _folder.ReadUntilError("people.json", text);

        Assert.Equal("people.json:2: The file must contain an array of objects, or one object. No row from here on was read or sent. Correct it.", fault.Message);
    }

    [Fact]
    public void Nesting_beyond_64_levels_is_refused()
    {
        string Nested(int levels) => $"[{{\"prompt\":\"a\",\"face_image\":\"face.png\",\"x\":"
            + $"{new string('[', levels)}{new string(']', levels)}}}]";

        Assert.Equal("a", _folder.ReadRequest("people.json", Nested(62)).Prompt);
        (_, FaceGenException fault) = _folder.ReadUntilError("people.json", Nested(63));
        Assert.Contains("64", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Element_with_5_MB_face_image_is_read()
    {
        byte[] image = new byte[Limits.MaxFaceImageBytes];
        RequestFolder.FaceBytes.CopyTo(image, 0);
        string element = $"{{\"prompt\":\"a\",\"face_image\":\"{Convert.ToBase64String(image)}\"}}";

        IReadOnlyList<RequestRow> rows = _folder.Rows("people.json", $"[{element},\n{element}]");

        Assert.Equal([1, 2], rows.Lines());
        Assert.All(rows, row => Assert.Equal("Png", row.AssertValid().FaceImage.Format));
    }

    [Fact]
    public void Element_larger_than_16_MB_ends_file_with_line()
    {
        (IReadOnlyList<RequestRow> rows, FaceGenException fault) = _folder.ReadUntilError("people.json",
            "[{\"prompt\":\"a\",\"face_image\":\"face.png\"},\n\n {\"prompt\":\n\"" + new string('b', 17 * 1024 * 1024) + "\"}]");

        Assert.Equal("a", Assert.Single(rows).AssertValid().Prompt);
        Assert.StartsWith("people.json:3: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("larger than 16 MB", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_elements_have_correct_lines()
    {
        var text = new StringBuilder("[\n");
        for (int i = 0; i < 20_000; i++)
            text.Append('\n').Append("{\"prompt\":\"a 👩 ").Append(i).Append("\",\"face_image\":\"face.png\"},");
        text.Length--;

        IReadOnlyList<RequestRow> rows = _folder.Rows("people.json", text.Append(']').ToString(), Encoding.Unicode);

        Assert.Equal(Enumerable.Range(0, 20_000).Select(i => $"a 👩 {i}"), rows.Prompts());
        Assert.Equal(Enumerable.Range(3, 20_000), rows.Lines());
    }
}
