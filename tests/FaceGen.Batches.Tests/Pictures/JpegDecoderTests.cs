using FaceGen.ImageFormats;
using FaceGen.Batches.Images;

namespace FaceGen.Batches.Tests.Pictures;

public sealed class JpegDecoderTests
{
    private static readonly byte[] Face = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "face.jpg"));

    private readonly IImageDecoder _decoder = new JpegDecoder();

    [Fact]
    public void A_jpeg_is_pixels()
    {
        RgbaImage picture = _decoder.Decode(Face);

        Assert.Equal(picture.Width * picture.Height * 4, picture.Pixels.Length);
        // The wall behind her, the hair.
        Assert.All(Enumerable.Range(0, picture.Width), x => Assert.NotNull(picture[x, 0]));
        (byte r, byte g, byte b) = picture[picture.Width / 2, picture.Height / 7]!.Value;
        Assert.True(r > g && g > b, $"{r} {g} {b} is no red hair.");
    }

    [Fact]
    public void What_is_no_jpeg_is_told() =>
        Assert.Equal(ErrorCode.ImageInvalid, Assert.Throws<FaceGenException>(() => _decoder.Decode("no picture"u8.ToArray())).Code);

    [Fact]
    public void A_damaged_jpeg_is_pixels_or_told_whatever_is_damaged()
    {
        var lot = new Random(7);
        int told = 0;
        for (int damage = 0; damage < 60; damage++)
        {
            byte[] damaged = (byte[])Face.Clone();
            // Half of it where the tables are.
            for (int i = 0; i < 8; i++) damaged[lot.Next(2, damage % 2 == 0 ? 700 : damaged.Length)] = (byte)lot.Next(256);
            try
            {
                _decoder.Decode(damaged);
            }
            catch (FaceGenException)
            {
                told++;
            }
        }

        Assert.InRange(told, 1, 60);
    }
}
