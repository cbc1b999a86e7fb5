using FaceGen.Contract;

namespace FaceGen.Batches.Tests.Requests;

/// <summary>Request files that PowerShell wrote of requests: Export-Csv, and ConvertTo-Json in a file.</summary>
public sealed class ExportedRequestTests : IDisposable
{
    private const string Header = "Prompt,FaceImage,Width,Seed,AdditionalFields,Columns,Source\n";

    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Csv_of_a_request_has_its_fields_and_columns()
    {
        RequestRow row = Assert.Single(_folder.Rows("people.csv", Header + "a pilot,face.png,64,7,\"{\"\"model_id\"\":\"\"m\"\",\"\"steps\"\":3}\",\"{\"\"sam\"\":\"\"jdoe; x=1\"\"}\",people.csv:2\n"));

        Assert.Equal(("a pilot", 64, 7L), (row.Request!.Prompt, row.Request.Width, row.Request.Seed));
        Assert.Equal(("m", 3L), (row.Request.AdditionalFields["model_id"], row.Request.AdditionalFields["steps"]));
        Assert.Equal("jdoe; x=1", Assert.Single(row.Request.Columns).Value);
        Assert.Empty(row.NewColumns);
    }

    [Fact]
    public void Csv_of_a_request_without_data_has_no_columns()
    {
        RequestRow row = Assert.Single(_folder.Rows("people.csv", Header + "a pilot,face.png,,,,,people.csv:2\n"));

        Assert.Empty(row.Request!.Columns);
        Assert.Empty(row.Request.AdditionalFields);
        Assert.Empty(row.NewColumns);
    }

    [Fact]
    public void Text_of_a_request_is_read_again()
    {
        Request first = _folder.ReadRequest("one.json", """{"prompt":"a","face_image":"face.png","sam":"j \"d\" ü","additional_fields":{"loras":["x",0.5]}}""");
        string Quote(object value) => $"\"{value.ToString()!.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

        Request again = _folder.ReadRequest("two.csv", $"{Header}a,face.png,,,{Quote(first.AdditionalFields)},{Quote(first.Columns)},one.json:1\n");

        Assert.Equal(first.Columns, again.Columns);
        Assert.Equal(first.AdditionalFields.ToString(), again.AdditionalFields.ToString());
    }

    [Fact]
    public void Csv_with_other_additional_fields_is_an_error_of_the_row()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv", "prompt,face_image,additional_fields\na,face.png,model_id=m\nb,face.png,\n");

        Assert.Equal(ErrorCode.RequestInvalid, rows[0].Error!.Code);
        Assert.Equal("b", rows[1].Request!.Prompt);
    }

    [Fact]
    public void Csv_columns_with_these_names_are_kept_in_other_files()
    {
        Request request = _folder.ReadRequest("people.csv", "prompt,face_image,columns,source\na,face.png,3,scan\n");

        Assert.Equal(("3", "scan"), (request.Columns["columns"], request.Columns["source"]));
    }

    [Theory]
    [InlineData("people.json")]
    [InlineData("people.jsonl")]
    public void Json_of_a_request_has_its_face_image_and_columns(string file)
    {
        string face = _folder.PathOf("face.png").Replace("\\", "\\\\", StringComparison.Ordinal);

        RequestRow row = Assert.Single(_folder.Rows(file,
            $$"""{"Prompt":"a","FaceImage":{"Link":null,"FilePath":"{{face}}","Format":"Png"},"Width":64,"Seed":null,"AdditionalFields":{},"Columns":{"sam":"jdoe"},"Source":{"File":"people.csv","Line":2,"Row":1} }"""));

        Assert.Equal((_folder.PathOf("face.png"), 64), (row.Request!.FaceImage.FilePath, row.Request.Width));
        Assert.Equal("jdoe", Assert.Single(row.Request.Columns).Value);
        Assert.Equal(["sam"], row.NewColumns);
    }

    [Fact]
    public void Json_face_image_may_be_an_object_with_a_link() =>
        Assert.Equal("https://example.org/a.png", _folder.ReadRequest("people.json", """[{"prompt":"a","face_image":{"Link":"https://example.org/a.png","FilePath":null} }]""").FaceImage.Link!.AbsoluteUri);

    [Fact]
    public void Json_face_image_without_path_or_link_is_an_error_of_the_row() =>
        Assert.Equal(ErrorCode.RequestInvalid, Assert.Single(_folder.Rows("people.json", """[{"prompt":"a","face_image":{"size":3} }]""")).Error!.Code);
}
