using System.Text;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Contract;

public sealed class RequestJsonTests
{
    [Fact]
    public void Field_not_given_is_not_written() =>
        Assert.Equal("""{"prompt":"a pilot","face_image":"https://faces.example/face.png"}""", Write(FakeService.Request()));

    [Theory]
    [InlineData("en-US")]
    [InlineData("de-DE")]
    public void Field_given_is_written_with_name_and_type(string culture)
    {
        using var scope = new CultureScope(culture);
        Request request = FakeService.Request("Übung \"1\"") with
        {
            NegativePrompt = "blurry",
            Width = 512,
            Height = 768,
            NumInferenceSteps = 31,
            GuidanceScale = 7.5,
            SScale = 0.1,
            Samples = 2,
            SafetyChecker = false,
            SafetyCheckerType = "blur",
            Base64 = true,
            Style = "3d",
            Seed = long.MaxValue,
            Webhook = new Uri("https://example.org/a b?c=ü"),
            TrackId = "-5",
            Source = new RequestSource("people.csv", 1, 1),
        };

        using var json = JsonDocument.Parse(Write(request));

        Assert.Equal(
            [
                """prompt="Übung "1"" """, """negative_prompt="blurry" """, """face_image="https://faces.example/face.png" """,
                "width=512", "height=768", "num_inference_steps=31", "guidance_scale=7.5", "s_scale=0.1", "samples=2",
                "safety_checker=false", """safety_checker_type="blur" """, "base64=true", """style="3d" """,
                "seed=9223372036854775807", """webhook="https://example.org/a%20b?c=%C3%BC" """, "track_id=-5",
            ],
            json.RootElement.EnumerateObject().Select(Format));
        Assert.Equal(RequestField.All.Select(field => field.Name), json.RootElement.EnumerateObject().Select(property => property.Name));
    }

    [Theory]
    [InlineData("7", "7")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("9223372036854775808", "\"9223372036854775808\"")]
    [InlineData("007", "\"007\"")]
    [InlineData("1.5", "\"1.5\"")]
    [InlineData("order_12345", "\"order_12345\"")]
    public void Identifier_is_a_number_only_if_that_keeps_its_text(string trackId, string json) =>
        Assert.EndsWith($",\"track_id\":{json}}}", Write(FakeService.Request() with { TrackId = trackId }), StringComparison.Ordinal);

    [Fact]
    public void Prompt_with_lone_surrogate_is_written_as_valid_text()
    {
        using var json = JsonDocument.Parse(Write(FakeService.Request("a\ud83d b\0c\u2028")));

        Assert.Equal("a\ufffd b\0c\u2028", json.RootElement.GetProperty("prompt").GetString());
    }

    private static string Format(JsonProperty property) => property.Value.ValueKind == JsonValueKind.String
        ? $"{property.Name}=\"{property.Value.GetString()}\" "
        : $"{property.Name}={property.Value.GetRawText()}";

    private static string Write(Request request) =>
        Encoding.UTF8.GetString(JsonObjectWriter.Write(json => RequestJson.Write(json, request, request.FaceImage.ToApiValue())));
}
