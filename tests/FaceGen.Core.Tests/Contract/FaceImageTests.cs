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
    public void ToApiValue_link_is_sent_as_link(string text)
    {
        FaceImage face = Parse(text);

        Assert.Equal(new Uri(text.Trim()), face.Link);
        Assert.Equal(face.Link!.AbsoluteUri, face.ToApiValue());
        Assert.Equal(face.Link.AbsoluteUri, face.ToString());
        Assert.Null(face.FilePath);
        Assert.Null(face.Format);
    }

    [Fact]
    public void ToApiValue_file_is_sent_as_data_URI()
    {
        string path = _folder.Write("face.jpg", TestImages.Portrait);

        FaceImage face = Parse(path);

        Assert.Equal(path, face.FilePath);
        Assert.Equal(path, face.ToString());
        Assert.Equal("Png", face.Format);
        Assert.Equal("data:image/png;base64," + Convert.ToBase64String(TestImages.Portrait), face.ToApiValue());
    }

    [Fact]
    public void Parse_relative_path_is_resolved_by_caller()
    {
        _folder.Write("face.png", TestImages.Portrait);

        Assert.Equal(_folder.PathOf("face.png"), Parse("face.png").FilePath);
    }

    [Theory]
    [InlineData("none.png", "does not exist.")]
    [InlineData("none/face.png", "does not exist.")]
    [InlineData("", "is a folder.")]
    [InlineData("ftp://example.org/face.png", "is not an http or https link and not a path.")]
    [InlineData("file:///nowhere/face.png", "does not exist.")]
    public void Parse_missing_file_is_rejected(string text, string reason)
    {
        FaceGenException error = GetError(() => Parse(text));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_folder_is_rejected() => GetError(() => FaceImage.FromFile(_folder.FullName));

    [Fact]
    public void Parse_empty_file_is_rejected() =>
        Assert.Contains("is empty.", GetError(() => FaceImage.FromFile(_folder.Write("face.png", []))).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_text_file_with_image_extension_is_rejected() => Assert.Contains(
        "is not a PNG, JPEG or WebP image.", GetError(() => FaceImage.FromFile(_folder.Write("face.jpg", "I am a text"u8.ToArray()))).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_file_over_5_MB_is_rejected()
    {
        byte[] largest = new byte[Limits.MaxFaceImageBytes];
        TestImages.Portrait.CopyTo(largest, 0);
        byte[] larger = [.. largest, 0];

        Assert.Equal("Png", FaceImage.FromBytes(largest).Format);
        Assert.Equal("Png", Parse(_folder.Write("largest.png", largest)).Format);
        Assert.Contains("at most 5 MB", GetError(() => FaceImage.FromBytes(larger)).Message, StringComparison.Ordinal);
        Assert.Contains("larger.png' has", GetError(() => Parse(_folder.Write("larger.png", larger))).Message, StringComparison.Ordinal);
        Assert.Contains("at most 5 MB", GetError(() => Parse("data:image/png;base64," + Convert.ToBase64String(larger))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data:image/png;base64,{0}")]
    [InlineData("DATA:image/jpeg;charset=utf-8;BASE64,{0}")]
    [InlineData(" {0} ")]
    [InlineData("{0}")]
    public void Parse_base64_image_is_accepted(string form)
    {
        FaceImage face = Parse(string.Format(null, form, Convert.ToBase64String(TestImages.Portrait, Base64FormattingOptions.InsertLineBreaks)));

        // The bytes decide the format, not the media type.
        Assert.Equal("Png", face.Format);
        Assert.Equal("data:image/png;base64," + Convert.ToBase64String(TestImages.Portrait), face.ToApiValue());
        Assert.Equal($"({TestImages.Portrait.Length} bytes of Png)", face.ToString());
    }

    [Theory]
    [InlineData("data:image/png;base64,!!!!")]
    [InlineData("data:image/png;base64,iVBORw0KG")]
    [InlineData("data:image/png,raw")]
    [InlineData("data:image/png;base64")]
    [InlineData("data:text/plain;base64,SSBhbSBhIHRleHQ=")]
    [InlineData("data:image/png;base64,")]
    public void Parse_data_URI_without_image_is_rejected(string text) => GetError(() => Parse(text));

    [Theory]
    [InlineData("face")]
    [InlineData("photos/face")]
    [InlineData("AAAABBBBCCCC")]
    public void Parse_path_similar_to_base64_is_a_path(string path)
    {
        Directory.CreateDirectory(_folder.PathOf("photos"));
        _folder.Write(path, EncodedImages.Baseline);

        Assert.Equal((_folder.PathOf(path), "Jpeg"), (Parse(path).FilePath, Parse(path).Format));
    }

    [Fact]
    public void ToApiValue_changed_file_is_read_again()
    {
        FaceImage face = Parse(_folder.Write("face.png", TestImages.Portrait));
        _folder.Write("face.png", EncodedImages.WebPLossy);

        Assert.StartsWith("data:image/webp;base64,", face.ToApiValue(), StringComparison.Ordinal);
    }

    [Fact]
    public void ToApiValue_deleted_file_is_rejected()
    {
        FaceImage face = Parse(_folder.Write("face.png", TestImages.Portrait));
        File.Delete(_folder.PathOf("face.png"));

        Assert.Contains("can no longer be read", GetError(() => face.ToApiValue()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToApiValue_file_that_became_text_is_rejected()
    {
        FaceImage face = Parse(_folder.Write("face.png", TestImages.Portrait));
        _folder.Write("face.png", "I am a text"u8.ToArray());

        GetError(() => face.ToApiValue());
    }

    private static FaceGenException GetError(Func<object> make)
    {
        var error = Assert.Throws<FaceGenException>(make);
        Assert.Equal(ErrorCode.FaceImageInvalid, error.Code);
        return error;
    }

    private FaceImage Parse(string text) => FaceImage.Parse(text, _folder.PathOf);
}
