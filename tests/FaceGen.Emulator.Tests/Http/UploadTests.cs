using System.Net;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Http;

public sealed class UploadTests
{
    [Theory]
    [InlineData("/api/v6/base64_to_url", "base64_string")]
    [InlineData("/api/v6/image_editing/base64_to_url", "init_image")]
    public async Task Upload_image_returns_a_link_for_24_hours(string path, string field)
    {
        await using TestService service = await TestService.StartAsync();

        TestResponse response = await service.PostAsync(path, new JsonObject { [field] = SyntheticFace.DataUri });

        Assert.Equal("success", response.Status);
        Assert.True(response.Id > 0);
        string link = Assert.Single(response.Output);
        using (HttpResponseMessage download = await service.GetAsync(link))
            Assert.Equal(SyntheticFace.Png, await download.Content.ReadAsByteArrayAsync());

        service.Host.Clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(link));
    }

    [Theory]
    [InlineData("/api/v6/base64_to_url", "base64_string")]
    [InlineData("/api/v6/image_editing/base64_to_url", "init_image")]
    public async Task Upload_not_an_image_is_rejected(string path, string field)
    {
        await using TestService service = await TestService.StartAsync();

        foreach (string? value in new[] { null, "", "AAAA", "https://example.org/face.jpg", "data:image/png;base64,AAAA" })
        {
            TestResponse response = await service.PostAsync(path, new JsonObject { [field] = value });
            Assert.Equal(HttpStatusCode.BadRequest, response.HttpStatus);
            Assert.StartsWith(field, response.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Submit_uploaded_face_equals_inline_face()
    {
        await using TestService service = await TestService.StartAsync();
        TestResponse upload = await service.PostAsync(
            "/api/v6/base64_to_url", new JsonObject { ["base64_string"] = SyntheticFace.DataUri });

        byte[] inline = await service.DrawAsync(("seed", 3));
        byte[] byLink = await service.DrawAsync(("seed", 3), ("face_image", upload.Output[0]));

        Assert.Equal(inline, byLink);
        Assert.Equal([2], service.Host.Journal.AcceptedByRequest.Values);
    }

    [Fact]
    public async Task Submit_expired_upload_is_rejected()
    {
        await using TestService service = await TestService.StartAsync();
        TestResponse upload = await service.PostAsync(
            "/api/v6/base64_to_url", new JsonObject { ["base64_string"] = SyntheticFace.DataUri });
        service.Host.Clock.Advance(TimeSpan.FromHours(24));

        TestResponse response = await service.SubmitAsync(("face_image", upload.Output[0]));

        Assert.StartsWith("face_image could not be downloaded", response.Message, StringComparison.Ordinal);
    }
}
