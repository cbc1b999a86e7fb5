using FaceGen.ImageFormats;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.ImageFormats;

public sealed class ImageInfoTests
{
    private static readonly Dictionary<string, byte[]> Images = new()
    {
        ["png"] = TestImages.Png(3, 5, (x, y, c) => (byte)(x + y + c)),
        ["jpeg"] = TestImages.Jpeg(3, 5),
        ["webp lossy"] = TestImages.WebPLossy(3, 5),
        ["webp lossless"] = TestImages.WebPLossless(3, 5),
        ["webp extended"] = TestImages.WebPExtended(3, 5),
    };

    public static TheoryData<string> Names => [.. Images.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_complete_image_returns_format_and_size(string name)
    {
        ImageFormat format = name[0] switch { 'p' => ImageFormat.Png, 'j' => ImageFormat.Jpeg, _ => ImageFormat.WebP };

        Assert.Equal(new ImageInfo(format, 3, 5), ImageInfo.ReadComplete(Images[name]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_cut_image_returns_null(string name)
    {
        byte[] image = Images[name];

        Assert.All(Enumerable.Range(0, image.Length), length => Assert.Null(ImageInfo.ReadComplete(image.AsSpan(0, length))));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_trailing_data_is_ignored(string name) =>
        Assert.NotNull(ImageInfo.ReadComplete([.. Images[name], 0, 0, 0xFF, 0xFF, 0xFF, 0xF4, .. "trailing bytes"u8]));

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_damaged_image_does_not_throw(string name)
    {
        foreach (byte damage in (byte[])[0x00, 0x7F, 0x80, 0xFF])
        {
            for (int at = 0; at < Images[name].Length; at++)
            {
                byte[] image = [.. Images[name]];
                image[at] = damage;
                if (ImageInfo.ReadComplete(image) is { } info) BlankImage.IsBlank(image, info);
            }
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    [InlineData(-1, 5)]
    [InlineData(16385, 5)]
    [InlineData(5, int.MaxValue)]
    [InlineData(int.MinValue, int.MinValue)]
    public void Read_implausible_size_returns_null(int width, int height) =>
        Assert.Null(ImageInfo.ReadComplete(TestImages.PngFromRows(width, height, 2, [1, 2, 3])));

    [Fact]
    public void Read_largest_size_is_accepted() =>
        Assert.Equal(new ImageInfo(ImageFormat.Png, 16384, 4096), ImageInfo.ReadComplete(TestImages.PngFromRows(16384, 4096, 0, TestImages.Compress(new byte[(16384 + 1) * 4096]))));

    [Fact]
    public void Read_too_many_pixels_returns_null() =>
        Assert.Null(ImageInfo.ReadComplete(TestImages.PngFromRows(16384, 4097, 0, TestImages.Compress(new byte[(16384 + 1) * 4097]))));

    [Fact]
    public void Read_implausible_jpeg_or_webp_size_returns_null() => Assert.All(
        [TestImages.Jpeg(0, 5), TestImages.Jpeg(5, 0), TestImages.Jpeg(20000, 5), TestImages.WebPLossy(0, 5), TestImages.WebPExtended(20000, 5)],
        image => Assert.Null(ImageInfo.ReadComplete(image)));

    [Theory]
    [InlineData("")]
    [InlineData("I am a text")]
    [InlineData("<html><body>404</body></html>")]
    [InlineData("GIF89a..............................")]
    [InlineData("RIFF....AVI LIST....................")]
    public void Read_other_bytes_returns_null(string text) =>
        Assert.Null(ImageInfo.ReadComplete(System.Text.Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Read_png_without_pixels_returns_null()
    {
        byte[] png = [.. Images["png"]];
        int data = png.AsSpan().IndexOf("IDAT"u8);
        "xDAT"u8.CopyTo(png.AsSpan(data));

        Assert.Null(ImageInfo.ReadComplete(png));
    }

    [Fact]
    public void Read_webp_without_image_returns_null()
    {
        byte[] webP = TestImages.WebPExtended(3, 5);
        "XMP "u8.CopyTo(webP.AsSpan(webP.AsSpan().IndexOf("VP8L"u8)));

        Assert.Null(ImageInfo.ReadComplete(webP));
    }

    [Fact]
    public void Read_jpeg_without_frame_returns_null() =>
        Assert.Null(ImageInfo.ReadComplete([0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 1, 2, 3, 0xFF, 0xD9]));
}
