using FaceGen.Contract;
using System.Buffers.Binary;
using FaceGen.Core.Tests.Support;
using FaceGen.ImageFormats;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Tests that a face image is accepted only if it decodes, so that no request with a damaged one is paid for.</summary>
public sealed class FaceImageVerificationTests : IDisposable
{
    /// <summary>Images as encoders write them, by format and kind.</summary>
    private static readonly Dictionary<string, byte[]> Images = new()
    {
        ["png"] = TestImages.Portrait,
        ["png gray"] = TestImages.Png(9, 7, Pixel, filter: 1, colorType: 0),
        ["png gray with opacity"] = TestImages.Png(9, 7, Pixel, filter: 2, colorType: 4),
        ["png with opacity"] = TestImages.Png(9, 7, Pixel, filter: 4, colorType: 6),
        ["png 16 bits"] = TestImages.PngFromRows(3, 2, 2, TestImages.Compress(new byte[2 * (1 + (3 * 6))]), depth: 16),
        ["png 1 bit"] = TestImages.PngFromRows(17, 2, 0, TestImages.Compress(new byte[2 * (1 + 3)]), depth: 1),
        ["png palette"] = EncodedImages.PalettePng,
        ["png interlaced"] = EncodedImages.InterlacedPng,
        ["jpeg"] = EncodedImages.Baseline,
        ["jpeg full color"] = EncodedImages.BaselineFullColor,
        ["jpeg gray"] = EncodedImages.Gray,
        ["jpeg progressive"] = EncodedImages.Progressive,
        ["jpeg progressive full color"] = EncodedImages.ProgressiveFullColor,
        ["webp lossy"] = EncodedImages.WebPLossy,
        ["webp lossless"] = EncodedImages.WebPLossless,
        ["webp extended"] = EncodedImages.WebPExtended,
    };

    private static readonly byte[] Trailing = [0, 0, 0, 32, .. "ftypisom"u8, 0xFF, 0xD8, 0xFF, 0xD9, 0, 0xFF, .. "MPF and a motion photo's video"u8];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. Images.Keys];

    public static TheoryData<string> NamesOf(string format) => [.. Images.Keys.Where(name => name.StartsWith(format, StringComparison.Ordinal))];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void FaceImage_complete_image_is_accepted(string name)
    {
        ImageFormat format = name[0] switch { 'p' => ImageFormat.Png, 'j' => ImageFormat.Jpeg, _ => ImageFormat.WebP };

        Assert.Equal(format.ToString(), FaceImage.FromBytes(Images[name]).Format);
        Assert.Equal(format.ToString(), FaceImage.FromFile(_folder.Write("face", Images[name])).Format);
        Assert.Equal(format.ToString(), Parse(Convert.ToBase64String(Images[name])).Format);
    }

    [Fact]
    public void FaceImage_example_is_accepted() =>
        Assert.Equal("Jpeg", FaceImage.FromFile(Path.Combine(AppContext.BaseDirectory, "face.jpg")).Format);

    [Theory]
    [MemberData(nameof(Names))]
    public void FaceImage_trailing_data_is_accepted(string name)
    {
        FaceImage.FromBytes([.. Images[name], .. Trailing]);
        FaceImage.FromBytes([.. Images[name], .. Images["jpeg"]]);
        FaceImage.FromBytes([.. Images[name], .. new byte[5000]]);
    }

    [Theory]
    [MemberData(nameof(NamesOf), "png")]
    public void FaceImage_png_without_end_marker_is_accepted(string name) => AssertEndIsOptional(Images[name], 12);

    [Theory]
    [MemberData(nameof(NamesOf), "jpeg")]
    public void FaceImage_jpeg_without_end_marker_is_accepted(string name)
    {
        AssertEndIsOptional(Images[name], 2);
        FaceImage.FromBytes([.. Images[name][..^2], .. Images["jpeg"]]);
        FaceImage.FromBytes([.. Images[name][..^2], .. "and a text"u8]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void FaceImage_cut_anywhere_is_refused(string name)
    {
        byte[] image = Images[name];
        int end = image.Length - (name[0] switch { 'p' => 12, 'j' => 2, _ => 0 });
        // Many points of a long image, and all of a short one.
        int step = Math.Max(1, end / 700);

        for (int length = 0; length < end; length += step) AssertRefused(image[..length]);
        for (int length = end - 20; length < end; length++) AssertRefused(image[..length]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(50)]
    [InlineData(90)]
    public void FaceImage_example_cut_is_refused(int percent)
    {
        byte[] image = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "face.jpg"));

        Assert.Contains("cut off", AssertRefused(image[..(image.Length * percent / 100)]), StringComparison.Ordinal);
        AssertRefused([.. image[..(image.Length * percent / 100)], .. new byte[image.Length * (100 - percent) / 100]]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void FaceImage_with_zeros_in_place_of_its_end_is_refused(string name)
    {
        byte[] image = Images[name];
        // Zeros in place of a few bytes are damage that no check can find, except in a PNG, whose checksums find all.
        int tail = name[0] switch { 'p' => 14, 'j' => 40, _ => image.Length / 3 };

        for (int zeros = tail; zeros < image.Length; zeros += 7) AssertRefused([.. image[..^zeros], .. new byte[zeros]]);
        AssertRefused(new byte[image.Length]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void FaceImage_damaged_anywhere_does_not_throw_another_error(string name)
    {
        var format = Enum.Parse<ImageFormat>(FaceImage.FromBytes(Images[name]).Format!);
        foreach (byte damage in (byte[])[0x00, 0x55, 0x80, 0xFF])
        {
            for (int at = 12; at < Images[name].Length; at++)
            {
                byte[] image = [.. Images[name]];
                image[at] = damage;
                _ = ImageFault.Find(image, format);
            }
        }
    }

    [Theory]
    [InlineData("jpeg")]
    [InlineData("jpeg full color")]
    [InlineData("jpeg progressive")]
    public void FaceImage_jpeg_with_more_zeros_than_its_rest_is_refused(string name)
    {
        byte[] image = Images[name];
        int scan = image.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]) + 20;

        for (int length = scan; length < image.Length - 10; length += 5)
        {
            AssertRefused([.. image[..length], .. new byte[20_000]]);
            AssertRefused([.. image[..length], .. new byte[20_000], 0xFF, 0xD9]);
        }
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpeg")]
    [InlineData("jpeg with trailing data")]
    [InlineData("jpeg without end marker")]
    [InlineData("webp lossy")]
    [InlineData("webp lossless")]
    [InlineData("webp lossless in part")]
    public void FaceImage_of_one_color_is_accepted(string name) => FaceImage.FromBytes(name switch
    {
        "png" => TestImages.Png(300, 300, (_, _, _) => 0),
        "jpeg" => TestImages.FlatJpeg(512, 768),
        "jpeg with trailing data" => [.. TestImages.FlatJpeg(512, 768), .. Trailing],
        "jpeg without end marker" => TestImages.FlatJpeg(512, 768)[..^2],
        "webp lossy" => EncodedImages.BlackWebPLossy,
        "webp lossless" => EncodedImages.BlackWebPLossless,
        _ => EncodedImages.PartlyBlackWebP,
    });

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF })]
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF, 0xD9 })]
    [InlineData(new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A })]
    [InlineData(new byte[] { 0x52, 0x49, 0x46, 0x46, 4, 0, 0, 0, 0x57, 0x45, 0x42, 0x50 })]
    [InlineData(new byte[] { 0x52, 0x49, 0x46, 0x46, 0, 0, 0, 0, 0x57, 0x45, 0x42, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    public void FaceImage_only_a_signature_is_refused(byte[] image) => Assert.Contains("cut off", AssertRefused(image), StringComparison.Ordinal);

    [Fact]
    public void FaceImage_png_with_wrong_checksum_is_refused()
    {
        foreach (string type in (string[])["IHDR", "IDAT", "IEND"])
        {
            byte[] image = [.. TestImages.Portrait];
            int at = image.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(type));
            int length = BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(at - 4));
            image[at + 4 + length] ^= 1;

            Assert.Contains($"is damaged: its chunk {type} has a wrong checksum", AssertRefused(image), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void FaceImage_png_with_wrong_checksum_behind_its_pixels_is_refused()
    {
        byte[] png = TestImages.Portrait;

        Assert.Contains("its chunk tEXt has a wrong checksum", AssertRefused([.. png[..^12], 0, 0, 0, 1, .. "tEXt"u8, 1, 2, 3, 4, 5, .. png[^12..]]), StringComparison.Ordinal);
    }

    [Fact]
    public void FaceImage_png_optimized_for_iOS_is_refused_by_name()
    {
        // The pixels of such a file have no zlib header.
        byte[] png = TestImages.PngFromRows(3, 5, 6, TestImages.Compress(new byte[5 * 13])[2..]);
        byte[] chunk = [0, 0, 0, 4, .. "CgBI"u8, 0x50, 0x00, 0x20, 0x06, 0x2C, 0xB8, 0x77, 0x66];
        byte[] apple = [.. png[..8], .. chunk, .. png[8..]];

        Assert.Contains("was optimized for iOS (CgBI), which other programs cannot read; export it as PNG again. Nothing was sent.", AssertRefused(apple), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    public void FaceImage_without_width_or_height_is_refused(int width, int height)
    {
        AssertRefused(TestImages.PngFromRows(width, height, 2, TestImages.Compress(0, 0, 0)));
        AssertRefused(WithJpegSize(width, height));
        AssertRefused([.. EncodedImages.WebPLossy[..26], (byte)width, 0, (byte)height, 0, .. EncodedImages.WebPLossy[30..]]);
    }

    [Fact]
    public void FaceImage_too_large_to_decode_is_refused_with_its_size()
    {
        Assert.Contains("has 20,000 × 40 pixels, which is too large", AssertRefused(WithJpegSize(20_000, 40)), StringComparison.Ordinal);
        Assert.Contains("has 2,147,483,648 × 1 pixels", AssertRefused(TestImages.PngFromRows(int.MinValue, 1, 2, TestImages.Compress(0))), StringComparison.Ordinal);
    }

    [Fact]
    public void FaceImage_png_with_fewer_pixels_than_declared_is_refused()
    {
        AssertRefused(TestImages.PngFromRows(3, 5, 2, TestImages.Compress(new byte[(5 * 10) - 1])));
        AssertRefused(TestImages.PngFromRows(3, 5, 2, []));
        AssertRefused(TestImages.PngFromRows(3, 5, 2, [0x78, 0x9C, 0xFF, 0xFF, 0xFF, 0xFF]));
        AssertRefused(TestImages.PngFromRows(3, 5, 3, TestImages.Compress(new byte[5 * 4])));
    }

    [Fact]
    public void FaceImage_jpeg_with_more_rows_than_its_data_is_refused() => AssertRefused(WithJpegSize(EncodedImages.Width, EncodedImages.Height * 2));

    [Fact]
    public void FaceImage_jpeg_without_quantization_tables_is_refused()
    {
        byte[] image = EncodedImages.Baseline;
        int at = image.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDB]), length = BinaryPrimitives.ReadInt16BigEndian(image.AsSpan(at + 2));

        AssertRefused([.. image[..at], .. image[(at + 2 + length)..]]);
    }

    [Fact]
    public void FaceImage_webp_with_invalid_frame_is_refused()
    {
        byte[] lossy = EncodedImages.WebPLossy, lossless = EncodedImages.WebPLossless;

        // Not a key frame, a longer first partition than the chunk, another start code.
        Assert.All([(20, lossy[20] | 1), (22, 0xFF), (23, 0)], change => AssertRefused([.. lossy[..change.Item1], (byte)change.Item2, .. lossy[(change.Item1 + 1)..]]));
        AssertRefused([.. lossless[..20], 0, .. lossless[21..]]);
        AssertRefused([.. lossless[..24], 0xFF, .. lossless[25..]]);
    }

    [Fact]
    public void FaceImage_webp_with_two_sizes_is_refused()
    {
        byte[] image = [.. EncodedImages.WebPExtended];
        image[24]++;

        Assert.Contains("declares two sizes", AssertRefused(image), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data:image/jpeg;base64,")]
    [InlineData("data:image/png;base64,")]
    [InlineData("")]
    public void FaceImage_base64_cut_by_a_spreadsheet_is_refused_by_name(string head)
    {
        byte[] large = LargePng();
        string text = (head + Convert.ToBase64String(large))[..32767];

        FaceGenException error = Assert.Throws<FaceGenException>(() => Parse(text));

        Assert.Equal(ErrorCode.FaceImageInvalid, error.Code);
        Assert.Contains("has 32,767 characters, the limit of a spreadsheet cell: the rest of the image is missing. Nothing was sent.", error.Message, StringComparison.Ordinal);
        Assert.Contains("limit of a spreadsheet cell", Assert.Throws<FaceGenException>(() => Parse(text[..^1] + "\n")).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("spreadsheet", Assert.Throws<FaceGenException>(() => Parse(text[..^8])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FaceImage_percent_encoded_base64_cut_by_a_spreadsheet_is_refused_by_name()
    {
        string text = $"data:image/png;base64,{Convert.ToBase64String(LargePng())}"[..32765] + "%2";

        Assert.Contains("limit of a spreadsheet cell", Assert.Throws<FaceGenException>(() => Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FaceImage_complete_base64_of_32767_characters_is_accepted()
    {
        string head = "data:image/png;base64,";
        int length = (32767 - head.Length) / 4 * 3;
        byte[] image = [.. TestImages.Portrait, .. new byte[length - TestImages.Portrait.Length]];
        string text = head + Convert.ToBase64String(image);

        Assert.Equal(image, Parse(text.PadRight(32767)).ReadBytes());
    }

    [Fact]
    public void FromFile_cut_file_error_names_the_file()
    {
        string path = _folder.Write("me.jpg", EncodedImages.Baseline[..400]);

        string message = Assert.Throws<FaceGenException>(() => FaceImage.FromFile(path)).Message;

        Assert.Equal($"The face image '{path}' is cut off or damaged: part of the image is missing. Nothing was sent. Use a PNG, JPEG or WebP image of at most 5 MB.", message);
    }

    [Fact]
    public void FromFile_file_open_in_another_program_is_read()
    {
        string path = _folder.Write("face.png", TestImages.Portrait);
        using FileStream other = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

        Assert.Equal(TestImages.Portrait, FaceImage.FromFile(path).ReadBytes());
    }

    [Fact]
    public async Task FromFile_pipe_does_not_wait()
    {
        if (OperatingSystem.IsWindows()) return;

        string path = _folder.PathOf("pipe");
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [path])) await mkfifo.WaitForExitAsync().WithTimeoutAsync();

        await Assert.ThrowsAsync<FaceGenException>(() => Task.Run(() => FaceImage.FromFile(path))).WithTimeoutAsync();
    }

    [Fact]
    public void ReadBytes_file_that_was_cut_since_is_refused()
    {
        string path = _folder.Write("face.png", TestImages.Portrait);
        FaceImage face = FaceImage.FromFile(path);
        _folder.Write("face.png", TestImages.Portrait[..^100]);

        Assert.Equal(ErrorCode.FaceImageInvalid, Assert.Throws<FaceGenException>(face.ToApiValue).Code);
    }

    [Fact]
    public void ReadBytes_unchecked_file_is_verified()
    {
        string path = _folder.Write("face.png", TestImages.Portrait[..^100]);

        Assert.Throws<FaceGenException>(() => FaceImage.FromUncheckedFile(path).ReadBytes());
        Assert.Throws<FaceGenException>(() => FaceImageReader.Read(FaceImage.FromUncheckedFile(path), text => throw new ArgumentException(text)));
    }

    private static byte Pixel(int x, int y, int channel) => (byte)((x * 31) + (y * 17) + (channel * 50));

    /// <summary>Creates a PNG whose pixels cannot be compressed.</summary>
    private static byte[] LargePng()
    {
        var random = new Random(5);
        return TestImages.Png(120, 120, (_, _, _) => (byte)random.Next(256));
    }

    private static byte[] WithJpegSize(int width, int height)
    {
        byte[] image = [.. EncodedImages.Baseline];
        int frame = image.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        BinaryPrimitives.WriteUInt16BigEndian(image.AsSpan(frame + 5), (ushort)height);
        BinaryPrimitives.WriteUInt16BigEndian(image.AsSpan(frame + 7), (ushort)width);
        return image;
    }

    private static void AssertEndIsOptional(byte[] image, int marker)
    {
        for (int missing = 1; missing <= marker; missing++) FaceImage.FromBytes(image[..^missing]);
    }

    private static string AssertRefused(byte[] image)
    {
        FaceGenException error = Assert.Throws<FaceGenException>(() => FaceImage.FromBytes(image));
        Assert.Equal(ErrorCode.FaceImageInvalid, error.Code);
        Assert.Contains(" Nothing was sent. ", error.Message, StringComparison.Ordinal);
        return error.Message;
    }

    private FaceImage Parse(string text) => FaceImage.Parse(text, _folder.PathOf);
}
