using System.Text.Json.Nodes;
using FaceGen.Emulator.Tests.Support;
using SkiaSharp;

namespace FaceGen.Emulator.Tests.Drawing;

public sealed class SafetyTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async ValueTask InitializeAsync() => _service = await TestService.StartAsync();

    public async ValueTask DisposeAsync() => await _service.DisposeAsync();

    [Theory]
    [InlineData("black")]
    [InlineData("blur")]
    [InlineData("pixelate")]
    [InlineData("sensitive_content_text")]
    public async Task Unsafe_prompt_is_treated_by_type(string type)
    {
        using SKBitmap plain = await DrawAsync("an NSFW pilot", safetyChecker: false, type);
        using SKBitmap treated = await DrawAsync("an NSFW pilot", safetyChecker: true, type);

        Assert.True(Pixels.MeanDifference(plain, treated, 0, 0.85) > 3);
    }

    [Fact]
    public async Task Treatments_all_four_differ()
    {
        var pictures = new List<SKBitmap>();
        foreach (string type in new[] { "black", "blur", "pixelate", "sensitive_content_text" })
            pictures.Add(await DrawAsync("nsfw", safetyChecker: true, type));

        for (int i = 0; i < pictures.Count; i++)
        {
            for (int j = 0; j < i; j++)
                Assert.True(Pixels.MeanDifference(pictures[i], pictures[j], 0, 0.85) > 2);
        }

        pictures.ForEach(static picture => picture.Dispose());
    }

    [Fact]
    public async Task Treatment_black_is_all_black()
    {
        using SKBitmap picture = await DrawAsync("nsfw", safetyChecker: true, "black");

        Assert.All(Pixels.Colors(picture, 0, 0.85), static color => Assert.Equal(SKColors.Black, color));
    }

    [Fact]
    public async Task Safe_prompt_is_not_treated()
    {
        using SKBitmap plain = await DrawAsync("a pilot", safetyChecker: false, "black");
        using SKBitmap treated = await DrawAsync("a pilot", safetyChecker: true, "black");

        Assert.Equal(0, Pixels.MeanDifference(plain, treated));
    }

    [Theory]
    [InlineData("black")]
    [InlineData("blur")]
    [InlineData("pixelate")]
    [InlineData("sensitive_content_text")]
    public async Task Treatment_smallest_picture_is_applied(string type)
    {
        using SKBitmap picture = await _service.DrawBitmapAsync(
            ("prompt", "nsfw"), ("safety_checker", true), ("safety_checker_type", type), ("width", 1), ("height", 1));

        Assert.Equal(1, picture.Width);
    }

    private Task<SKBitmap> DrawAsync(string prompt, bool safetyChecker, string type) => _service.DrawBitmapAsync(
        ("prompt", prompt), ("seed", 1), ("safety_checker", safetyChecker), ("safety_checker_type", JsonValue.Create(type)));
}
