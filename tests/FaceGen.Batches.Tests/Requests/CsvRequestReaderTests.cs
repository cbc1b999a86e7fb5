using System.Text;
using FaceGen.Contract;

namespace FaceGen.Batches.Tests.Requests;

public sealed class CsvRequestReaderTests : IDisposable
{
    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_field_is_read_from_its_column()
    {
        Request request = _folder.ReadRequest("people.csv",
            "prompt,negative_prompt,face_image,width,height,num_inference_steps,guidance_scale,s_scale,samples,"
            + "safety_checker,safety_checker_type,base64,style,seed,webhook,track_id\n"
            + "a pilot,blurry,face.png,512,768,41,7.5,0.8,2,yes,blur,0,Anime,9223372036854775807,https://example.org/h,12\n");

        Assert.Equal("a pilot", request.Prompt);
        Assert.Equal("blurry", request.NegativePrompt);
        Assert.Equal(_folder.PathOf("face.png"), request.FaceImage.FilePath);
        Assert.Equal((512, 768, 41), (request.Width, request.Height, request.NumInferenceSteps));
        Assert.Equal((7.5, 0.8, 2), (request.GuidanceScale, request.SScale, request.Samples));
        Assert.Equal((true, "blur", false), (request.SafetyChecker, request.SafetyCheckerType, request.Base64));
        Assert.Equal(("anime", long.MaxValue, "12"), (request.Style, request.Seed, request.TrackId));
        Assert.Equal(new Uri("https://example.org/h"), request.Webhook);
        Assert.Equal(new RequestSource(_folder.PathOf("people.csv"), 2, 1), request.Source);
    }

    [Theory]
    [InlineData("prompt,face_image,num_inference_steps")]
    [InlineData("Prompt,FaceImage,NumInferenceSteps")]
    [InlineData("PROMPT,FACE_IMAGE,numinferencesteps")]
    [InlineData("  prompt , Face_Image\t,\"Num_Inference_Steps \"")]
    public void Header_any_spelling_case_and_blanks_is_found(string header) =>
        Assert.Equal(31, _folder.ReadRequest("people.csv", $"{header}\na pilot,face.png,31\n").NumInferenceSteps);

    [Theory]
    [InlineData("order_12345")]
    [InlineData("00123")]
    public void Track_id_may_be_a_text(string cell) =>
        Assert.Equal(cell, _folder.ReadRequest("people.csv", $"prompt,face_image,track_id\na pilot,face.png,{cell}\n").TrackId);

    [Fact]
    public void Empty_cells_are_not_set()
    {
        Request request = _folder.ReadRequest(
            "people.csv", "prompt,face_image,width,seed,safety_checker\na pilot,face.png,, ,\"\"\n");

        Assert.Null(request.Width);
        Assert.Null(request.Seed);
        Assert.Null(request.SafetyChecker);
    }

    [Fact]
    public void Quoted_cells_hold_delimiters_quotes_and_line_breaks()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv",
            "face_image,prompt\r\nface.png,\"one, \"\"two\"\"\r\nthree\n\nfour\"\r\nface.png,five\r\n");

        Assert.Equal(["one, \"two\"\r\nthree\n\nfour", "five"], rows.Prompts());
        Assert.Equal([2, 6], rows.Lines());
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Line_numbers_count_empty_lines_and_line_breaks_in_cells(string lineBreak)
    {
        string text = "\nprompt,\"shoe\nsize\",face_image\n\na,,face.png\n\n\n\"b\n\nb\",,face.png\nc,,face.png"
            .Replace("\n", lineBreak, StringComparison.Ordinal);

        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv", text);

        Assert.Equal([5, 8, 11], rows.Lines());
        Assert.Equal([1, 2, 3], rows.Select(row => row.Source!.Row));
        Assert.All(rows, row => row.AssertValid());
    }

    [Fact]
    public void Line_ends_may_be_mixed()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv",
            "prompt,face_image\na long enough prompt for a vector,face.png\rb long enough prompt for a vector,face.png\r\n"
            + "c,face.png\n\r\rd,face.png\r");

        Assert.Equal([2, 3, 4, 7], rows.Lines());
        Assert.All(rows, row => Assert.Equal(_folder.PathOf("face.png"), row.AssertValid().FaceImage.FilePath));
    }

    [Fact]
    public void Lines_of_delimiters_only_are_skipped()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv",
            "prompt,face_image,note\na,face.png,\n,,\n \n,\nb,face.png,\n,,,,\n");

        Assert.Equal(["a", "b"], rows.Prompts());
        Assert.Equal([2, 6], rows.Lines());
    }

    [Fact]
    public void Row_starting_with_hash_sign_is_read()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows(
            "people.csv", "prompt,face_image\n#1 of 2,face.png\nb,face.png");

        Assert.Equal(["#1 of 2", "b"], rows.Prompts());
    }

    public static TheoryData<Encoding> Encodings =>
    [
        new UTF8Encoding(false),
        new UTF8Encoding(true),
        new UnicodeEncoding(bigEndian: false, byteOrderMark: true),
        new UnicodeEncoding(bigEndian: true, byteOrderMark: true),
    ];

    [Theory]
    [MemberData(nameof(Encodings), DisableDiscoveryEnumeration = true)]
    public void Byte_order_mark_sets_encoding(Encoding encoding)
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows(
            "people.csv", "prompt,face_image\nMädchen 👩 口,face.png\n", encoding);

        Assert.Equal(["Mädchen 👩 口"], rows.Prompts());
    }

    [Fact]
    public void Given_encoding_is_used_without_a_byte_order_mark_only()
    {
        string plain = _folder.WriteBytes("plain.csv", Encoding.Latin1.GetBytes("prompt,face_image\nMädchen,face.png\n"));
        string marked = _folder.WriteBytes("marked.csv", [.. Encoding.UTF8.GetPreamble(), .. Encoding.UTF8.GetBytes("prompt,face_image\nMädchen,face.png\n")]);

        Assert.All([plain, marked], path => Assert.Equal(["Mädchen"], RequestFolder.Open(path, encoding: Encoding.Latin1).ToArray().Prompts()));
    }

    [Fact]
    public void Invalid_UTF8_fails_only_its_row()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows(
            "people.csv", "prompt,face_image\na,face.png\nMädchen,face.png\nb,face.png\n", Encoding.Latin1);

        Assert.Contains("people.csv:3: Prompt must be", rows[1].AssertInvalid().Message, StringComparison.Ordinal);
        Assert.Contains("save the file as UTF-8", rows[1].AssertInvalid().Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], new[] { rows[0], rows[2] }.Prompts());
    }

    [Theory]
    [InlineData("prompt;face_image;guidance_scale\na, b;face.png;7,5\n")]
    [InlineData("prompt\tface_image\tguidance_scale\na, b\tface.png\t7.5\n")]
    [InlineData("prompt,face_image,guidance_scale\n\"a, b\",face.png,7.5\n")]
    [InlineData("\"note,;,;,;\",prompt,face_image,guidance_scale\n,\"a, b\",face.png,\"7,5\"\n")]
    [InlineData("\"a;b;c;d\n\";prompt;face_image;guidance_scale\n;a, b;face.png;7,5\n")]
    [InlineData("sep=;\nprompt;face_image;guidance_scale\na, b;face.png;7,5\n")]
    [InlineData("SEP=|\r\nprompt|face_image|guidance_scale\r\na, b|face.png|7.5\r\n")]
    [InlineData("\"sep=;\"\nprompt;face_image;guidance_scale\na, b;face.png;7,5\n")]
    public void Delimiter_is_detected_in_first_line(string text)
    {
        Request request = _folder.ReadRequest("people.csv", text);

        Assert.Equal("a, b", request.Prompt);
        Assert.Equal(7.5, request.GuidanceScale);
    }

    [Fact]
    public void Delimiter_declaration_counts_as_line() =>
        Assert.Equal([3, 4], _folder.Rows("people.csv", "sep=;\nprompt;face_image\na;face.png\nb;face.png").Lines());

    [Theory]
    [InlineData("prompt|x,x,x;x|face_image\na,b||face.png\n")]
    [InlineData("sep=,\nprompt|x,x,x|face_image\na,b||face.png\n")]
    public void Delimiter_given_overrides_detection(string text)
    {
        RequestRow row = Assert.Single(_folder.Rows("people.csv", text, delimiter: '|'));

        Assert.Equal("a,b", row.AssertValid().Prompt);
    }

    [Theory]
    [InlineData('"')]
    [InlineData('\n')]
    [InlineData('a')]
    [InlineData('…')]
    public void Delimiter_invalid_is_refused(char delimiter)
    {
        (_, FaceGenException fault) = _folder.ReadUntilError("people.csv", "prompt,face_image\na,face.png", delimiter);

        Assert.Contains("cannot be separated by", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Row_with_fewer_cells_omits_the_rest()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows(
            "people.csv", "prompt,face_image,style,seed\na,face.png\nb,face.png,comic");

        Assert.Equal(["a", "b"], rows.Prompts());
        Assert.Equal([null, "comic"], rows.Select(row => row.AssertValid().Style));
    }

    [Fact]
    public void Row_with_extra_nonempty_cells_is_refused()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv",
            "prompt,face_image,,\na,face.png,, ,\nb, with a comma,face.png\nc,face.png,,,,x\n");

        Assert.Equal("a", rows[0].AssertValid().Prompt);
        Assert.Equal(
            "people.csv:3: The row has 3 cells and the header only 2. Quote each cell that contains the delimiter. The row was not sent.",
            rows[1].AssertInvalid().Message);
        Assert.Contains("The row has 6 cells", rows[2].AssertInvalid().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_columns_are_reported_with_first_row_only()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv",
            ",prompt,Name,face_image,name, Dept \n0,a,A,face.png,B,C\n1,b,A,face.png,B,C\n");

        Assert.Equal(["Name", "Dept"], rows[0].NewColumns);
        Assert.Equal(("A", "C"), (rows[0].Request!.Columns["name"], rows[0].Request!.Columns["Dept"]));
        Assert.Empty(rows[1].NewColumns);
    }

    [Fact]
    public void File_with_only_header_has_no_rows() =>
        Assert.Empty(_folder.Rows("people.csv", "prompt,face_image\r\n"));

    [Fact]
    public void Row_with_several_errors_reports_all_and_others_are_read()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv",
            "prompt,face_image,width,style,num_inference_steps\n"
            + "a,face.png,512,anime,21\n,face.png,900,oil,22\nb,face.png,,,\n");

        Assert.Matches("^people.csv:3: Prompt is required: .* Width must be .* NumInferenceSteps must be .* Style must be .*, not 'oil'. The row was not sent.$",
            rows[1].AssertInvalid().Message);
        Assert.Equal(ErrorCode.RequestInvalid, rows[1].AssertInvalid().Code);
        Assert.Equal(["a", "b"], new[] { rows[0], rows[2] }.Prompts());
    }

    [Fact]
    public void Cell_with_5_MB_face_image_is_read()
    {
        byte[] image = new byte[Limits.MaxFaceImageBytes];
        RequestFolder.FaceBytes.CopyTo(image, 0);

        Request request = _folder.ReadRequest("people.csv", $"prompt,face_image\na,{Convert.ToBase64String(image)}\n");

        Assert.Equal("Png", request.FaceImage.Format);
        Assert.Null(request.FaceImage.FilePath);
    }

    [Fact]
    public void Row_larger_than_16_MB_ends_file_with_line()
    {
        (IReadOnlyList<RequestRow> rows, FaceGenException fault) = _folder.ReadUntilError("people.csv",
            $"prompt,face_image\na,face.png\n\"b\nb\",face.png\nc,{new string('A', 17 * 1024 * 1024)}\n");

        Assert.Equal(["a", "b\nb"], rows.Prompts());
        Assert.StartsWith("people.csv:5: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("larger than 16 MB", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"c\nd,face.png\ne,face.png\n")]
    [InlineData("\"c\" d,face.png\ne,face.png\n")]
    [InlineData("c,\"")]
    public void Wrong_quote_ends_file_with_line_of_row(string rest)
    {
        (IReadOnlyList<RequestRow> rows, FaceGenException fault) = _folder.ReadUntilError(
            "people.csv", $"prompt,face_image\na,face.png\n\n\"b\nb\",face.png\n{rest}");

        Assert.Equal(["a", "b\nb"], rows.Prompts());
        Assert.StartsWith(
            "people.csv:6: The row that begins here has a wrong quote in cell ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_quote_in_header_names_header()
    {
        (_, FaceGenException fault) = _folder.ReadUntilError("people.csv", "sep=,\nprompt,\"face_image\na,face.png\n");

        Assert.StartsWith("people.csv:2: ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Header_without_prompt_error_lists_columns()
    {
        (_, FaceGenException fault) = _folder.ReadUntilError("people.csv", "\nName,face image;Style\na,b,c\n");

        Assert.Equal("people.csv:2: The header has no column 'prompt'; it has 'Name', 'face image;Style'. No row from here on was read or sent. Add the column, or give -Prompt.", fault.Message);
    }

    [Fact]
    public void Columns_for_same_field_are_refused()
    {
        (_, FaceGenException fault) = _folder.ReadUntilError("people.csv", "prompt,face_image,FaceImage\na,face.png,face.png\n");

        Assert.Equal("people.csv:1: The header has 'face_image', 'FaceImage', which all mean 'face_image'. No row from here on was read or sent. Remove all but one.", fault.Message);
    }
}
