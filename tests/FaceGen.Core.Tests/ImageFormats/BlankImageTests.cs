using FaceGen.ImageFormats;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.ImageFormats;

public sealed class BlankImageTests
{
    public static TheoryData<int, int> FiltersAndColours
    {
        get
        {
            var pairs = new TheoryData<int, int>();
            foreach (int colour in (int[])[0, 2, 4, 6])
            {
                for (int filter = 0; filter < 5; filter++) pairs.Add(filter, colour);
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(FiltersAndColours))]
    public void Png_of_one_color_is_blank_with_any_filter(int filter, int color)
    {
        Assert.True(IsBlank(TestImages.Png(70, 80, (_, _, _) => 0, filter, color)), "black");
        Assert.True(IsBlank(TestImages.Png(70, 80, (_, _, c) => (byte)(200 - (60 * c)), filter, color)), "of one colour");
    }

    [Theory]
    [MemberData(nameof(FiltersAndColours))]
    public void Png_portrait_is_not_blank_with_any_filter(int filter, int color) =>
        Assert.False(IsBlank(TestImages.Png(70, 80, (x, y, c) => (byte)((x * 3) + (y * 2) + c), filter, color)));

    [Fact]
    public void Noise_is_not_blank()
    {
        var random = new Random(1);
        byte[] noise = new byte[70 * 80 * 3];
        random.NextBytes(noise);

        Assert.False(IsBlank(TestImages.Png(70, 80, (x, y, c) => noise[(((y * 70) + x) * 3) + c])));
    }

    [Fact]
    public void Image_nearly_black_is_blank() =>
        Assert.True(IsBlank(TestImages.Png(70, 80, (x, y, _) => (byte)((x + y) % 5))));

    [Fact]
    public void Image_black_with_caption_is_blank() =>
        Assert.True(IsBlank(TestImages.Png(100, 100, (x, y, _) => (byte)(y is > 40 and < 52 && x % 2 == 0 ? 255 : 0))));

    [Theory]
    [InlineData(15, true)]
    [InlineData(16, false)]
    public void Image_blank_pixels_at_end_count(int rowsToSee, bool isBlank) =>
        Assert.Equal(isBlank, IsBlank(TestImages.Png(100, 100, (x, y, _) => (byte)(y < rowsToSee ? (x * 2) + 20 : 0))));

    [Fact]
    public void Image_dark_is_not_blank() =>
        Assert.False(IsBlank(TestImages.Png(100, 100, (x, _, _) => (byte)(x / 2))));

    [Fact]
    public void Image_tiny_is_not_blank() =>
        Assert.False(IsBlank(TestImages.Png(63, 64, (_, _, _) => 0)));

    [Fact]
    public void Png_with_palette_is_not_blank() =>
        Assert.False(IsBlank(TestImages.PngFromRows(70, 80, 3, TestImages.Compress(new byte[80 * (70 + 1)]))));

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x78 })]
    [InlineData(new byte[] { 0x78, 1, 0xFF, 0xFF, 0xFF })]
    public void Png_with_damaged_pixels_is_not_blank(byte[] data) =>
        Assert.False(BlankImage.IsBlank(TestImages.PngFromRows(70, 80, 2, data), new ImageInfo(ImageFormat.Png, 70, 80)));

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xF4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0x80, 0, 0, 0, 73, 68, 65, 84, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0x7F, 0xFF, 0xFF, 0xFF, 73, 68, 65, 84, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 1, 0, 73, 68, 65, 84, 0, 0, 0, 0, 0, 0 })]
    public void Png_trailing_data_is_ignored(byte[] rest)
    {
        Assert.True(IsBlank([.. TestImages.Png(70, 80, (_, _, _) => 0), .. rest]));
        Assert.False(IsBlank([.. TestImages.Portrait, .. rest]));
    }

    [Fact]
    public void Lossy_image_almost_without_data_is_blank()
    {
        Assert.True(IsBlank(TestImages.Jpeg(512, 768, scanLength: 4000)));
        Assert.False(IsBlank(TestImages.Jpeg(512, 768, scanLength: 20_000)));
        Assert.True(IsBlank(TestImages.WebPLossy(512, 768)));
    }

    private static bool IsBlank(byte[] image)
    {
        ImageInfo? info = ImageInfo.ReadComplete(image);
        Assert.NotNull(info);
        return BlankImage.IsBlank(image, info);
    }
}
