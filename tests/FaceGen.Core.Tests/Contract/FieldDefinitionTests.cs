using System.Text;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Reporting;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Contract;

/// <summary>A field that is added to the definition appears everywhere without another edit, or one of these tests fails.</summary>
public sealed class FieldDefinitionTests
{
    public static TheoryData<string> Names => [.. RequestField.All.Select(defined => defined.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Field_is_property_of_request(string name)
    {
        RequestField field = FieldNames.Find(name)!;
        object expected = FieldSamples.Value(field);
        Request request = FieldSamples.CreateRequest();

        System.Reflection.PropertyInfo? property = typeof(Request).GetProperty(field.ParameterName);

        Assert.NotNull(property);
        Assert.Equal(expected.GetType(), Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
        Assert.Equal(expected.ToString(), property.GetValue(request)?.ToString());
        // The copy of a record keeps each value.
        Request copy = request with { Source = new RequestSource("", 0, 1) };
        Assert.Equal(property.GetValue(request), property.GetValue(copy));
    }

    [Fact]
    public void Row_is_read_and_defaults_and_overrides_apply()
    {
        var values = new CommandValues(RequestField.All.ToDictionary(field => field, field => (object?)FieldSamples.Value(field)), RequestData.None<object?>());
        var builder = new RequestBuilder(text => FaceImage.Parse(text, path => path)) { Defaults = values };

        FieldSamples.AssertComplete(builder.Build(null, []).Request!);
        foreach (RequestField field in RequestField.All) builder.Set(field, field.Kind == FieldKind.Boolean ? "false" : field.Kind == FieldKind.Text ? "other" : null);
        Request row = builder.Build(null, []).Request!;
        Assert.All(RequestField.All.Where(field => field.Kind == FieldKind.Boolean), field => Assert.Equal(false, row[field]));
        Assert.All(RequestField.All.Where(field => field.Kind == FieldKind.Text), field => Assert.Equal("other", row[field]));

        builder.Overrides = values;
        foreach (RequestField field in RequestField.All) builder.Set(field, field.Kind == FieldKind.Boolean ? "false" : "wrong");
        FieldSamples.AssertComplete(builder.Build(null, []).Request!);
    }

    [Fact]
    public void Json_and_sidecar_contain_every_field()
    {
        using JsonDocument sent = Parse(json => RequestJson.Write(json, FieldSamples.CreateRequest(), FieldSamples.FaceLink));
        using JsonDocument stored = Parse(json => RequestJson.WriteStored(json, FieldSamples.CreateRequest(), FieldSamples.FaceLink));

        Assert.Equal(RequestField.All.Select(field => field.Name), sent.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.All(RequestField.All, field => Assert.Equal(FieldSamples.Text(field), sent.RootElement.GetProperty(field.Name).ToString(), ignoreCase: true));
        Assert.Equal(sent.RootElement.ToString(), stored.RootElement.ToString());
    }

    [Fact]
    public void Report_contains_every_field_that_is_not_private()
    {
        ReportEntry entry = ReportEntry.From(new BatchItem(BatchItemStatus.Pending) { Request = FieldSamples.CreateRequest() });

        string[] shown = [.. entry.Parameters.Select(parameter => parameter.Key), "prompt", "style", "seed", "base64"];
        Assert.Equal(RequestField.All.Where(field => !field.IsPrivate).Select(field => field.Name).Order(), shown.Order());
        Assert.DoesNotContain(entry.Parameters, parameter => parameter.Value.Contains("hook.example", StringComparison.Ordinal));
    }

    [Fact]
    public void File_name_can_contain_every_field_that_is_not_private()
    {
        var generation = new Generation { Id = "7", Request = FieldSamples.CreateRequest(), Prompt = FieldSamples.Text(RequestField.Prompt), Seed = 7, TrackId = "7" };

        Assert.All(RequestField.All.Where(field => !field.IsPrivate), field =>
            Assert.Equal(field.Kind == FieldKind.Image ? "anna" : FieldSamples.Text(field), new FileNameTemplate($"{{{field.Name}}}").Expand(generation, 0)));
        Assert.Equal("anna", new FileNameTemplate("{face}").Expand(generation, 0));
        Assert.Throws<FaceGenException>(() => new FileNameTemplate("{webhook}").Expand(generation, 0));
    }

    [Fact]
    public void Validation_rejects_values_out_of_range()
    {
        Assert.All(RequestField.All.Where(field => field.Maximum is not null), field =>
        {
            Assert.True(field.IsAllowed(field.Read(field.Minimum)!));
            Assert.Throws<FaceGenException>(() => field.Read(field.Minimum - 1));
            Assert.Throws<FaceGenException>(() => field.Read(field.Maximum + 1));
        });
        Assert.All(RequestField.All.Where(field => field.Choices.Count > 0), field =>
        {
            Assert.All(field.Choices, choice => Assert.NotNull(field.Read(choice)));
            Assert.Throws<FaceGenException>(() => field.Read("22"));
        });
    }

    private static JsonDocument Parse(Action<Utf8JsonWriter> write) => JsonDocument.Parse(Encoding.UTF8.GetString(JsonObjectWriter.Write(write)));
}
