using FaceGen.ImageFormats;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.ImageFormats;

public sealed class PngReaderTests
{
    private static readonly (string, byte[]) Colours = ("PLTE", [10, 20, 30, 40, 50, 60, 70, 80, 90]);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(3, 6)]
    [InlineData(4, 2)]
    [InlineData(4, 6)]
    public void Read_every_filter_and_color_type_is_decoded(int filter, int colorType)
    {
        static byte Pixel(int x, int y, int channel) => (byte)((x * 31) + (y * 17) + (channel * 50));

        byte[] pixels = Read(TestImages.Png(7, 5, Pixel, filter, colorType));

        for (int y = 0; y < 5; y++)
        {
            for (int x = 0; x < 7; x++)
            {
                bool isGrey = colorType is 0 or 4;
                byte opacity = colorType is 4 or 6 ? Pixel(x, y, isGrey ? 1 : 3) : byte.MaxValue;
                Assert.Equal([Pixel(x, y, 0), Pixel(x, y, isGrey ? 0 : 1), Pixel(x, y, isGrey ? 0 : 2), opacity], pixels.AsSpan(((y * 7) + x) * 4, 4).ToArray());
            }
        }
    }

    [Theory]
    [InlineData(1, new byte[] { 0b0100_0000 }, new byte[] { 10, 40, 10 })]
    [InlineData(2, new byte[] { 0b0001_1000 }, new byte[] { 10, 40, 70 })]
    [InlineData(4, new byte[] { 0x01, 0x20 }, new byte[] { 10, 40, 70 })]
    [InlineData(8, new byte[] { 0, 1, 9 }, new byte[] { 10, 40, 70 })]
    public void Read_palette_with_transparency_is_decoded(int depth, byte[] row, byte[] reds)
    {
        byte[] pixels = Read(TestImages.PngFromRows(3, 1, 3, TestImages.Compress([0, .. row]), depth, false, Colours, ("tRNS", [0])));

        Assert.Equal(reds, new[] { pixels[0], pixels[4], pixels[8] });
        Assert.Equal(reds.Select(red => red == 10 ? (byte)0 : byte.MaxValue), new[] { pixels[3], pixels[7], pixels[11] });
    }

    [Theory]
    [InlineData(1, new byte[] { 0b0100_0000 }, new byte[] { 0, 255, 0 })]
    [InlineData(2, new byte[] { 0b0001_1000 }, new byte[] { 0, 85, 170 })]
    [InlineData(4, new byte[] { 0x0F, 0x30 }, new byte[] { 0, 255, 51 })]
    [InlineData(16, new byte[] { 0, 0, 0xFF, 0xFF, 0x80, 0x80 }, new byte[] { 0, 255, 128 })]
    public void Read_gray_of_every_depth_is_decoded(int depth, byte[] row, byte[] greys)
    {
        byte[] pixels = Read(TestImages.PngFromRows(3, 1, 0, TestImages.Compress([0, .. row]), depth, false, ("tRNS", [0, 0])));

        Assert.Equal(greys.SelectMany(grey => new[] { grey, grey, grey, grey == 0 ? (byte)0 : byte.MaxValue }), pixels);
    }

    [Fact]
    public void Read_sixteen_bit_colors_become_eight_bit() =>
        Assert.Equal([255, 128, 0, 64], Read(TestImages.PngFromRows(1, 1, 6, TestImages.Compress(0, 0xFF, 0xFF, 0x80, 0x80, 0, 0, 0x40, 0x40), depth: 16)));

    public static TheoryData<byte[], string> Bad => new()
    {
        { TestImages.PngFromRows(4, 4, 2, TestImages.Compress(0, 1, 2), 8, interlaced: true), "The PNG is interlaced, which FaceGen cannot read." },
        { TestImages.PngFromRows(4, 4, 2, TestImages.Compress(0, 1, 2)), "The PNG has fewer pixels than its header declares." },
        { TestImages.PngFromRows(4, 4, 2, [1, 2, 0xFF, 0xFF, 0xFF, 0xFF]), "The PNG has pixels that cannot be decompressed." },
        { TestImages.PngFromRows(4, 4, 3, TestImages.Compress(0)), "The PNG has no palette." },
        { TestImages.PngFromRows(4, 4, 5, TestImages.Compress(0)), "The PNG has an invalid color type." },
        { TestImages.PngFromRows(4, 4, 2, TestImages.Compress(0), depth: 4), "The PNG has an invalid color type." },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Read_invalid_png_fails_with_reason(byte[] png, string message)
    {
        FaceGenException fault = Assert.Throws<FaceGenException>(() => Read(png));

        Assert.Equal((ErrorCode.ImageInvalid, message), (fault.Code, fault.Message));
    }

    private static byte[] Read(byte[] png) => [.. new PngReader(png).ReadRows().SelectMany(row => row.ToArray())];
}
