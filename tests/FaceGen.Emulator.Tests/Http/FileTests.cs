using System.Net;
using System.Net.Http.Headers;
using FaceGen.Emulator.Tests.Support;
using SkiaSharp;

namespace FaceGen.Emulator.Tests.Http;

public sealed class FileTests
{
    [Fact]
    public async Task Picture_is_a_png_of_the_requested_size()
    {
        await using TestService service = await TestService.StartAsync();
        TestResponse submitted = await service.SubmitAsync(("width", 300), ("height", 200));

        using HttpResponseMessage response = await service.GetAsync(submitted.Output[0]);

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
        TestResponse submitted = await service.SubmitAsync();

        service.Host.Clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(HttpStatusCode.OK, await service.GetStatusAsync(submitted.Output[0]));
        service.Host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(submitted.Output[0]));
        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(submitted.Links("proxy_links")[0]));
    }

    [Fact]
    public async Task Base64_links_to_text_files()
    {
        await using TestService service = await TestService.StartAsync();
        byte[] png = await service.DrawAsync(("seed", 1));

        TestResponse submitted = await service.SubmitAsync(("seed", 1), ("base64", true));
        string link = Assert.Single(submitted.Output);
        using HttpResponseMessage response = await service.GetAsync(link);

        Assert.EndsWith(".base64", link, StringComparison.Ordinal);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(png, Convert.FromBase64String(await response.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("bytes=0-7", 0, 7)]
    [InlineData("bytes=1000-", 1000, -1)]
    [InlineData("bytes=-12", -12, -1)]
    [InlineData("bytes=5-99999999", 5, -1)]
    public async Task Range_returns_partial_content(string range, int from, int to)
    {
        await using TestService service = await TestService.StartAsync();
        string link = (await service.SubmitAsync()).Output[0];
        byte[] whole = await ReadAsync(await GetAsync(link));

        using HttpResponseMessage response = await GetAsync(link, range);

        int first = from < 0 ? whole.Length + from : from;
        int last = to < 0 ? whole.Length + to : to;
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal($"bytes {first}-{last}/{whole.Length}", response.Content.Headers.ContentRange!.ToString());
        Assert.Equal(whole[first..(last + 1)], await ReadAsync(response));
        Assert.Equal(206, service.Host.Journal.Entries[^1].Status);
    }

    [Theory]
    [InlineData("bytes=99999999-")]
    [InlineData("bytes=-0")]
    public async Task Range_not_satisfiable_returns_416(string range)
    {
        await using TestService service = await TestService.StartAsync();
        string link = (await service.SubmitAsync()).Output[0];
        long length = (await GetAsync(link)).Content.Headers.ContentLength!.Value;

        using HttpResponseMessage response = await GetAsync(link, range);

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.Equal($"bytes */{length}", response.Content.Headers.ContentRange!.ToString());
    }

    [Theory]
    [InlineData("bytes=0-1, 4-5")]
    [InlineData("lines=0-7")]
    [InlineData("nonsense")]
    public async Task Range_not_a_single_byte_range_is_ignored(string range)
    {
        await using TestService service = await TestService.StartAsync();

        using HttpResponseMessage response = await GetAsync((await service.SubmitAsync()).Output[0], range);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task If_range_other_tag_returns_the_whole_picture()
    {
        await using TestService service = await TestService.StartAsync();
        string link = (await service.SubmitAsync()).Output[0];
        EntityTagHeaderValue tag = (await GetAsync(link)).Headers.ETag!;

        using HttpResponseMessage same = await GetAsync(link, "bytes=8-", tag.Tag);
        using HttpResponseMessage other = await GetAsync(link, "bytes=8-", "\"other\"");

        Assert.False(tag.IsWeak);
        Assert.Equal(HttpStatusCode.PartialContent, same.StatusCode);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Head_returns_no_body()
    {
        await using TestService service = await TestService.StartAsync();
        string link = (await service.SubmitAsync()).Output[0];
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(link));

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Content.Headers.ContentLength > 0);
        Assert.Empty(await ReadAsync(response));
    }

    [Theory]
    [InlineData("/images/1-0.png")]
    [InlineData("/images/99999999999999999999-0.png")]
    [InlineData("/images/nothing.png")]
    [InlineData("/uploads/abc.png")]
    [InlineData("/elsewhere")]
    public async Task Unknown_path_returns_404(string path)
    {
        await using TestService service = await TestService.StartAsync();

        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(path));
    }

    [Fact]
    public async Task Sample_not_requested_returns_404()
    {
        await using TestService service = await TestService.StartAsync();
        TestResponse submitted = await service.SubmitAsync();

        string second = submitted.Output[0].Replace("-0.png", "-1.png", StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NotFound, await service.GetStatusAsync(second));
    }

    private static async Task<HttpResponseMessage> GetAsync(string link, string? range = null, string? ifRange = null)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(link));
        if (range is not null)
            request.Headers.TryAddWithoutValidation("Range", range);
        if (ifRange is not null)
            request.Headers.TryAddWithoutValidation("If-Range", ifRange);
        return await client.SendAsync(request);
    }

    private static Task<byte[]> ReadAsync(HttpResponseMessage response) => response.Content.ReadAsByteArrayAsync();
}
