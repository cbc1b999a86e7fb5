using System.Net;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Tests.Support;
using SkiaSharp;

namespace FaceGen.Emulator.Tests.Contract;

/// <summary>Tests every rule of the contract, satisfied and violated.</summary>
public sealed class RequestRulesTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async ValueTask InitializeAsync() => _service = await TestService.StartAsync();

    public async ValueTask DisposeAsync() => await _service.DisposeAsync();

    [Theory]
    [InlineData("prompt", "null", "prompt is required")]
    [InlineData("prompt", "\"\"", "prompt is required")]
    [InlineData("prompt", "\"  \"", "prompt is required")]
    [InlineData("prompt", "5", "prompt must be a string")]
    [InlineData("negative_prompt", "5", "negative_prompt must be a string")]
    [InlineData("face_image", "null", "face_image is required")]
    [InlineData("face_image", "\"face.jpg\"", "face_image must be a link or a data URI with base64")]
    [InlineData("face_image", "\"data:image/png;base64,@@@\"", "face_image must be a data URI of an image in base64")]
    [InlineData("face_image", "\"data:text/plain;base64,AAAA\"", "face_image must be a data URI of an image in base64")]
    [InlineData("face_image", "\"data:image/png;base64,AAAA\"", "face_image must be an image that can be decoded")]
    [InlineData("width", "513", "width must be between 1 and 512")]
    [InlineData("width", "0", "width must be between 1 and 512")]
    [InlineData("width", "1.5", "width must be an integer")]
    [InlineData("height", "769", "height must be between 1 and 768")]
    [InlineData("height", "-1", "height must be between 1 and 768")]
    [InlineData("num_inference_steps", "22", "num_inference_steps must be one of: 21, 31, 41")]
    [InlineData("guidance_scale", "0.9", "guidance_scale must be between 1 and 20")]
    [InlineData("guidance_scale", "20.1", "guidance_scale must be between 1 and 20")]
    [InlineData("s_scale", "-0.1", "s_scale must be between 0 and 2")]
    [InlineData("s_scale", "2.1", "s_scale must be between 0 and 2")]
    [InlineData("samples", "3", "samples must be between 1 and 2")]
    [InlineData("samples", "0", "samples must be between 1 and 2")]
    [InlineData("safety_checker_type", "\"hide\"", "safety_checker_type must be one of: black, blur, sensitive_content_text, pixelate")]
    [InlineData("base64", "1", "base64 must be true or false")]
    [InlineData("style", "\"cubist\"", "style must be one of: realistic, comic, chibi, 3d, anime")]
    [InlineData("style", "\"Anime\"", "style must be one of: realistic, comic, chibi, 3d, anime")]
    [InlineData("seed", "\"abc\"", "seed must be an integer")]
    [InlineData("webhook", "\"http://example.org\"", "webhook must be a valid HTTPS link")]
    [InlineData("webhook", "\"here\"", "webhook must be a valid HTTPS link")]
    public async Task Submission_invalid_field_is_rejected_with_name_and_limit(string field, string json, string expected)
    {
        TestResponse response = await _service.SubmitAsync((field, JsonNode.Parse(json)));

        Assert.Equal(HttpStatusCode.BadRequest, response.HttpStatus);
        Assert.Equal("error", response.Status);
        Assert.StartsWith(expected, response.Message, StringComparison.Ordinal);
        Assert.Equal(0, _service.Host.Journal.Accepted);
    }

    [Theory]
    [InlineData("width", "1")]
    [InlineData("width", "512")]
    [InlineData("height", "768")]
    [InlineData("num_inference_steps", "41")]
    [InlineData("guidance_scale", "1")]
    [InlineData("guidance_scale", "20")]
    [InlineData("s_scale", "0")]
    [InlineData("s_scale", "2")]
    [InlineData("samples", "2")]
    [InlineData("safety_checker", "true")]
    [InlineData("safety_checker_type", "\"pixelate\"")]
    [InlineData("base64", "true")]
    [InlineData("style", "\"3d\"")]
    [InlineData("seed", "null")]
    [InlineData("seed", "-9223372036854775808")]
    [InlineData("webhook", "null")]
    [InlineData("webhook", "\"https://example.org/hook\"")]
    [InlineData("track_id", "null")]
    [InlineData("track_id", "42")]
    [InlineData("track_id", "\"order_12345\"")]
    [InlineData("face_image", "\"https://example.org/face.jpg\"")]
    public async Task Submission_value_at_limit_is_accepted(string field, string json)
    {
        TestResponse response = await _service.SubmitAsync((field, JsonNode.Parse(json)));

        Assert.Equal("success", response.Status);
    }

    [Fact]
    public async Task Submission_several_invalid_fields_lists_all()
    {
        TestResponse response = await _service.SubmitAsync(("width", 900), ("style", "x"), ("prompt", ""));

        Assert.Equal(
            "prompt is required, width must be between 1 and 512, style must be one of: realistic, comic, chibi, 3d, anime",
            response.Message);
    }

    [Fact]
    public async Task Submission_face_image_over_5_megabytes_is_rejected()
    {
        string tooLarge = SyntheticFace.ToDataUri(new byte[(5 * 1024 * 1024) + 1]);

        TestResponse response = await _service.SubmitAsync(("face_image", tooLarge));

        Assert.Equal("face_image must not be larger than 5242880 bytes (5 MB)", response.Message);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("[1, \"two\"]")]
    [InlineData("{\"deep\": {\"er\": [null]}}")]
    public async Task Submission_unknown_field_is_accepted_with_warning(string json)
    {
        TestResponse response = await _service.SubmitAsync(("cfg", JsonNode.Parse(json)));

        Assert.Equal("success", response.Status);
        Assert.Equal(
            ["The field 'cfg' is not part of the contract and was ignored."],
            Assert.Single(_service.Host.Journal.Entries).Warnings);
    }

    [Theory]
    [InlineData("wrong", "Invalid API key")]
    [InlineData("", "API key required")]
    [InlineData(null, "API key required")]
    public async Task Submission_invalid_key_is_rejected(string? key, string expected)
    {
        TestResponse response = await _service.SubmitAsync(("key", key));

        Assert.Equal(HttpStatusCode.Unauthorized, response.HttpStatus);
        Assert.Equal("error", response.Status);
        Assert.Equal(expected, response.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    public async Task Submission_body_not_an_object_is_rejected(string body)
    {
        using var content = new StringContent(body);

        TestResponse response = await _service.SendAsync(TestService.FaceGen, content);

        Assert.Equal(HttpStatusCode.BadRequest, response.HttpStatus);
        Assert.Equal("error", response.Status);
    }

    [Theory]
    [InlineData("prompt", "\"\\ud800\"")]
    [InlineData("key", "\"\\ud800\"")]
    [InlineData("style", "\"\\ud800\"")]
    [InlineData("unknown", "[{\"x\":\"\\ud800\"}]")]
    public async Task Submission_lone_surrogate_is_rejected(string field, string json)
    {
        using var content = new StringContent(
            $"{{\"key\":\"{TestService.Key}\",\"prompt\":\"p\",\"face_image\":\"https://example.org/f\",\"{field}\":{json}}}");

        TestResponse response = await _service.SendAsync(TestService.FaceGen, content);

        Assert.Equal("error", response.Status);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png, "image/png")]
    [InlineData(SKEncodedImageFormat.Jpeg, "image/jpeg")]
    [InlineData(SKEncodedImageFormat.Webp, "image/webp")]
    public async Task Submission_common_image_formats_are_accepted(SKEncodedImageFormat format, string mediaType)
    {
        string uri = SyntheticFace.ToDataUri(SyntheticFace.Draw(100, 120, format), mediaType);

        TestResponse response = await _service.SubmitAsync(("face_image", uri));

        Assert.Equal("success", response.Status);
        Assert.Equal(100, response.Meta["W"]!.GetValue<int>());
        Assert.Equal(120, response.Meta["H"]!.GetValue<int>());
    }
}
