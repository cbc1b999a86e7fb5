using System.Net;
using System.Net.Http.Headers;
using FaceGen.Emulator.Tests.Support;
using SkiaSharp;

namespace FaceGen.Emulator.Tests.Http;

public sealed class FileTests
{
    [Fact]
    public async Task A_picture_is_a_png_of_the_asked_size()
    {
        await using TestService service = await TestService.StartAsync();
        Answer answer = await service.SubmitAsync(("width", 300), ("height", 200));

        using HttpResponseMessage response = await service.GetAsync(answer.Output[0]);

        Assert.Equal("image/png", response.Content.Headers.ContentType!.MediaType);
        byte[] png = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(png.Length, response.Content.Headers.ContentLength);
        using SKBitmap picture = SKBitmap.Decode(png);
        Assert.Equal((300, 200), (picture.Width, picture.Height));
    }

    [Fact]
    public async Task Links_work_for_24_hours()
    {
        await using TestService service = await TestService.StartAsync();
        Answer answer = await service.SubmitAsync();

        service.Host.Clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(HttpStatusCode.OK, await service.GetStatusAsync(answer.Output[0]));
        service.Host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(answer.Output[0]));
        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(answer.Links("proxy_links")[0]));
    }

    [Fact]
    public async Task Base64_comes_as_links_to_text_files()
    {
        await using TestService service = await TestService.StartAsync();
        byte[] png = await service.DrawAsync(("seed", 1));

        Answer answer = await service.SubmitAsync(("seed", 1), ("base64", true));
        string link = Assert.Single(answer.Output);
        using HttpResponseMessage response = await service.GetAsync(link);

        Assert.EndsWith(".base64", link, StringComparison.Ordinal);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(png, Convert.FromBase64String(await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_part_of_a_picture_can_be_asked_for()
    {
        await using TestService service = await TestService.StartAsync();
        Answer answer = await service.SubmitAsync();
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(answer.Output[0]));
        request.Headers.Range = new RangeHeaderValue(0, 7);

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/images/1-0.png")]
    [InlineData("/images/99999999999999999999-0.png")]
    [InlineData("/images/nothing.png")]
    [InlineData("/uploads/abc.png")]
    [InlineData("/elsewhere")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        await using TestService service = await TestService.StartAsync();

        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(path));
    }

    [Fact]
    public async Task A_sample_that_was_not_asked_for_is_not_found()
    {
        await using TestService service = await TestService.StartAsync();
        Answer answer = await service.SubmitAsync();

        string second = answer.Output[0].Replace("-0.png", "-1.png", StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(second));
    }
}
