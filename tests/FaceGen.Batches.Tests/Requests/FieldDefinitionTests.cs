using System.Text.Json;
using FaceGen.Batches.Ledgers;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Requests;

/// <summary>A field that is added to the definition is read from every file format and kept by the ledger without another edit.</summary>
public sealed class FieldDefinitionTests : IDisposable
{
    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Csv_has_every_field(bool usesParameterNames)
    {
        string header = string.Join(';', RequestField.All.Select(field => usesParameterNames ? field.ParameterName : field.Name));

        FieldSamples.AssertComplete(_folder.ReadRequest("people.csv", $"{header}\n{string.Join(';', RequestField.All.Select(FieldSamples.Text))}\n"));
    }

    [Theory]
    [InlineData("people.json")]
    [InlineData("people.jsonl")]
    public void Json_has_every_field(string file) =>
        FieldSamples.AssertComplete(_folder.ReadRequest(file, JsonSerializer.Serialize(RequestField.All.ToDictionary(field => field.Name, FieldSamples.Text))));

    [Fact]
    public void Ledger_keeps_every_field()
    {
        InputRow row = new RequestSerializer().ToInputRow(FieldSamples.CreateRequest());

        FieldSamples.AssertComplete(new RequestSerializer().Deserialize(row.Request, null, hash => throw new ArgumentException(hash)));
        Assert.Contains("\"operation\":\"face_gen\"", row.Request, StringComparison.Ordinal);
    }

    [Fact]
    public void Ledger_every_field_that_is_not_private_identifies_row()
    {
        Request request = FieldSamples.CreateRequest();
        string hash = GetHash(request);

        Assert.All(RequestField.All.Where(field => !field.IsRequired), field =>
            Assert.Equal(field.IsPrivate, hash == GetHash(request.WithFields((other, value) => other == field ? null : value))));
        Assert.NotEqual(hash, GetHash(request with { AdditionalFields = new Dictionary<string, object?> { ["model_id"] = "a" } }));
        Assert.Equal(hash, GetHash(request with { Columns = new Dictionary<string, string> { ["sam"] = "jdoe" } }));
    }

    [Fact]
    public void Ledger_keeps_additional_fields_and_columns()
    {
        Request request = FieldSamples.CreateRequest() with
        {
            AdditionalFields = new Dictionary<string, object?> { ["loras"] = new object?[] { "x", 0.5 }, ["model_id"] = "a", ["steps"] = 7L },
            Columns = new Dictionary<string, string> { ["sam"] = "jdoe", ["Team"] = "" },
        };

        Request read = new RequestSerializer().Deserialize(new RequestSerializer().ToInputRow(request).Request, null, hash => throw new ArgumentException(hash));

        Assert.Equal("loras=[\"x\",0.5] model_id=a steps=7", string.Join(' ', read.AdditionalFields.Select(field => $"{field.Key}={RequestData.Format(field.Value)}")));
        Assert.Equal("sam=jdoe Team=", string.Join(' ', read.Columns.Select(column => $"{column.Key}={column.Value}")));
        Assert.Equal(GetHash(request), GetHash(read));
    }

    [Fact]
    public void Ledger_row_of_another_operation_is_refused()
    {
        string row = new RequestSerializer().ToInputRow(FieldSamples.CreateRequest()).Request.Replace("face_gen", "head_swap", StringComparison.Ordinal);

        Assert.Equal(ErrorCode.LedgerInvalid, Assert.Throws<FaceGenException>(() => new RequestSerializer().Deserialize(row, null, _ => [])).Code);
    }

    [Fact]
    public void File_defaults_apply_to_rows_without_own_value()
    {
        var defaults = new CommandValues(
            new Dictionary<RequestField, object?> { [RequestField.Style] = "anime", [RequestField.FaceImage] = FaceImage.Parse(FieldSamples.FaceLink, path => path), [RequestField.Base64] = true },
            new Dictionary<string, object?> { ["model_id"] = "m" });

        RequestRow[] rows = [.. RequestFolder.Open(_folder.Write("people.csv", "prompt,style,face_image,base64\na,,,\nb,comic,face.png,no\n"), defaults: defaults)];

        Assert.Equal(("anime", FieldSamples.FaceLink, (bool?)true), (rows[0].Request!.Style, rows[0].Request!.FaceImage.Link!.AbsoluteUri, rows[0].Request!.Base64));
        Assert.Equal(("comic", _folder.PathOf("face.png"), (bool?)false), (rows[1].Request!.Style, rows[1].Request!.FaceImage.FilePath, rows[1].Request!.Base64));
        Assert.All(rows, row => Assert.Equal("m", row.Request!.AdditionalFields["model_id"]));
    }

    [Fact]
    public void File_without_prompt_column_uses_default()
    {
        var defaults = new CommandValues(new Dictionary<RequestField, object?> { [RequestField.Prompt] = "a portrait" }, RequestData.None<object?>());

        RequestRow row = Assert.Single(RequestFolder.Open(_folder.Write("people.csv", "sam,face_image\njdoe,face.png\n"), defaults: defaults));

        Assert.Equal(("a portrait", "jdoe"), (row.Request!.Prompt, row.Request.Columns["SAM"]));
        Assert.Equal(["sam"], row.NewColumns);
    }

    private static string GetHash(Request request) => new RequestSerializer().ToInputRow(request).Hash;
}
