using System.Text;
using System.Text.RegularExpressions;
using FaceGen.Core.Tests.Support;
using FaceGen.Preview;

namespace FaceGen.Core.Tests.Preview;

public sealed partial class ImagePreviewTests
{
    private static readonly Terminal Kitty = new(TerminalProtocol.Kitty);
    private static readonly Terminal ITerm2 = new(TerminalProtocol.ITerm2);
    private static readonly Terminal Sixels = new(TerminalProtocol.Sixel);
    private static readonly Terminal Blocks = new(TerminalProtocol.HalfBlock) { HasTrueColor = true };
    private static readonly (int, int) Window = (120, 50);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 6)]
    [InlineData(40, 33)]
    [InlineData(120, 98)]
    public void HalfBlocks_small_image_keeps_pixels(int width, int height)
    {
        (int, int, int)?[,] drawn = HalfBlockDecoder.Decode(ImagePreview.Draw(TestImages.Png(width, height, Pixel), Blocks, Window));

        Assert.Equal((width, (height + 1) / 2 * 2), (drawn.GetLength(0), drawn.GetLength(1)));
        ForEach(drawn, (x, y, colour) => Assert.Equal(y < height ? (Pixel(x, y, 0), Pixel(x, y, 1), Pixel(x, y, 2)) : null, colour));
    }

    [Fact]
    public void HalfBlocks_256_colors_are_nearest()
    {
        byte[] png = TestImages.Png(120, 98, Smooth);

        (int, int, int)?[,] drawn = HalfBlockDecoder.Decode(ImagePreview.Draw(png, new Terminal(TerminalProtocol.HalfBlock), Window));

        int[] cube = [0, 95, 135, 175, 215, 255];
        (int R, int G, int B)[] all =
        [
            .. cube.SelectMany(r => cube.SelectMany(g => cube.Select(b => (r, g, b)))),
            .. Enumerable.Range(0, 24).Select(grey => 8 + (grey * 10)).Select(grey => (grey, grey, grey)),
        ];
        ForEach(drawn, (x, y, colour) =>
        {
            (int r, int g, int b) = (Smooth(x, y, 0), Smooth(x, y, 1), Smooth(x, y, 2));
            int Distance((int R, int G, int B) to) => ((r - to.R) * (r - to.R)) + ((g - to.G) * (g - to.G)) + ((b - to.B) * (b - to.B));
            Assert.Equal(all.Min(Distance), Distance(colour!.Value));
        });
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(9, 6)]
    [InlineData(50, 31)]
    [InlineData(300, 201)]
    public void Sixel_draws_pixels_in_256_colors(int width, int height)
    {
        string text = ImagePreview.Draw(TestImages.Png(width, height, Smooth), Sixels, Window);

        (int, int, int)?[,] drawn = SixelDecoder.Decode(text);
        Assert.Equal((width, height), (drawn.GetLength(0), drawn.GetLength(1)));
        double distance = 0;
        ForEach(drawn, (x, y, colour) => distance += AssertNear(x, y, Smooth, colour!.Value, tolerance: 40));
        Assert.InRange(distance / (width * height), 0, 16);
    }

    [Fact]
    public void Sixel_few_colors_are_kept_and_drawn_in_runs()
    {
        string text = ImagePreview.Draw(TestImages.Png(400, 60, (x, _, channel) => (byte)(channel == 0 && x >= 200 ? 255 : 0)), Sixels, Window);

        ForEach(SixelDecoder.Decode(text), (x, _, colour) => Assert.Equal((x >= 200 ? 255 : 0, 0, 0), colour));
        Assert.InRange(text.Length, 1, 400);
    }

    [Fact]
    public void Transparent_pixels_keep_terminal_color()
    {
        // Four pixels: transparent, faint, almost opaque, opaque.
        static byte Opacity(int x, int y) => ((x % 2) + (y % 2 * 2)) switch { 0 => 0, 1 => 100, 2 => 160, _ => 255 };
        byte[] png = TestImages.Png(10, 9, (x, y, channel) => channel == 3 ? Opacity(x, y) : (byte)(channel * 100), colorType: 6);

        foreach ((int, int, int)?[,] drawn in new[] { HalfBlockDecoder.Decode(ImagePreview.Draw(png, Blocks, Window)), SixelDecoder.Decode(ImagePreview.Draw(png, Sixels, Window)) })
            ForEach(drawn, (x, y, colour) => Assert.Equal(y < 9 && Opacity(x, y) >= 128, colour is not null));
        string nothing = ImagePreview.Draw(TestImages.Png(10, 9, (_, _, _) => 0, colorType: 6), Sixels, Window);
        ForEach(SixelDecoder.Decode(nothing), (_, _, colour) => Assert.Null(colour));
    }

    [Fact]
    public void Scaled_image_is_mean_of_pixels()
    {
        static byte Squares(int x, int y, int channel) => (byte)(((x / 4) + (y / 4)) % 2 == 0 ? channel * 100 : 250);
        byte[] png = TestImages.Png(160, 96, (x, y, channel) => (byte)Math.Clamp(Squares(x, y, channel) + ((x + y) % 2 == 0 ? 5 : -5), 0, 255));

        (int, int, int)?[,] drawn = HalfBlockDecoder.Decode(ImagePreview.Draw(png, Blocks, Window, columns: 40));

        Assert.Equal((40, 24), (drawn.GetLength(0), drawn.GetLength(1)));
        ForEach(drawn, (x, y, colour) => AssertNear(x * 4, y * 4, Squares, colour!.Value, tolerance: 3));
    }

    [Theory]
    [InlineData(512, 768, null, 65, 98)]
    [InlineData(768, 512, null, 120, 80)]
    [InlineData(512, 768, 30, 30, 45)]
    [InlineData(512, 768, 100, 100, 150)]
    [InlineData(512, 768, 4000, 120, 180)]
    [InlineData(10, 10, 80, 80, 80)]
    [InlineData(1, 9000, 1, 1, 8192)]
    [InlineData(1, 9000, null, 1, 8192)]
    [InlineData(9000, 1, null, 120, 1)]
    public void Width_is_as_requested_within_terminal(int width, int height, int? columns, int drawnWidth, int drawnHeight)
    {
        (int, int, int)?[,] drawn = HalfBlockDecoder.Decode(ImagePreview.Draw(TestImages.Png(width, height, Smooth), Blocks, Window, columns));

        Assert.Equal((drawnWidth, (drawnHeight + 1) / 2 * 2), (drawn.GetLength(0), drawn.GetLength(1)));
    }

    [Theory]
    [InlineData(512, 768, null, 512, 768)]
    [InlineData(512, 768, 10, 80, 120)]
    [InlineData(2000, 500, null, 960, 240)]
    public void Sixel_size_follows_terminal_cells(int width, int height, int? columns, int drawnWidth, int drawnHeight)
    {
        (int, int, int)?[,] drawn = SixelDecoder.Decode(ImagePreview.Draw(TestImages.Png(width, height, Smooth), Sixels, Window, columns));

        Assert.Equal((drawnWidth, drawnHeight), (drawn.GetLength(0), drawn.GetLength(1)));
    }

    [Fact]
    public void Kitty_receives_file_in_chunks()
    {
        byte[] png = TestImages.Png(200, 100, (x, y, channel) => (byte)((x * y * 7) ^ (channel * x)));

        string text = ImagePreview.Draw(png, Kitty, Window, columns: 33);

        Match[] chunks = [.. KittyChunk().Matches(text).Cast<Match>()];
        Assert.Equal(text.Length, chunks.Sum(chunk => chunk.Length));
        Assert.True(chunks.Length > 2);
        Assert.Equal("a=T,f=100,q=2,c=33,m=1", chunks[0].Groups["keys"].Value);
        Assert.All(chunks.Skip(1).SkipLast(1), chunk => Assert.Equal("m=1", chunk.Groups["keys"].Value));
        Assert.Equal("m=0", chunks[^1].Groups["keys"].Value);
        Assert.All(chunks.SkipLast(1), chunk => Assert.Equal(4096, chunk.Groups["data"].Length));
        Assert.Equal(png, Convert.FromBase64String(string.Concat(chunks.Select(chunk => chunk.Groups["data"].Value))));
    }

    [Fact]
    public void ITerm2_receives_any_format()
    {
        foreach (byte[] image in new[] { TestImages.Portrait, TestImages.Jpeg(200, 100), TestImages.WebPLossless(200, 100) })
        {
            Match file = ITermFile().Match(ImagePreview.Draw(image, ITerm2, Window, columns: 33));

            Assert.Equal($"inline=1;size={image.Length};width=33;preserveAspectRatio=1", file.Groups["keys"].Value);
            Assert.Equal(image, Convert.FromBase64String(file.Groups["data"].Value));
        }
    }

    [Fact]
    public void Unsupported_format_names_protocol_that_supports_it()
    {
        FaceGenException fault = Assert.Throws<FaceGenException>(() => ImagePreview.Draw(TestImages.Jpeg(200, 100), Sixels, Window));
        FaceGenException broken = Assert.Throws<FaceGenException>(() => ImagePreview.Draw(TestImages.Portrait[..^20], ITerm2, Window));

        Assert.Equal((ErrorCode.ImageInvalid, "It is a Jpeg image, which Sixel cannot show. The protocol ITerm2 shows all formats."), (fault.Code, fault.Message));
        Assert.Equal((ErrorCode.ImageInvalid, "It is not a complete image."), (broken.Code, broken.Message));
    }

    [Fact]
    public void Output_is_independent_of_culture()
    {
        string Draw() => string.Concat(new[] { Blocks, Sixels, Kitty, ITerm2 }.Select(terminal => ImagePreview.Draw(TestImages.Portrait, terminal, Window)));
        string before = Draw();

        using var culture = new CultureScope("fa-IR");

        Assert.Equal(before, Draw());
        Assert.DoesNotContain(Encoding.UTF8.GetString([0xEF, 0xBF, 0xBD]), before, StringComparison.Ordinal);
    }

    private static byte Pixel(int x, int y, int channel) => (byte)((x * 31) + (y * 17) + (channel * 50));

    private static byte Smooth(int x, int y, int channel) => (byte)(128 + (100 * Math.Sin((x / (20.0 + (channel * 9))) + (y / (35.0 - (channel * 8))))));

    private static void ForEach((int, int, int)?[,] drawn, Action<int, int, (int, int, int)?> visit)
    {
        for (int y = 0; y < drawn.GetLength(1); y++)
        {
            for (int x = 0; x < drawn.GetLength(0); x++) visit(x, y, drawn[x, y]);
        }
    }

    private static int AssertNear(int x, int y, Func<int, int, int, byte> pixel, (int R, int G, int B) color, int tolerance)
    {
        int[] distances = [Math.Abs(color.R - pixel(x, y, 0)), Math.Abs(color.G - pixel(x, y, 1)), Math.Abs(color.B - pixel(x, y, 2))];
        Assert.InRange(distances.Max(), 0, tolerance);
        return distances.Max();
    }

    [GeneratedRegex("\u001B_G(?<keys>[^;\u001B]+);(?<data>[A-Za-z0-9+/=]+)\u001B\\\\")]
    private static partial Regex KittyChunk();

    [GeneratedRegex("^\u001B\\]1337;File=(?<keys>[^:]+):(?<data>[A-Za-z0-9+/=]+)\u0007$")]
    private static partial Regex ITermFile();
}
