using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Contract;

public sealed class FaceImageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("https://example.org/face.png?size=1&x=%20")]
    [InlineData(" http://example.org/face ")]
    [InlineData("HTTPS://EXAMPLE.ORG/face.png")]
    public void A_link_is_sent_as_a_link(string text)
    {
        FaceImage face = Read(text);

        Assert.Equal(new Uri(text.Trim()), face.Link);
        Assert.Equal(face.Link!.AbsoluteUri, face.ToWireText());
        Assert.Equal(face.Link.AbsoluteUri, face.ToString());
        Assert.Null(face.FilePath);
        Assert.Null(face.Format);
    }

    [Fact]
    public void A_file_is_sent_as_a_data_URI()
    {
        string path = _folder.Write("face.jpg", TestImages.Portrait);

        FaceImage face = Read(path);

        Assert.Equal(path, face.FilePath);
        Assert.Equal(path, face.ToString());
        Assert.Equal(ImageFormat.Png, face.Format);
        Assert.Equal("data:image/png;base64," + Convert.ToBase64String(TestImages.Portrait), face.ToWireText());
    }

    [Fact]
    public void A_relative_path_is_resolved_by_whoever_asks()
    {
        _folder.Write("face.png", TestImages.Portrait);

        Assert.Equal(_folder.PathOf("face.png"), Read("face.png").FilePath);
    }

    [Theory]
    [InlineData("none.png", "does not exist.")]
    [InlineData("none/face.png", "does not exist.")]
    [InlineData("", "is a folder.")]
    [InlineData("ftp://example.org/face.png", "is not an http or https link, and not the path of a file.")]
    [InlineData("file:///nowhere/face.png", "does not exist.")]
    public void What_is_no_file_is_refused(string text, string reason)
    {
        FaceGenException fault = Refused(() => Read(text));

        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_no_face() => Refused(() => FaceImage.FromFile(_folder.FullName));

    [Fact]
    public void An_empty_file_is_refused() =>
        Assert.EndsWith("is empty.", Refused(() => FaceImage.FromFile(_folder.Write("face.png", []))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_text_named_like_an_image_is_refused() => Assert.EndsWith(
        "is no PNG, JPEG or WebP image.", Refused(() => FaceImage.FromFile(_folder.Write("face.jpg", "I am a text"u8.ToArray()))).Message, StringComparison.Ordinal);

    [Fact]
    public void Five_megabytes_are_taken_and_one_byte_more_is_not()
    {
        byte[] largest = new byte[Limits.MaxFaceImageBytes];
        TestImages.Portrait.CopyTo(largest, 0);
        byte[] larger = [.. largest, 0];

        Assert.Equal(ImageFormat.Png, FaceImage.FromBytes(largest).Format);
        Assert.Equal(ImageFormat.Png, Read(_folder.Write("largest.png", largest)).Format);
        Assert.Contains("at most 5 MB", Refused(() => FaceImage.FromBytes(larger)).Message, StringComparison.Ordinal);
        Assert.Contains("larger.png' has", Refused(() => Read(_folder.Write("larger.png", larger))).Message, StringComparison.Ordinal);
        Assert.Contains("at most 5 MB", Refused(() => Read("data:image/png;base64," + Convert.ToBase64String(larger))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data:image/png;base64,{0}")]
    [InlineData("DATA:image/jpeg;charset=utf-8;BASE64,{0}")]
    [InlineData(" {0} ")]
    [InlineData("{0}")]
    public void Base64_is_taken_for_the_image_that_it_holds(string form)
    {
        FaceImage face = Read(string.Format(null, form, Convert.ToBase64String(TestImages.Portrait, Base64FormattingOptions.InsertLineBreaks)));

        // The format is what the bytes are, whatever the media type says.
        Assert.Equal(ImageFormat.Png, face.Format);
        Assert.Equal("data:image/png;base64," + Convert.ToBase64String(TestImages.Portrait), face.ToWireText());
        Assert.Equal($"({TestImages.Portrait.Length} bytes of Png)", face.ToString());
    }

    [Theory]
    [InlineData("data:image/png;base64,!!!!")]
    [InlineData("data:image/png;base64,iVBORw0KG")]
    [InlineData("data:image/png,raw")]
    [InlineData("data:image/png;base64")]
    [InlineData("data:text/plain;base64,SSBhbSBhIHRleHQ=")]
    [InlineData("data:image/png;base64,")]
    public void A_data_URI_that_holds_no_image_is_refused(string text) => Refused(() => Read(text));

    [Theory]
    [InlineData("face")]
    [InlineData("photos/face")]
    [InlineData("AAAABBBBCCCC")]
    public void A_path_that_looks_like_base64_is_a_path(string path)
    {
        Directory.CreateDirectory(_folder.PathOf("photos"));
        _folder.Write(path, TestImages.Jpeg(8, 8));

        Assert.Equal((_folder.PathOf(path), ImageFormat.Jpeg), (Read(path).FilePath, Read(path).Format));
    }

    [Fact]
    public void A_file_that_changes_is_sent_as_it_is_then()
    {
        FaceImage face = Read(_folder.Write("face.png", TestImages.Portrait));
        _folder.Write("face.png", TestImages.WebPLossy(8, 8));

        Assert.StartsWith("data:image/webp;base64,", face.ToWireText(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_has_gone_when_it_is_to_be_sent_is_refused()
    {
        FaceImage face = Read(_folder.Write("face.png", TestImages.Portrait));
        File.Delete(_folder.PathOf("face.png"));

        Assert.Contains("can no longer be read", Refused(() => face.ToWireText()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_has_become_a_text_is_refused()
    {
        FaceImage face = Read(_folder.Write("face.png", TestImages.Portrait));
        _folder.Write("face.png", "I am a text"u8.ToArray());

        Refused(() => face.ToWireText());
    }

    private static FaceGenException Refused(Func<object> make)
    {
        var fault = Assert.Throws<FaceGenException>(make);
        Assert.Equal(ErrorCode.FaceImageInvalid, fault.Code);
        return fault;
    }

    private FaceImage Read(string text) => FaceImage.FromText(text, _folder.PathOf);
}
