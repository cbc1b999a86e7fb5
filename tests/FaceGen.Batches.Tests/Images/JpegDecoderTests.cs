using FaceGen.ImageFormats;
using FaceGen.Batches.Images;

namespace FaceGen.Batches.Tests.Images;

public sealed class JpegDecoderTests
{
    private static readonly byte[] Face = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "face.jpg"));

    private readonly IImageDecoder _decoder = new JpegDecoder();

    [Fact]
    public void Jpeg_is_decoded()
    {
        RgbaImage image = _decoder.Decode(Face);

        Assert.Equal(image.Width * image.Height * 4, image.Pixels.Length);
        // The wall in the background, the hair.
        Assert.All(Enumerable.Range(0, image.Width), x => Assert.NotNull(image[x, 0]));
        (byte r, byte g, byte b) = image[image.Width / 2, image.Height / 7]!.Value;
        Assert.True(r > g && g > b, $"{r} {g} {b} is not red hair.");
    }

    [Fact]
    public void Not_a_jpeg_is_an_error() =>
        Assert.Equal(ErrorCode.ImageInvalid, Assert.Throws<FaceGenException>(() => _decoder.Decode("not an image"u8.ToArray())).Code);

    [Fact]
    public void Jpeg_damaged_is_decoded_or_an_error()
    {
        var lot = new Random(7);
        int errors = 0;
        for (int damage = 0; damage < 60; damage++)
        {
            byte[] damaged = (byte[])Face.Clone();
            // Half of the damage is in the tables.
            for (int i = 0; i < 8; i++) damaged[lot.Next(2, damage % 2 == 0 ? 700 : damaged.Length)] = (byte)lot.Next(256);
            try
            {
                _decoder.Decode(damaged);
            }
            catch (FaceGenException)
            {
                errors++;
            }
        }

        Assert.InRange(errors, 1, 60);
    }
}
