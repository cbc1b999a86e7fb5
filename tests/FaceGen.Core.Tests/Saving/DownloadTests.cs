using FaceGen.ImageFormats;
using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

public sealed class DownloadTests : IDisposable
{
    private const string Link = "https://cdn.example/1.png";
    private const string Other = "https://proxy.example/1.png";

    private static readonly byte[] Image = TestImages.Portrait;

    private readonly FakeService _service = new();

    public void Dispose() => _service.Dispose();

    [Theory] // Q29, Q30
    [InlineData(Link)]
    [InlineData("https://r2.example/a///b//image?X-Amz=1%2F2&y=z")]
    [InlineData("https://r2.example:8443/generations/0-9f3c")]
    public async Task Download_any_link_does_not_send_key(string link)
    {
        _service.OnLink(link, ScriptedResponse.Image(Image));

        CheckedImage image = await DownloadAsync([link]);

        Assert.Equal(Image, image.Bytes.ToArray());
        Assert.Equal(new ImageInfo(ImageFormat.Png, 80, 90), image.Info);
        Call call = Assert.Single(_service.Calls);
        Assert.Equal(new Uri(link), call.Address);
        Assert.DoesNotContain(FakeService.Key, call.Address + call.Headers + call.Body, StringComparison.Ordinal);
    }

    [Theory] // Q28
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    [InlineData("image/jpeg")]
    public async Task Download_content_type_is_ignored(string mediaType)
    {
        _service.OnLink(Link, ScriptedResponse.Bytes(Image, mediaType));

        Assert.Equal(ImageFormat.Png, (await DownloadAsync()).Info.Format);
    }

    [Theory] // Q25
    [InlineData(404)]
    [InlineData(403)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Download_link_not_ready_is_retried(int status)
    {
        _service.OnLink(Link, ScriptedResponse.Empty(status), ScriptedResponse.Html(status), ScriptedResponse.Image(Image));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
        Assert.Equal(3, _service.Calls.Count);
    }

    [Fact]
    public async Task Download_retry_after_seconds_is_waited()
    {
        _service.OnLink(Link, ScriptedResponse.Empty(429).WithRetryAfter(TimeSpan.FromSeconds(17)), ScriptedResponse.Image(Image));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await DownloadAsync();

        Assert.Equal(TimeSpan.FromSeconds(17), _service.Clock.GetUtcNow() - start);
    }

    [Fact]
    public async Task Download_retry_after_date_is_waited()
    {
        _service.OnLink(Link, ScriptedResponse.Empty(503).WithRetryAfter(_service.Clock.GetUtcNow().AddSeconds(17)), ScriptedResponse.Image(Image));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await DownloadAsync();

        Assert.Equal(TimeSpan.FromSeconds(17), _service.Clock.GetUtcNow() - start);
    }

    [Fact]
    public async Task Download_retry_after_of_one_link_does_not_delay_another()
    {
        _service.OnLink(Link, ScriptedResponse.Empty(429).WithRetryAfter(TimeSpan.FromSeconds(300))).OnLink(Other, ScriptedResponse.Empty(404), ScriptedResponse.Image(Image));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        Assert.Equal(Image, (await DownloadAsync(others: [Other])).Bytes.ToArray());
        Assert.InRange(_service.Clock.GetUtcNow() - start, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact] // Q26
    public async Task Download_html_page_is_invalid()
    {
        _service.OnLink(Link, ScriptedResponse.Html(200), ScriptedResponse.Image(Image));
        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());

        _service.OnLink(Link, ScriptedResponse.Html(200));
        FaceGenException fault = await TaskAssertions.GetErrorAsync(DownloadAsync());

        Assert.Equal(ErrorCode.ImageInvalid, fault.Code);
        Assert.Contains("is not an image", fault.Message, StringComparison.Ordinal);
    }

    [Theory] // Q27
    [InlineData("{0}")]
    [InlineData("data:image/png;base64,{0}")]
    [InlineData("\"{0}\"\n")]
    public async Task Download_base64_text_is_decoded(string form)
    {
        string text = string.Format(null, form, Convert.ToBase64String(Image));
        _service.OnLink("https://cdn.example/1.base64", ScriptedResponse.Bytes(System.Text.Encoding.UTF8.GetBytes(text), "text/plain"));

        Assert.Equal(Image, (await DownloadAsync(["https://cdn.example/1.base64"])).Bytes.ToArray());
    }

    [Theory] // Q27
    [InlineData("{0}")]
    [InlineData("data:image/png;base64,{0}")]
    public async Task Download_inline_image_is_decoded(string form)
    {
        Assert.Equal(Image, (await DownloadAsync([string.Format(null, form, Convert.ToBase64String(Image))])).Bytes.ToArray());
        Assert.Empty(_service.Calls);
    }

    [Theory]
    [InlineData("AAAA")]
    [InlineData("no base64 at all")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://cdn.example/1.png")]
    public async Task Download_neither_link_nor_image_fails(string image)
    {
        Assert.Equal(ErrorCode.ImageInvalid, (await TaskAssertions.GetErrorAsync(DownloadAsync([image]))).Code);
        Assert.Empty(_service.Calls);
    }

    [Fact] // Q31
    public async Task Download_short_body_is_retried()
    {
        _service.OnLink(Link, ScriptedResponse.Stream(Image[..100], Image.Length), ScriptedResponse.Stream(Image, Image.Length));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
    }

    [Fact] // Q31
    public async Task Download_cut_body_of_unknown_length_is_retried()
    {
        _service.OnLink(Link, ScriptedResponse.Stream(Image[..^1]), ScriptedResponse.Stream([]), ScriptedResponse.Stream(Image));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
        Assert.Equal(3, _service.Calls.Count);
    }

    [Fact]
    public async Task Download_broken_connection_is_retried()
    {
        _service.OnLink(Link, ScriptedResponse.NotConnected, ScriptedResponse.ConnectionLost, ScriptedResponse.Image(Image));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
    }

    [Fact]
    public async Task Download_idle_server_is_retried()
    {
        _service.OnLink(Link, ScriptedResponse.NoResponse, ScriptedResponse.Image(Image));

        Task<CheckedImage> downloading = Begin([Link]);
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(DownloadTimeout.IdleTimeout);

        Assert.Equal(Image, (await _service.Clock.RunAsync(downloading)).Bytes.ToArray());
    }

    [Fact]
    public async Task Download_idle_server_ends_at_timeout()
    {
        _service.OnLink(Link, ScriptedResponse.NoResponse);

        Task<CheckedImage> downloading = Begin([Link], timeout: TimeSpan.FromSeconds(10));
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(10));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(downloading.WithTimeoutAsync());
        Assert.Equal(ErrorCode.DownloadFailed, fault.Code);
        Assert.Contains("no response in time", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Download_without_timeout_goes_on()
    {
        _service.OnLink(Link, ScriptedResponse.NoResponse, ScriptedResponse.Image(Image));

        Task<CheckedImage> downloading = Begin([Link], timeout: TimeSpan.MaxValue);
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(100));

        Assert.Equal(Image, (await _service.Clock.RunAsync(downloading)).Bytes.ToArray());
    }

    [Fact]
    public async Task Download_canceled_ends()
    {
        _service.OnLink(Link, ScriptedResponse.NoResponse);
        using var stop = new CancellationTokenSource();

        Task<CheckedImage> downloading = Begin([Link], cancellationToken: stop.Token);
        await _service.WaitForCallAsync();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => downloading.WithTimeoutAsync());
    }

    [Theory] // Q33
    [InlineData(404)]
    [InlineData(403)]
    [InlineData(410)]
    public async Task Download_link_dead_after_a_day_has_expired(int status)
    {
        _service.OnLink(Link, ScriptedResponse.Empty(status));
        await _service.Clock.AdvanceAsync(TimeSpan.FromHours(24));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(DownloadAsync(createdAt: _service.Clock.GetUtcNow().AddHours(-24)));

        Assert.Equal(ErrorCode.LinkExpired, fault.Code);
        Assert.Contains("the service keeps images for 24 hours", fault.Message, StringComparison.Ordinal);
        Assert.Single(_service.Calls);
    }

    [Fact] // Q33
    public async Task Download_link_gone_has_expired_at_once()
    {
        _service.OnLink(Link, ScriptedResponse.Empty(410));

        Assert.Equal(ErrorCode.LinkExpired, (await TaskAssertions.GetErrorAsync(DownloadAsync())).Code);
    }

    [Fact]
    public async Task Download_link_dead_within_a_day_has_failed()
    {
        _service.OnLink(Link, ScriptedResponse.Empty(404));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        FaceGenException fault = await TaskAssertions.GetErrorAsync(DownloadAsync(timeout: TimeSpan.FromSeconds(60)));

        Assert.Equal(ErrorCode.DownloadFailed, fault.Code);
        Assert.Contains("HTTP 404. The link works until 2030-01-03 03:04:05Z.", fault.Message, StringComparison.Ordinal);
        Assert.InRange(_service.Clock.GetUtcNow() - start, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60));
        Assert.InRange(_service.Calls.Count, 5, 10);
    }

    [Theory]
    [InlineData("https://other.example/a.png")]
    [InlineData("//other.example/a.png")]
    public async Task Download_redirect_is_followed(string location)
    {
        _service.OnLink(Link, ScriptedResponse.Redirect(location)).OnLink("https://other.example/a.png", ScriptedResponse.Redirect("/b.png", 308))
            .OnLink("https://other.example/b.png", ScriptedResponse.Image(Image));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
    }

    [Theory]
    [InlineData("http://other.example/a.png")]
    [InlineData("http://127.0.0.1/latest/meta-data")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://other.example/a.png")]
    public async Task Download_redirect_to_forbidden_address_fails(string location)
    {
        _service.OnLink(Link, ScriptedResponse.Redirect(location));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(DownloadAsync());

        Assert.Equal(ErrorCode.DownloadFailed, fault.Code);
        Assert.Contains("does not follow", fault.Message, StringComparison.Ordinal);
        Assert.Single(_service.Calls);
    }

    [Theory]
    [InlineData("//")]
    [InlineData("https://")]
    [InlineData("https://[half/a.png")]
    public async Task Download_redirect_without_address_is_retried(string location)
    {
        _service.OnLink(Link, ScriptedResponse.Redirect(location));

        Assert.Equal(ErrorCode.DownloadFailed, (await TaskAssertions.GetErrorAsync(DownloadAsync())).Code);
    }

    [Fact]
    public async Task Download_endless_redirects_fail()
    {
        _service.OnLink(Link, ScriptedResponse.Redirect(Link));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(DownloadAsync());

        Assert.Equal(ErrorCode.DownloadFailed, fault.Code);
        Assert.Contains("it redirects too often", fault.Message, StringComparison.Ordinal);
        Assert.InRange(_service.Calls.Count, 6, 6);
    }

    [Fact]
    public async Task Download_http_link_requires_http_connection()
    {
        Assert.Equal(ErrorCode.DownloadFailed, (await TaskAssertions.GetErrorAsync(DownloadAsync(["http://cdn.example/1.png"]))).Code);
        Assert.Empty(_service.Calls);

        using var local = new FakeService(root: new Uri("http://localhost:49999"));
        local.OnLink("http://127.0.0.1:49999/1.png", ScriptedResponse.Image(Image));
        Assert.Equal(Image, (await ImageDownloader.DownloadAsync(
            local.Connection, GenerationOf(["http://127.0.0.1:49999/1.png"], [], null), 0, new MemoryStream(), TimeSpan.FromMinutes(1), null, default).WithTimeoutAsync()).Bytes.ToArray());
    }

    [Fact]
    public async Task Download_alternate_link_is_tried_without_delay()
    {
        _service.OnLink(Link, ScriptedResponse.Empty(404)).OnLink(Other, ScriptedResponse.Image(Image));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        Assert.Equal(Image, (await DownloadAsync(others: [Other])).Bytes.ToArray());
        Assert.Equal(start, _service.Clock.GetUtcNow());
    }

    [Theory]
    [InlineData(410, "")]
    [InlineData(302, "http://other.example/")]
    [InlineData(302, Link)]
    public async Task Download_dead_link_leaves_alternate_link(int status, string location)
    {
        _service.OnLink(Link, location.Length > 0 ? ScriptedResponse.Redirect(location, status) : ScriptedResponse.Empty(status))
            .OnLink(Other, ScriptedResponse.Empty(404), ScriptedResponse.Image(Image));

        Assert.Equal(Image, (await DownloadAsync(others: [Other])).Bytes.ToArray());
    }

    [Theory]
    [InlineData("http://proxy.example/1.png")]
    [InlineData("https://proxy.example/gone.png")]
    public async Task Download_dead_alternate_link_leaves_first_link(string other)
    {
        _service.OnLink(Link, ScriptedResponse.Empty(404), ScriptedResponse.Image(Image)).OnLink("https://proxy.example/gone.png", ScriptedResponse.Empty(410));

        Assert.Equal(Image, (await DownloadAsync(others: [other])).Bytes.ToArray());
    }

    [Fact] // Q31, Q32
    public async Task Download_cut_is_resumed()
    {
        _service.OnLink(Link, ScriptedResponse.Stream(Image[..100], Image.Length).WithTag("\"v1\""), Part(100, Image[100..], "\"v1\""));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
        Assert.Contains("Range: bytes=100-", _service.Calls[1].Headers, StringComparison.Ordinal);
        Assert.Contains("If-Range: \"v1\"", _service.Calls[1].Headers, StringComparison.Ordinal);
    }

    [Theory] // Q32
    [InlineData("whole")]
    [InlineData("another part")]
    [InlineData("another version")]
    [InlineData("no range")]
    [InlineData("416")]
    public async Task Download_cut_that_cannot_be_resumed_starts_again(string response)
    {
        ScriptedResponse second = response switch
        {
            "whole" => ScriptedResponse.Image(Image),
            "another part" => Part(50, Image[50..], "\"v1\""),
            "another version" => Part(100, Image[100..], "\"v2\""),
            "no range" => ScriptedResponse.Bytes(Image[100..], "image/png", 206),
            _ => ScriptedResponse.Empty(416),
        };
        _service.OnLink(Link, ScriptedResponse.Stream(Image[..100], Image.Length).WithTag("\"v1\""), second, ScriptedResponse.Image(Image));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
        if (response != "whole") Assert.DoesNotContain("Range", _service.Calls[2].Headers, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("W/\"v1\"")]
    [InlineData(null)]
    public async Task Download_cut_without_strong_tag_starts_again(string? tag)
    {
        ScriptedResponse cut = ScriptedResponse.Stream(Image[..100], Image.Length);
        _service.OnLink(Link, tag is null ? cut : cut.WithTag(tag), ScriptedResponse.Image(Image));

        Assert.Equal(Image, (await DownloadAsync()).Bytes.ToArray());
        Assert.DoesNotContain("Range", _service.Calls[1].Headers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Download_parts_of_different_links_are_not_joined()
    {
        _service.OnLink(Link, ScriptedResponse.Stream(Image[..100], Image.Length).WithTag("\"v1\""), ScriptedResponse.Image(Image)).OnLink(Other, ScriptedResponse.Empty(404));

        Assert.Equal(Image, (await DownloadAsync(others: [Other])).Bytes.ToArray());
        Assert.All(_service.Calls, call => Assert.DoesNotContain("Range", call.Headers, StringComparison.Ordinal));
    }

    private static ScriptedResponse Part(long from, byte[] bytes, string tag) =>
        ScriptedResponse.Bytes(bytes, "image/png", 206).WithTag(tag).WithRange(from, from + bytes.Length - 1);

    private Task<CheckedImage> DownloadAsync(
        string[]? images = null, string[]? others = null, TimeSpan? timeout = null, DateTimeOffset? createdAt = null) =>
        _service.Clock.RunAsync(Begin(images ?? [Link], others ?? [], timeout, createdAt));

    private Task<CheckedImage> Begin(string[] images, string[]? others = null, TimeSpan? timeout = null,
        DateTimeOffset? createdAt = null, CancellationToken cancellationToken = default) => ImageDownloader.DownloadAsync(
            _service.Connection, GenerationOf(images, others ?? [], createdAt), 0, new MemoryStream(), timeout ?? TimeSpan.FromMinutes(10), null, cancellationToken);

    private Generation GenerationOf(string[] images, string[] others, DateTimeOffset? createdAt) => new()
    {
        Id = "1",
        StatusValue = GenerationStatus.Success,
        CreatedAt = createdAt ?? _service.Clock.GetUtcNow(),
        Images = images,
        AlternateLinks = others.Length > 0 ? [others] : [],
    };
}
