using FaceGen.ImageFormats;
using System.Buffers.Binary;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.ImageFormats;

/// <summary>Tests how completely the images of each format are checked.</summary>
public sealed class ImageFormatsTests
{
    private static readonly Dictionary<string, (ImageFormat Format, byte[] Image)> Images = new()
    {
        ["jpeg baseline"] = (ImageFormat.Jpeg, EncodedImages.Baseline),
        ["jpeg full color"] = (ImageFormat.Jpeg, EncodedImages.BaselineFullColor),
        ["jpeg gray"] = (ImageFormat.Jpeg, EncodedImages.Gray),
        ["jpeg progressive"] = (ImageFormat.Jpeg, EncodedImages.Progressive),
        ["jpeg progressive full color"] = (ImageFormat.Jpeg, EncodedImages.ProgressiveFullColor),
        ["jpeg restarts"] = (ImageFormat.Jpeg, JpegWithRestarts()),
        ["png interlaced"] = (ImageFormat.Png, EncodedImages.InterlacedPng),
        ["png palette"] = (ImageFormat.Png, EncodedImages.PalettePng),
        ["gif"] = (ImageFormat.Gif, EncodedImages.Gif),
        ["gif interlaced"] = (ImageFormat.Gif, EncodedImages.InterlacedGif),
        ["avif"] = (ImageFormat.Avif, EncodedImages.Avif),
        ["heic"] = (ImageFormat.Heif, Heic()),
        ["tiff"] = (ImageFormat.Tiff, EncodedImages.Tiff),
        ["tiff tiles"] = (ImageFormat.Tiff, EncodedImages.TiledTiff),
        ["bmp"] = (ImageFormat.Bmp, Bmp(50, -40)),
        ["jxl boxes"] = (ImageFormat.JpegXl, JpegXlInBoxes()),
        ["jxl parts"] = (ImageFormat.JpegXl, JpegXlInBoxes(firstPart: 3)),
    };

    public static TheoryData<string> Names => [.. Images.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Whole_image_is_recognized_by_its_bytes(string name) =>
        Assert.Equal(new ImageInfo(Images[name].Format, EncodedImages.Width, EncodedImages.Height), ImageInfo.ReadComplete(Images[name].Image));

    [Theory]
    [MemberData(nameof(Names))]
    public void Image_cut_anywhere_is_not_complete(string name)
    {
        byte[] image = Images[name].Image;

        Assert.All(Enumerable.Range(0, LastNeeded(image)), length => Assert.Null(ImageInfo.ReadComplete(image.AsSpan(0, length))));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Image_damaged_anywhere_does_not_throw(string name)
    {
        foreach (byte damage in (byte[])[0x00, 0x7F, 0x80, 0xFF])
        {
            for (int at = 0; at < Images[name].Image.Length; at++)
            {
                byte[] image = [.. Images[name].Image];
                image[at] = damage;
                if (ImageInfo.Read(image) is { } info) BlankImage.IsBlank(image, info);
                if (Images[name].Format == ImageFormat.Jpeg) ImageInfo.Read(image.AsSpan(0, image.Length - 2));
            }
        }
    }

    public static TheoryData<string> NamesWithEndMarker => [.. Images.Keys.Where(name => Images[name].Format is ImageFormat.Jpeg or ImageFormat.Gif or ImageFormat.Png)];

    [Theory]
    [MemberData(nameof(NamesWithEndMarker))]
    public void Image_without_its_end_marker_has_all_its_pixels(string name)
    {
        (ImageFormat format, byte[] image) = Images[name];
        int marker = format switch { ImageFormat.Jpeg => 2, ImageFormat.Gif => 1, _ => 12 };
        var expected = new ImageInfo(format, EncodedImages.Width, EncodedImages.Height) { IsComplete = false };

        for (int missing = 1; missing <= marker; missing++)
            Assert.Equal(expected, ImageInfo.Read(image.AsSpan(0, image.Length - missing)));
        Assert.Null(ImageInfo.ReadComplete(image.AsSpan(0, image.Length - marker)));
    }

    [Theory]
    [MemberData(nameof(NamesWithEndMarker))]
    public void Image_cut_before_its_end_marker_is_refused(string name)
    {
        (ImageFormat format, byte[] image) = Images[name];
        int marker = format switch { ImageFormat.Jpeg => 2, ImageFormat.Gif => 1, _ => 12 };

        Assert.All(Enumerable.Range(0, image.Length - marker), length => Assert.Null(ImageInfo.Read(image.AsSpan(0, length))));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Image_trailing_data_is_ignored(string name)
    {
        // Boxes extend to the end of the file: data after them is a box that was cut.
        if (name == "jxl boxes") return;

        Assert.NotNull(ImageInfo.ReadComplete([.. Images[name].Image, 0, 0, 0xFF, 0xFF, 0xFF, 0xF4, .. "trailing bytes"u8]));
    }

    [Fact]
    public void Jpeg_without_its_end_marker_and_with_zeros_behind_it_has_all_its_pixels() =>
        Assert.False(ImageInfo.Read([.. EncodedImages.Baseline[..^2], .. new byte[100]])!.IsComplete);

    [Fact]
    public void Avif_tables_beyond_end_is_refused()
    {
        byte[] avif = EncodedImages.Avif;
        Assert.NotNull(ImageInfo.ReadComplete(avif));

        Assert.Null(ImageInfo.ReadComplete(avif.AsSpan(0, avif.Length - 1)));
    }

    [Fact]
    public async Task Avif_table_of_billions_of_empty_extents_takes_no_time()
    {
        const int Items = 60_000;
        byte[] items = new byte[Items * 6];
        // Each item: its number, the number of its data file, and 65,535 empty extents.
        for (int item = 0; item < Items; item++) items.AsSpan((item * 6) + 4, 2).Fill(0xFF);
        byte[] table = Box("iloc"u8, [0, 0, 0, 0, 0, 0, Items >> 8, Items & 0xFF, .. items]);
        byte[] avif = [.. Box("ftyp"u8, [.. "avif"u8, 0, 0, 0, 0]), .. Box("meta"u8, [0, 0, 0, 0, .. table])];

        Assert.Null(await Task.Run(() => ImageInfo.Read(avif)).WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Tiff_that_lacks_the_values_of_a_tag_is_refused()
    {
        byte[] tiff = [.. EncodedImages.Tiff];
        Assert.Equal((byte)'I', tiff[0]);
        int directory = BinaryPrimitives.ReadInt32LittleEndian(tiff.AsSpan(4));
        int entries = BinaryPrimitives.ReadInt16LittleEndian(tiff.AsSpan(directory));
        int bits = Enumerable.Range(0, entries).Select(entry => directory + 2 + (entry * 12)).Single(at => BinaryPrimitives.ReadInt16LittleEndian(tiff.AsSpan(at)) == 258);
        BinaryPrimitives.WriteInt32LittleEndian(tiff.AsSpan(bits + 4), 3);
        BinaryPrimitives.WriteInt32LittleEndian(tiff.AsSpan(bits + 8), tiff.Length - 5);

        Assert.Null(ImageInfo.Read(tiff));
    }

    [Fact]
    public void Image_without_pixel_data_is_refused()
    {
        byte[] gif = EncodedImages.Gif, webP = TestImages.WebPExtended(3, 5);
        int frame = webP.AsSpan().IndexOf("VP8L"u8);
        int colors = (gif[10] & 0x80) == 0 ? 0 : 3 << ((gif[10] & 7) + 1);
        byte[] jpeg = TestImages.Jpeg(3, 5, scanLength: 0);

        Assert.Null(ImageInfo.Read([.. gif[..(13 + colors)], 0x2C, 0, 0, 0, 0, 50, 0, 40, 0, 0, 8, 0, 0x3B]));
        Assert.Null(ImageInfo.Read([.. webP[..4], (byte)frame, 0, 0, 0, .. webP[8..frame], .. "VP8L"u8, 0, 0, 0, 0]));
        Assert.Null(ImageInfo.Read([.. jpeg[..^4], 0xFF, 0xD9]));
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x78, 0x9C })]
    public void Png_with_empty_data_is_not_complete(byte[] data) =>
        Assert.Null(ImageInfo.Read(TestImages.PngFromRows(3, 5, 2, data)));

    [Fact]
    public void Png_with_too_few_pixels_is_not_complete()
    {
        byte[] rows = new byte[5 * ((3 * 3) + 1)];

        Assert.NotNull(ImageInfo.ReadComplete(TestImages.PngFromRows(3, 5, 2, TestImages.Compress(rows))));
        Assert.Null(ImageInfo.Read(TestImages.PngFromRows(3, 5, 2, TestImages.Compress(rows[..^1]))));
        Assert.Null(ImageInfo.Read(TestImages.PngFromRows(3, 5, 6, TestImages.Compress(rows))));
        Assert.Null(ImageInfo.Read(TestImages.PngFromRows(3, 5, 2, TestImages.Compress(rows), depth: 16)));
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0x0A, 0b0_001_0011, 0b0000_0000, 0, 0, 0, 0, 0, 0, 0, 0 }, 80, 80)]
    public void Jpeg_xl_codestream_has_size(byte[] stream, int width, int height)
    {
        // Small, 10 × 8 rows, as wide as it is high.
        stream[2] = 1 | (9 << 1) | (1 << 6);
        Assert.Equal(new ImageInfo(ImageFormat.JpegXl, width, height), ImageInfo.ReadComplete(stream));
    }

    [Theory]
    [InlineData("GIF89a")]
    [InlineData("GIF89a and a text that only begins as one does, without any block")]
    [InlineData("BM and a text that only begins as one does, and goes on for some time")]
    [InlineData("II*\0 and a text that only begins as one does, and goes on for some time")]
    [InlineData("\0\0\0\u001cftypavif\0\0\0\0avifmif1miaf and a text")]
    public void Text_that_begins_as_an_image_is_refused(string text) =>
        Assert.Null(ImageInfo.Read(System.Text.Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void Face_image_formats_are_png_jpeg_webp()
    {
        foreach ((ImageFormat format, byte[] image) in Images.Values)
        {
            bool isFace = format is ImageFormat.Png or ImageFormat.Jpeg;
            if (isFace) Assert.Equal(format.ToString(), FaceImage.FromBytes(image).Format);
            else Assert.Equal(ErrorCode.FaceImageInvalid, Assert.Throws<FaceGenException>(() => FaceImage.FromBytes(image)).Code);
        }
    }

    [Fact]
    public void Each_format_has_an_extension_and_a_media_type_of_its_own()
    {
        ImageFormat[] formats = Enum.GetValues<ImageFormat>();

        Assert.Equal(formats.Length, formats.Select(format => format.GetExtension()).Distinct().Count());
        Assert.Equal(formats.Length, formats.Select(format => format.GetMediaType()).Distinct().Count());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bitmap_of_one_color_is_blank(bool isFlat)
    {
        byte[] bmp = Bmp(200, 200, isFlat ? _ => (byte)0 : at => (byte)((at * 7) ^ (at >> 5)));

        Assert.Equal(isFlat, BlankImage.IsBlank(bmp, ImageInfo.ReadComplete(bmp)!));
    }

    /// <summary>Returns the length up to which each byte is needed; in some formats padding follows.</summary>
    private static int LastNeeded(byte[] image) => ImageHeader.DetectFormat(image) is ImageFormat.Tiff
        ? Enumerable.Range(0, image.Length + 1).First(length => ImageInfo.ReadComplete(image.AsSpan(0, length)) is not null)
        : image.Length;

    /// <summary>Creates 50 × 40 gray pixels of one color, with a restart marker after every two blocks.</summary>
    private static byte[] JpegWithRestarts()
    {
        // One code of one bit in either table: no difference, and the end of the block.
        byte[] table = [1, .. new byte[15], 0];
        List<byte> image =
        [
            0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)8, 64),
            0xFF, 0xC0, 0, 11, 8, 0, 40, 0, 50, 1, 1, 0x11, 0,
            0xFF, 0xC4, 0, 20, 0x00, .. table, 0xFF, 0xC4, 0, 20, 0x10, .. table,
            0xFF, 0xDD, 0, 4, 0, 2, 0xFF, 0xDA, 0, 8, 1, 1, 0x00, 0, 63, 0,
        ];
        const int Blocks = 7 * 5;
        for (int block = 0; block < Blocks; block += 2)
        {
            image.Add(0x0F);
            if (block + 2 < Blocks) image.AddRange([0xFF, (byte)(0xD0 + (block / 2 % 8))]);
        }

        return [.. image, 0xFF, 0xD9];
    }

    private static byte[] Heic()
    {
        byte[] heic = [.. EncodedImages.Avif];
        int brands = BinaryPrimitives.ReadInt32BigEndian(heic);
        for (int at = 8; at + 4 <= brands; at += 4)
        {
            if (heic.AsSpan(at, 3).SequenceEqual("avi"u8)) "heic"u8.CopyTo(heic.AsSpan(at));
        }

        return heic;
    }

    private static byte[] Bmp(int width, int height, Func<int, byte>? pixel = null)
    {
        int row = ((width * 3) + 3) / 4 * 4;
        byte[] bmp = new byte[54 + (row * Math.Abs(height))];
        "BM"u8.CopyTo(bmp);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(2), bmp.Length);
        bmp[10] = 54;
        bmp[14] = 40;
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(22), height);
        bmp[26] = 1;
        bmp[28] = 24;
        for (int at = 54; at < bmp.Length; at++) bmp[at] = pixel?.Invoke(at) ?? (byte)at;
        return bmp;
    }

    private static byte[] JpegXlInBoxes(int firstPart = 0)
    {
        // 40 rows: (4 + 1) × 8; the width is separate, with 9 bits: 49 + 1.
        ulong bits = 0;
        int at = 0;
        foreach ((int value, int count) in ((int, int)[])[(0, 1), (0, 2), (39, 9), (0, 3), (0, 2), (49, 9)])
        {
            bits |= (ulong)value << at;
            at += count;
        }

        byte[] codestream = [0xFF, 0x0A, .. BitConverter.GetBytes(bits), 1, 2, 3, 4];
        return
        [
            .. Box("JXL "u8, [0x0D, 0x0A, 0x87, 0x0A]), .. Box("ftyp"u8, [.. "jxl "u8, 0, 0, 0, 0, .. "jxl "u8]),
            .. firstPart == 0 ? Box("jxlc"u8, codestream)
                : [.. Box("jxlp"u8, [0, 0, 0, 0, .. codestream[..firstPart]]), .. Box("jxlp"u8, [0x80, 0, 0, 1, .. codestream[firstPart..]])],
        ];
    }

    private static byte[] Box(ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, 8 + data.Length);
        return [.. length, .. type, .. data];
    }
}
