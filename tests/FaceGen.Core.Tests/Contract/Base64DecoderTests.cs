using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Tests the common forms of base64 images.</summary>
public sealed class Base64DecoderTests
{
    private const string Head = "data:image/png;base64,";

    private static readonly string Base64 = Convert.ToBase64String(TestImages.Portrait);

    public static TheoryData<string> Forms =>
    [
        Head + Base64, $"{Head} {Base64}", Head + Uri.EscapeDataString(Base64), Head + Uri.EscapeDataString(Uri.EscapeDataString(Base64)),
        Uri.EscapeDataString(Head + Base64), Head + UrlSafe(Base64), UrlSafe(Base64), UrlSafe(Base64).TrimEnd('='), $"\"{Head}{Base64}\"", $"'{Base64}'", $"“{Head}{Base64}”",
        Head + Base64.TrimEnd('='), Base64.TrimEnd('=') + "===", Head + Wrapped("\r\n"), Head + Wrapped(" "), Head + Wrapped("\\n"), Head + Wrapped("\r\n  "), Wrapped("%0A"),
        Head + Base64.Replace("/", "\\/", StringComparison.Ordinal), "data:image/png;name=a.png;base64," + Base64, "data:;base64," + Base64, "data: image/png; base64 ," + Base64,
        "image/png;base64," + Base64, "base64," + Base64, $"\uFEFF{Base64}\u200B", Head + Base64.Insert(100, "\u200B"),
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Base64_unambiguous_form_is_decoded(string text) => Assert.Equal(TestImages.Portrait, Parse(text).ReadBytes());

    [Fact]
    public void Base64_blank_instead_of_plus_is_rejected()
    {
        Assert.Contains('+', Base64);

        Assert.Contains("has a blank in its data in place of a possible '+'", GetError(Head + Base64.Replace('+', ' ')), StringComparison.Ordinal);
        Assert.Contains("in place of a possible '+'", GetError(Base64.Replace('+', ' ')), StringComparison.Ordinal);
        Assert.Contains("in place of a possible '+'", GetError(Head + Base64.Insert(101, " ")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data:image/png;base64", "has no comma")]
    [InlineData("data:image/png,raw", "is not marked as base64")]
    [InlineData("data:image/png;base64,!!!!", "has '!' at character 1")]
    [InlineData("data:image/png;base64,ab%zzcd", "has an invalid percent escape at character 3")]
    [InlineData("data:image/png;base64,iVBORw0KGgoAA", "is incomplete")]
    [InlineData("data:image/png;base64,iVBO=Rw0K", "has data after its end")]
    [InlineData("data:image/png;base64,  ", "is empty")]
    [InlineData("data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP", "is not a PNG, JPEG or WebP image")]
    public void Base64_invalid_text_error_names_the_fault(string text, string reason) => Assert.Contains(reason, GetError(text), StringComparison.Ordinal);

    [Fact]
    public void Base64_long_invalid_text_is_not_quoted_as_path()
    {
        string[] texts = [Base64[..^3] + "!", Base64[..^3], new string('A', 5000), "R0lGODlh" + new string('B', 400), Base64.Replace('+', ' '), new string('x', 9000) + ".jpg"];

        Assert.All(texts, text =>
        {
            string message = GetError(text);
            Assert.DoesNotContain(text[..250], message, StringComparison.Ordinal);
            Assert.True(message.Length < 400, message);
        });
    }

    [Fact]
    public void Link_thousands_of_characters_is_accepted()
    {
        string link = "https://faces.example/a.jpg?X-Amz-Security-Token=" + new string('t', 12000) + "&X-Amz-Signature=ab";

        Assert.Equal(link, Parse(link).ToApiValue());
    }

    [Fact]
    public void Link_longer_than_limit_is_rejected_with_short_message()
    {
        Assert.True(GetError("https://faces.example:port/" + new string('a', 5000)).Length < 300);
        GetError("https://");
    }

    private static string UrlSafe(string base64) => base64.Replace('+', '-').Replace('/', '_');

    private static string Wrapped(string lineBreak) => string.Join(lineBreak, Base64.Chunk(76).Select(line => new string(line)));

    private static FaceImage Parse(string text) => FaceImage.Parse(text, path => path);

    private static string GetError(string text)
    {
        FaceGenException error = Assert.Throws<FaceGenException>(() => Parse(text));
        Assert.Equal(ErrorCode.FaceImageInvalid, error.Code);
        return error.Message;
    }
}
