using System.Collections;
using System.Text;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Additional fields, which are sent, and columns, which are not.</summary>
public sealed class RequestDataTests
{
    [Fact]
    public void Additional_fields_are_sent_sorted_and_typed()
    {
        Request request = FieldSamples.CreateRequest() with
        {
            AdditionalFields = RequestData.ReadAdditionalFields(new Hashtable { ["scheduler"] = "ddim", ["model_id"] = 7, ["loras"] = new object[] { "a", 0.5, true, null! }, ["extra"] = new Hashtable { ["b"] = 1L, ["a"] = 1.5m } }),
        };

        string json = Encoding.UTF8.GetString(JsonObjectWriter.Write(writer => RequestJson.Write(writer, request, null)));

        Assert.EndsWith(""","extra":{"a":1.5,"b":1},"loras":["a",0.5,true,null],"model_id":7,"scheduler":"ddim"}""", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("key", "is the key, which FaceGen adds itself")]
    [InlineData("KEY", "is the key, which FaceGen adds itself")]
    [InlineData("", "has blanks or invisible characters, or is empty")]
    [InlineData("model id", "has blanks or invisible characters, or is empty")]
    [InlineData("Negative Prompt", "has blanks or invisible characters, or is empty")]
    [InlineData("NegativePrompt", "is a field that FaceGen knows. Nothing was sent. Use NegativePrompt")]
    [InlineData("guidance-scale", "is a field that FaceGen knows. Nothing was sent. Use GuidanceScale")]
    public void Additional_field_invalid_name_is_refused(string name, string reason)
    {
        var error = Assert.Throws<FaceGenException>(() => RequestData.ReadAdditionalFields(new Hashtable { [name] = 1 }));

        Assert.Equal(ErrorCode.RequestInvalid, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Additional_field_value_without_json_is_refused()
    {
        var loop = new Hashtable();
        loop["self"] = loop;

        foreach (object value in (object[])[double.NaN, float.PositiveInfinity, new object(), new DateTime(2030, 1, 2), loop])
            Assert.Equal(ErrorCode.RequestInvalid, Assert.Throws<FaceGenException>(() => RequestData.ReadAdditionalFields(new Hashtable { ["x"] = value })).Code);
    }

    [Fact]
    public void Columns_are_stored_and_not_sent()
    {
        Request request = FieldSamples.CreateRequest() with { Columns = new Dictionary<string, string> { ["sam"] = "jdoe", ["Team"] = "" } };

        string sent = Encoding.UTF8.GetString(JsonObjectWriter.Write(json => RequestJson.Write(json, request, null)));
        string stored = Encoding.UTF8.GetString(JsonObjectWriter.Write(json => RequestJson.WriteStored(json, request, null)));
        string embedded = string.Concat(Provenance.GetTexts(new Generation { Id = "7", Request = request }, 1).Select(text => text.Text));

        Assert.DoesNotContain("jdoe", sent, StringComparison.Ordinal);
        Assert.EndsWith(""","columns":{"sam":"jdoe","Team":""}}""", stored, StringComparison.Ordinal);
        Assert.DoesNotContain("jdoe", embedded, StringComparison.Ordinal);
        Assert.DoesNotContain("hook.example", embedded, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{sam}", "jdoe")]
    [InlineData("{SAM}-{index}", "jdoe-1")]
    [InlineData("{ sam }", "jdoe")]
    [InlineData("{team}", "none")]
    public void File_name_can_contain_column(string template, string expected)
    {
        var columns = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["sam"] = "jdoe", ["Team"] = "" };
        var generation = new Generation { Id = "7", Request = FieldSamples.CreateRequest() with { Columns = columns } };

        Assert.Equal(expected, new FileNameTemplate(template).Expand(generation, 0));
    }

    [Fact]
    public void File_name_missing_column_error_names_row_and_columns()
    {
        var generation = new Generation { Id = "7", Request = FieldSamples.CreateRequest() with { Columns = new Dictionary<string, string> { ["sam"] = "jdoe" }, Source = new RequestSource("/people.csv", 3, 2) } };

        var error = Assert.Throws<FaceGenException>(() => new FileNameTemplate("{account}").Expand(generation, 0));

        Assert.Equal(ErrorCode.FileNameInvalid, error.Code);
        Assert.StartsWith("people.csv:3: '{account}' is neither a field of a file name nor a column of the row. The row has the columns {sam}.", error.Message, StringComparison.Ordinal);
    }
}
