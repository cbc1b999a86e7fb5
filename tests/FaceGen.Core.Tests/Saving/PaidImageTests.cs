using System.Text;
using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

/// <summary>Tests charged images that come in an unexpected format, or without their end marker.</summary>
public sealed class PaidImageTests : IDisposable
{
    private const string Link = "https://cdn.example/1.png";

    private static readonly byte[] WithoutEnd = EncodedImages.Baseline[..^2];

    private readonly FakeService _service = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _service.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("avif", ImageFormat.Avif)]
    [InlineData("gif", ImageFormat.Gif)]
    [InlineData("tif", ImageFormat.Tiff)]
    public async Task Image_of_another_format_is_saved_with_its_own_extension(string extension, ImageFormat format)
    {
        byte[] image = extension switch { "avif" => EncodedImages.Avif, "gif" => EncodedImages.Gif, _ => EncodedImages.Tiff };
        _service.OnLink(Link, ScriptedResponse.Image(image));

        SavedImage saved = await SaveAsync();

        Assert.Equal((format, EncodedImages.Width, EncodedImages.Height, false), (saved.FormatValue, saved.Width, saved.Height, saved.Incomplete));
        Assert.Equal([$"77.{extension}"], _folder.Files);
        Assert.Equal(image, await File.ReadAllBytesAsync(saved.FullName));
        Assert.Empty(_service.WarningMessages);
    }

    [Fact]
    public async Task Image_without_its_end_marker_is_saved_when_the_same_bytes_come_again()
    {
        _service.OnLink(Link, ScriptedResponse.Image(WithoutEnd));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        SavedImage saved = await SaveAsync(options => options with { Sidecar = true });

        Assert.True(saved.Incomplete);
        Assert.Equal(WithoutEnd, await File.ReadAllBytesAsync(saved.FullName));
        Assert.Equal(2, _service.Calls.Count);
        Assert.InRange(_service.Clock.GetUtcNow() - start, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.StartsWith("Image 1 of generation 77 came without the end marker of its format (JPEG). All of its pixels are there: it is saved as '",
            Assert.Single(_service.WarningMessages), StringComparison.Ordinal);
        using var sidecar = JsonDocument.Parse(await File.ReadAllBytesAsync(saved.FullName + ".json"));
        Assert.True(sidecar.RootElement.GetProperty("incomplete").GetBoolean());
    }

    [Fact]
    public async Task Image_without_its_end_marker_is_replaced_by_complete_one()
    {
        _service.OnLink(Link, ScriptedResponse.Image(WithoutEnd), ScriptedResponse.Empty(503), ScriptedResponse.Image(EncodedImages.Baseline));

        SavedImage saved = await SaveAsync();

        Assert.False(saved.Incomplete);
        Assert.Equal(EncodedImages.Baseline, await File.ReadAllBytesAsync(saved.FullName));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    public async Task Image_without_its_end_marker_is_saved_when_its_link_ends(int status)
    {
        _service.OnLink(Link, ScriptedResponse.Image(WithoutEnd), ScriptedResponse.Empty(status));

        Assert.True((await SaveAsync()).Incomplete);
    }

    [Fact]
    public async Task Image_without_its_end_marker_inline_is_saved()
    {
        SavedImage saved = await SaveAsync(image: "data:image/jpeg;base64," + Convert.ToBase64String(WithoutEnd));

        Assert.True(saved.Incomplete);
    }

    [Fact]
    public async Task Existing_file_without_its_end_marker_is_marked_incomplete()
    {
        _folder.Write("77.jpg", WithoutEnd);

        SavedImage saved = await SaveAsync(options => options with { SkipExisting = true });

        Assert.True(saved.Incomplete);
        Assert.Empty(_service.Calls);
    }

    public static TheoryData<string, string> Damaged => new()
    {
        { "jpeg", "begins as a JPEG image and is cut off or damaged" },
        { "png", "begins as a PNG image and is cut off or damaged" },
        { "gif", "begins as a GIF image and is cut off or damaged" },
        { "avif", "begins as an AVIF image and is cut off or damaged" },
        { "stub", "begins as an AVIF image and is cut off or damaged" },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public async Task Image_cut_is_refused_with_hint_for_its_bytes(string name, string what)
    {
        byte[] image = name switch
        {
            "jpeg" => EncodedImages.Baseline[..^20],
            "png" => TestImages.Portrait[..^20],
            "gif" => EncodedImages.Gif[..^20],
            "avif" => EncodedImages.Avif[..^20],
            _ => [0, 0, 0, 24, .. "ftypavif\0\0\0\0avifmif1"u8, .. Enumerable.Repeat((byte)7, 4000)],
        };
        _service.OnLink(Link, ScriptedResponse.Image(image));

        FaceGenException error = await TaskAssertions.GetErrorAsync(SaveAsync());

        Assert.Equal(ErrorCode.ImageInvalid, error.Code);
        Assert.Equal(
            $"Image 1 of generation 77 could not be downloaded: the file ({image.Length} bytes) {what}. The link works until 2030-01-03 03:04:05Z. Nothing was saved. Run Get-FaceGenImage | Save-FaceGenOutput before then. To keep the bytes as they are, use Invoke-WebRequest with the link in the generation's Output.",
            error.Message);
        Assert.Empty(_folder.Files);
    }

    [Theory]
    [InlineData("<html><body>404</body></html>")]
    [InlineData("{\"error\":\"gone\"}")]
    [InlineData("BMW and other words")]
    [InlineData("")]
    public async Task Text_is_refused(string text)
    {
        _service.OnLink(Link, ScriptedResponse.Bytes(Encoding.ASCII.GetBytes(text), "image/gif"));

        FaceGenException error = await TaskAssertions.GetErrorAsync(SaveAsync());

        Assert.Equal(ErrorCode.ImageInvalid, error.Code);
        Assert.DoesNotContain("Invoke-WebRequest", error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Files);
    }

    private Task<SavedImage> SaveAsync(Func<SaveOptions, SaveOptions>? change = null, string image = Link)
    {
        var options = new SaveOptions(_folder.FullName, new FileNameTemplate("{id}")) { Timeout = TimeSpan.FromMinutes(2) };
        var saver = new ImageSaver(_service.Connection, change is null ? options : change(options), _service);
        var generation = new Generation { Id = "77", StatusValue = GenerationStatus.Success, CreatedAt = _service.Clock.GetUtcNow(), Images = [image] };
        return _service.Clock.RunAsync(saver.SaveAsync(generation, 0, default));
    }
}
