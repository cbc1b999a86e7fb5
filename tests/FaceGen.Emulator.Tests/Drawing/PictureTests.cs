using FaceGen.Emulator.Tests.Support;
using SkiaSharp;

namespace FaceGen.Emulator.Tests.Drawing;

public sealed class PictureTests : IAsyncLifetime
{
    private static readonly string[] Styles = ["realistic", "comic", "chibi", "3d", "anime"];
    private TestService _service = null!;

    public async ValueTask InitializeAsync() => _service = await TestService.StartAsync();

    public async ValueTask DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task Styles_any_two_differ()
    {
        var pictures = new List<SKBitmap>();
        foreach (string style in Styles)
            pictures.Add(await _service.DrawBitmapAsync(("style", style), ("seed", 1)));

        for (int i = 0; i < pictures.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                double difference = Pixels.MeanDifference(pictures[i], pictures[j], 0, 0.85);
                Assert.True(difference > 8, $"{Styles[i]} and {Styles[j]} differ by only {difference:F1}.");
            }
        }

        pictures.ForEach(static picture => picture.Dispose());
    }

    [Theory]
    [InlineData("realistic")]
    [InlineData("comic")]
    [InlineData("chibi")]
    [InlineData("3d")]
    [InlineData("anime")]
    public async Task Picture_same_request_and_seed_has_the_same_bytes(string style)
    {
        byte[] here = await _service.DrawAsync(("style", style), ("seed", 7));
        await using TestService elsewhere = await TestService.StartAsync(new EmulatorOptions { Seed = 99 });

        Assert.Equal(here, await elsewhere.DrawAsync(("style", style), ("seed", 7)));
        Assert.NotEqual(here, await elsewhere.DrawAsync(("style", style), ("seed", 8)));
    }

    [Fact]
    public async Task Samples_of_one_request_differ()
    {
        TestResponse response = await _service.SubmitAsync(("samples", 2), ("seed", 1));
        using HttpResponseMessage first = await _service.GetAsync(response.Output[0]);
        using HttpResponseMessage second = await _service.GetAsync(response.Output[1]);

        Assert.NotEqual(await first.Content.ReadAsByteArrayAsync(), await second.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("guidance_scale", 20)]
    [InlineData("s_scale", 2)]
    [InlineData("num_inference_steps", 41)]
    public async Task Picture_strength_parameters_change_it_slightly(string field, int value)
    {
        using SKBitmap plain = await _service.DrawBitmapAsync(("seed", 1));
        using SKBitmap changed = await _service.DrawBitmapAsync(("seed", 1), (field, value));

        Assert.InRange(Pixels.MeanDifference(plain, changed, 0, 0.85), 0.1, 20);
    }

    [Fact]
    public async Task Prompt_changes_only_the_caption()
    {
        using SKBitmap one = await _service.DrawBitmapAsync(("seed", 1), ("prompt", "one prompt"));
        using SKBitmap other = await _service.DrawBitmapAsync(("seed", 1), ("prompt", "quite another"));

        Assert.Equal(0, Pixels.MeanDifference(one, other, 0, 0.85));
        Assert.True(Pixels.MeanDifference(one, other, 0.85, 1) > 1);
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(512, 768)]
    [InlineData(160, 40)]
    public async Task Picture_any_size_has_the_mark(int width, int height)
    {
        using SKBitmap picture = await _service.DrawBitmapAsync(("width", width), ("height", height), ("seed", 1));

        int accent = Pixels.Colors(picture, 0.5, 1)
            .Count(static color => color.Red > 200 && color.Green is > 140 and < 230 && color.Blue < 140);
        Assert.True(accent > 20, $"Only {accent} pixels have the mark's color.");
    }

    [Theory]
    [InlineData("realistic")]
    [InlineData("comic")]
    [InlineData("chibi")]
    [InlineData("3d")]
    [InlineData("anime")]
    public async Task Picture_extreme_sizes_are_drawn(string style)
    {
        foreach ((int width, int height) in new[] { (1, 1), (2, 3), (1, 768), (512, 1), (17, 31), (64, 64) })
        {
            using SKBitmap picture = await _service.DrawBitmapAsync(("style", style), ("width", width), ("height", height));
            Assert.Equal((width, height), (picture.Width, picture.Height));
        }
    }

    [Theory]
    [InlineData("日本語の肖像")]
    [InlineData("👩‍🚀 🚀")]
    [InlineData("עברית العربية")]
    [InlineData("line\nbreak\ttab\u0007bell")]
    [InlineData("Ünïcödé Ελληνικά Кириллица €½™")]
    public async Task Prompt_any_text_is_drawn(string prompt)
    {
        using SKBitmap picture = await _service.DrawBitmapAsync(("prompt", prompt));

        Assert.Equal(400, picture.Width);
    }

    [Fact]
    public async Task Prompt_very_long_is_shortened()
    {
        using SKBitmap picture = await _service.DrawBitmapAsync(("prompt", string.Concat(Enumerable.Repeat("portrait ", 5000))));

        Assert.Equal(400, picture.Width);
    }

    [Fact]
    public async Task Face_external_link_draws_a_placeholder()
    {
        using SKBitmap one = await _service.DrawBitmapAsync(("seed", 1), ("face_image", "https://example.org/one.jpg"));
        using SKBitmap two = await _service.DrawBitmapAsync(("seed", 1), ("face_image", "https://example.org/a/much/longer/two.jpg"));

        Assert.Equal(512, one.Width);
        Assert.True(Pixels.MeanDifference(one, two, 0.6, 0.85) > 0.2, "The link should be lettered on the placeholder.");
    }

    [Fact]
    public async Task Picture_any_style_keeps_the_skin_tone()
    {
        // The synthetic face's skin is warm and its background cool; every style must keep that.
        foreach (string style in Styles)
        {
            using SKBitmap picture = await _service.DrawBitmapAsync(("style", style), ("seed", 1));
            SKColor forehead = picture.GetPixel(picture.Width / 2, (int)(picture.Height * 0.37));
            Assert.True(forehead.Red > forehead.Blue + 15, $"{style} turned the skin to {forehead}.");
        }
    }
}
