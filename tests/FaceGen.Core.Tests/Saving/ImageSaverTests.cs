using FaceGen.ImageFormats;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

public sealed class ImageSaverTests : IDisposable
{
    private readonly FakeService _service = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _service.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Save_uses_extension_of_content()
    {
        byte[] jpeg = TestImages.Jpeg(512, 768, scanLength: 20_000);
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(jpeg));
        Generation generation = GenerationOf("https://cdn.example/1.png");

        SavedImage saved = await SaveAsync(generation);

        Assert.Equal(_folder.PathOf("77-1.jpg"), saved.FullName);
        Assert.Equal(saved.FullName, saved.ToString());
        Assert.Equal(jpeg, await File.ReadAllBytesAsync(saved.FullName));
        Assert.Equal((ImageFormat.Jpeg, 512, 768, (long)jpeg.Length, 1, false), (saved.FormatValue, saved.Width, saved.Height, saved.Length, saved.Index, saved.Filtered));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(jpeg)).ToLowerInvariant(), saved.Sha256);
        Assert.Same(generation, saved.Generation);
        Assert.Equal(["77-1.jpg"], _folder.Files);
    }

    [Fact]
    public async Task Save_each_format_has_its_extension()
    {
        _service.OnLink("https://cdn.example/1", ScriptedResponse.Image(TestImages.Portrait)).OnLink("https://cdn.example/2", ScriptedResponse.Image(TestImages.WebPLossless(90, 90)));
        Generation generation = GenerationOf("https://cdn.example/1", "https://cdn.example/2");

        await SaveAsync(generation, index: 0);
        await SaveAsync(generation, index: 1);

        Assert.Equal(["77-1.png", "77-2.webp"], _folder.Files);
    }

    [Fact] // Q17
    public async Task Save_other_size_is_reported()
    {
        _service.OnLink("https://cdn.example/1", ScriptedResponse.Image(TestImages.Portrait));

        SavedImage saved = await SaveAsync(GenerationOf("https://cdn.example/1") with { Request = FakeService.Request() with { Width = 512, Height = 640 } });

        Assert.Equal((80, 90, false), (saved.Width, saved.Height, saved.Filtered));
    }

    [Fact] // Q16
    public async Task Save_blank_image_is_marked_as_filtered()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Png(100, 100, (_, _, _) => 0)));

        Assert.True((await SaveAsync(GenerationOf("https://cdn.example/1.png"))).Filtered);
    }

    [Fact] // Q37
    public async Task Save_image_that_the_service_flags_is_marked_as_filtered()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        Generation generation = GenerationOf("https://cdn.example/1.png") with { Meta = new Dictionary<string, object?> { ["nsfw_content_detected"] = true } };

        Assert.True((await SaveAsync(generation)).Filtered);
    }

    [Fact] // Q16
    public async Task Save_repeated_image_is_marked_as_filtered()
    {
        _service.OnLink("https://cdn.example/1", ScriptedResponse.Image(TestImages.Portrait));
        var saver = new ImageSaver(_service.Connection, new SaveOptions(_folder.FullName, new FileNameTemplate("{id}")) { Timeout = TimeSpan.FromMinutes(1) });
        Generation first = GenerationOf("https://cdn.example/1") with { Prompt = "a", Seed = 1 };

        Assert.False((await saver.SaveAsync(first, 0, default).WithTimeoutAsync()).Filtered);
        Assert.False((await saver.SaveAsync(first with { Id = "78" }, 0, default).WithTimeoutAsync()).Filtered);
        Assert.True((await saver.SaveAsync(first with { Id = "79", Prompt = "b" }, 0, default).WithTimeoutAsync()).Filtered);
        Assert.True((await saver.SaveAsync(first with { Id = "80", Seed = 2 }, 0, default).WithTimeoutAsync()).Filtered);
    }

    [Fact]
    public async Task Save_existing_file_fails()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        Generation generation = GenerationOf("https://cdn.example/1.png");
        _folder.Write("77-1.png", [1]);

        Assert.Equal(ErrorCode.FileExists, (await TaskAssertions.GetErrorAsync(SaveAsync(generation))).Code);
        Assert.Equal([1], await File.ReadAllBytesAsync(_folder.PathOf("77-1.png")));

        await SaveAsync(generation, force: true);
        Assert.Equal(TestImages.Portrait, await File.ReadAllBytesAsync(_folder.PathOf("77-1.png")));
    }

    [Fact]
    public async Task Save_existing_file_with_skip_is_not_downloaded()
    {
        _folder.Write("77-1.webp", TestImages.WebPLossy(90, 90));

        SavedImage saved = await SaveAsync(GenerationOf("https://cdn.example/1.png"), skipExisting: true);

        Assert.Equal((_folder.PathOf("77-1.webp"), ImageFormat.WebP), (saved.FullName, saved.FormatValue));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(TestImages.WebPLossy(90, 90))).ToLowerInvariant(), saved.Sha256);
        Assert.Empty(_service.Calls);
    }

    [Fact]
    public async Task Save_existing_damaged_file_with_skip_fails()
    {
        _folder.Write("77-1.png", TestImages.Portrait[..50]);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(SaveAsync(GenerationOf("https://cdn.example/1.png"), skipExisting: true));

        Assert.Equal(ErrorCode.ImageInvalid, fault.Code);
        Assert.Empty(_service.Calls);
    }

    [Fact]
    public async Task Save_failed_download_leaves_no_file()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Html(200));

        await TaskAssertions.GetErrorAsync(SaveAsync(GenerationOf("https://cdn.example/1.png")));

        Assert.Empty(_folder.Files);
    }

    [Fact]
    public async Task Sidecar_describes_image_without_key()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        Generation generation = GenerationOf("https://cdn.example/1.png") with
        {
            Seed = long.MaxValue,
            Seconds = 1.1,
            Request = FakeService.Request("Ein Übungsflug & mehr") with
            {
                GuidanceScale = 7.5,
                FaceImage = FaceImage.FromBytes(TestImages.Portrait),
                Source = new RequestSource("/data/people.csv", 7, 6),
            },
        };

        SavedImage saved = await SaveAsync(generation, sidecar: true);

        Assert.Equal(["77-1.png", "77-1.png.json"], _folder.Files);
        string text = await File.ReadAllTextAsync(_folder.PathOf("77-1.png.json"), Encoding.UTF8);
        Assert.Contains("Ein Übungsflug & mehr", text, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeService.Key, text, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(
            [
                "file=77-1.png", $"sha256={saved.Sha256}", "format=image/png", "image_width=80", "image_height=90", "filtered=False", "id=77",
                "index=1", "seed=9223372036854775807", "generation_time=1.1", "created_at=2030-01-02T03:04:05+00:00", "source=people.csv:7",
            ],
            json.RootElement.EnumerateObject().Where(property => property.Name != "request").Select(property => $"{property.Name}={property.Value}"));
        Assert.Equal(
            ["prompt=Ein Übungsflug & mehr", "guidance_scale=7.5"],
            json.RootElement.GetProperty("request").EnumerateObject().Select(property => $"{property.Name}={property.Value}"));
    }

    [Fact]
    public async Task Sidecar_of_other_session_describes_what_is_known()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));

        await SaveAsync(GenerationOf("https://cdn.example/1.png") with { Request = null }, sidecar: true);

        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder.PathOf("77-1.png.json")));
        Assert.DoesNotContain(json.RootElement.EnumerateObject(), property => property.Name is "request" or "seed" or "source");
    }

    [Fact]
    public async Task Embedded_metadata_keeps_png_otherwise_unchanged()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        string face = _folder.Write("face.png", TestImages.Portrait);
        Generation generation = GenerationOf("https://cdn.example/1.png") with
        {
            Prompt = "Zoë\r\nam Flügel",
            Seed = 5,
            Request = FakeService.Request("Zoë\r\nam Flügel 😀") with { FaceImage = FaceImage.FromFile(face), Webhook = new Uri("https://hooks.example/secret") },
        };

        SavedImage saved = await SaveAsync(generation, sidecar: true, embed: true);

        byte[] file = await File.ReadAllBytesAsync(saved.FullName);
        Assert.Equal((file.Length, Convert.ToHexString(SHA256.HashData(file)).ToLowerInvariant()), (saved.Length, saved.Sha256));
        Assert.Equal(new ImageInfo(ImageFormat.Png, 80, 90), ImageInfo.ReadComplete(file));
        IReadOnlyList<(string Type, byte[] Data)> chunks = TestImages.Chunks(file);
        Assert.Equal(["IHDR", "tEXt", "tEXt", "tEXt", "tEXt", "IDAT", "IEND"], chunks.Select(chunk => chunk.Type));
        Assert.Equal(TestImages.Chunks(TestImages.Portrait).Select(chunk => Convert.ToHexString(chunk.Data)),
            chunks.Where(chunk => chunk.Type != "tEXt").Select(chunk => Convert.ToHexString(chunk.Data)));
        string[] texts = [.. chunks.Where(chunk => chunk.Type == "tEXt").Select(chunk => Encoding.Latin1.GetString(chunk.Data))];
        Assert.Equal(["Description\0Zoë\nam Flügel", "Creation Time\0Wed, 02 Jan 2030 03:04:05 GMT", "Software\0FaceGen"], texts.Take(3));
        Assert.StartsWith("FaceGen\0{", texts[3], StringComparison.Ordinal);
        using var metadata = JsonDocument.Parse(texts[3].Substring("FaceGen\0".Length));
        Assert.Equal(["id", "index", "seed", "created_at", "request"], metadata.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(["prompt=Zoë\r\nam Flügel 😀", $"face_image={face}"],
            metadata.RootElement.GetProperty("request").EnumerateObject().Select(property => $"{property.Name}={property.Value}"));
        Assert.Contains(saved.Sha256, await File.ReadAllTextAsync(saved.FullName + ".json"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("😀 a pilot")]
    [InlineData("Пилот")]
    [InlineData("a\tpilot")]
    public async Task Embedded_metadata_beyond_latin1_is_utf8(string prompt)
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));

        SavedImage saved = await SaveAsync(GenerationOf("https://cdn.example/1.png") with { Prompt = prompt }, embed: true);

        (string type, byte[] data) = TestImages.Chunks(File.ReadAllBytes(saved.FullName))[1];
        Assert.Equal("iTXt", type);
        Assert.Equal($"Description\0\0\0\0\0{prompt}", Encoding.UTF8.GetString(data));
    }

    [Fact]
    public async Task Embedded_metadata_has_no_face_bytes()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        Generation generation = GenerationOf("https://cdn.example/1.png") with
        {
            Request = FakeService.Request() with { FaceImage = FaceImage.FromBytes(TestImages.Portrait) },
        };

        SavedImage saved = await SaveAsync(generation, embed: true);

        string text = Encoding.Latin1.GetString(File.ReadAllBytes(saved.FullName));
        Assert.DoesNotContain("face_image", text, StringComparison.Ordinal);
        Assert.DoesNotContain("base64", text, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeService.Key, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embedded_metadata_leaves_other_formats_unchanged()
    {
        byte[] jpeg = TestImages.Jpeg(512, 768, scanLength: 20_000);
        _service.OnLink("https://cdn.example/1.jpg", ScriptedResponse.Image(jpeg));

        SavedImage saved = await SaveAsync(GenerationOf("https://cdn.example/1.jpg"), embed: true);

        Assert.Equal(jpeg, await File.ReadAllBytesAsync(saved.FullName));
    }

    [Fact] // Q16
    public async Task Embedded_metadata_does_not_hide_repeated_image()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        var options = new SaveOptions(_folder.FullName, new FileNameTemplate("{id}")) { EmbedMetadata = true, Timeout = TimeSpan.FromMinutes(1) };
        Generation first = GenerationOf("https://cdn.example/1.png") with { Prompt = "a" }, second = first with { Id = "78", Prompt = "b" };
        var saver = new ImageSaver(_service.Connection, options);

        Assert.False((await saver.SaveAsync(first, 0, default).WithTimeoutAsync()).Filtered);
        Assert.True((await saver.SaveAsync(second, 0, default).WithTimeoutAsync()).Filtered);

        saver = new ImageSaver(_service.Connection, options with { SkipExisting = true });
        Assert.False((await saver.SaveAsync(first, 0, default).WithTimeoutAsync()).Filtered);
        Assert.True((await saver.SaveAsync(second, 0, default).WithTimeoutAsync()).Filtered);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Save_identical_file_with_other_metadata_is_accepted(bool before, bool after)
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        var options = new SaveOptions(_folder.FullName, new FileNameTemplate(FileNameTemplate.Default)) { AcceptIdentical = true, Timeout = TimeSpan.FromMinutes(1) };
        Generation generation = GenerationOf("https://cdn.example/1.png") with { Seconds = 2 };
        SavedImage first = await new ImageSaver(_service.Connection, options with { EmbedMetadata = before }).SaveAsync(generation, 0, default).WithTimeoutAsync();

        SavedImage again = await new ImageSaver(_service.Connection, options with { EmbedMetadata = after })
            .SaveAsync(generation with { Seconds = null }, 0, default).WithTimeoutAsync();

        byte[] file = File.ReadAllBytes(first.FullName);
        Assert.Equal((first.FullName, first.Length, first.Sha256), (again.FullName, again.Length, again.Sha256));
        Assert.Equal((file.Length, Convert.ToHexString(SHA256.HashData(file)).ToLowerInvariant()), (again.Length, again.Sha256));
    }

    [Fact]
    public async Task Save_failed_write_keeps_name_reserved_for_image()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        var saver = new ImageSaver(_service.Connection, new SaveOptions(_folder.PathOf("out"), new FileNameTemplate("same")) { Force = true, Timeout = TimeSpan.FromMinutes(1) });
        // A file of the folder's name prevents the folder.
        _folder.Write("out", [1]);
        Generation generation = GenerationOf("https://cdn.example/1.png");
        Assert.Equal(ErrorCode.FileNotWritten, (await TaskAssertions.GetErrorAsync(saver.SaveAsync(generation, 0, default)).WithTimeoutAsync()).Code);
        File.Delete(_folder.PathOf("out"));

        await saver.SaveAsync(generation, 0, default).WithTimeoutAsync();

        Assert.Equal(ErrorCode.FileExists, (await TaskAssertions.GetErrorAsync(saver.SaveAsync(generation with { Id = "78" }, 0, default)).WithTimeoutAsync()).Code);
    }

    [Fact]
    public async Task Save_canceled_before_write_writes_nothing()
    {
        _service.OnLink("https://cdn.example/1.jpg", ScriptedResponse.Image(TestImages.Jpeg(512, 768)));
        using var stop = new CancellationTokenSource();
        // The message that a JPEG has no metadata comes after the download and before the file is written.
        var saver = new ImageSaver(_service.Connection,
            new SaveOptions(_folder.FullName, new FileNameTemplate("same")) { EmbedMetadata = true, Timeout = TimeSpan.FromMinutes(1) },
            new CancelingLog(stop));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => saver.SaveAsync(GenerationOf("https://cdn.example/1.jpg"), 0, stop.Token).WithTimeoutAsync());

        Assert.Empty(_folder.Files);
    }

    [Fact]
    public async Task Save_retried_write_does_not_download_again()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        var options = new SaveOptions(_folder.PathOf("out"), new FileNameTemplate("same")) { Sidecar = true, Timeout = TimeSpan.FromMinutes(1) };
        // A file of the folder's name prevents the folder.
        _folder.Write("out", [1]);
        var saver = new ImageSaver(_service.Connection, options, null, (write, _) =>
        {
            if (!File.Exists(options.Folder))
            {
                write();
                return Task.CompletedTask;
            }

            Assert.Equal(ErrorCode.FileNotWritten, Assert.Throws<FaceGenException>(write).Code);
            File.Delete(options.Folder);
            write();
            return Task.CompletedTask;
        });

        SavedImage saved = await saver.SaveAsync(GenerationOf("https://cdn.example/1.png"), 0, default).WithTimeoutAsync();

        Assert.Equal(TestImages.Portrait, File.ReadAllBytes(saved.FullName));
        Assert.True(File.Exists(saved.FullName + ".json"));
        Assert.Single(_service.Calls);
    }

    [Fact]
    public async Task Save_identical_file_is_accepted_another_fails()
    {
        _service.OnLink("https://cdn.example/1.png", ScriptedResponse.Image(TestImages.Portrait));
        _folder.Write("77-1.png", TestImages.Portrait);
        var options = new SaveOptions(_folder.FullName, new FileNameTemplate(FileNameTemplate.Default)) { AcceptIdentical = true, Sidecar = true, Timeout = TimeSpan.FromMinutes(1) };
        Generation generation = GenerationOf("https://cdn.example/1.png");

        await new ImageSaver(_service.Connection, options).SaveAsync(generation, 0, default).WithTimeoutAsync();

        Assert.Equal(["77-1.png", "77-1.png.json"], _folder.Files);
        _folder.Write("77-1.png", TestImages.Jpeg(8, 8));
        Assert.Equal(ErrorCode.FileExists,
            (await TaskAssertions.GetErrorAsync(new ImageSaver(_service.Connection, options).SaveAsync(generation, 0, default)).WithTimeoutAsync()).Code);
        Assert.Equal(TestImages.Jpeg(8, 8), File.ReadAllBytes(_folder.PathOf("77-1.png")));
    }

    private Task<SavedImage> SaveAsync(
        Generation generation, int index = 0, bool force = false, bool skipExisting = false, bool sidecar = false, bool embed = false)
    {
        var options = new SaveOptions(_folder.FullName, new FileNameTemplate(FileNameTemplate.Default))
        {
            Force = force,
            SkipExisting = skipExisting,
            Sidecar = sidecar,
            EmbedMetadata = embed,
            Timeout = TimeSpan.FromMinutes(1),
        };
        return _service.Clock.RunAsync(new ImageSaver(_service.Connection, options).SaveAsync(generation, index, default));
    }

    private Generation GenerationOf(params string[] images) => new()
    {
        Id = "77",
        StatusValue = GenerationStatus.Success,
        CreatedAt = _service.Clock.GetUtcNow(),
        Images = images,
        Request = FakeService.Request(),
    };

    /// <summary>Cancels at the first message.</summary>
    private sealed class CancelingLog(CancellationTokenSource stop) : IEngineLog
    {
        public void LogVerbose(string message) => stop.Cancel();

        public void LogWarning(string message) => stop.Cancel();
    }
}
