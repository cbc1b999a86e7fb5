using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Contract;

/// <summary>The forms in which an image's base64 is met.</summary>
public sealed class Base64FormTests
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
    public void Form_that_holds_one_image_without_doubt_is_taken(string text) => Assert.Equal(TestImages.Portrait, Read(text).ReadBytes());

    [Fact]
    public void Blank_where_a_plus_may_have_been_is_refused()
    {
        Assert.Contains('+', Base64);

        Assert.Contains("has a blank inside its data, where a '+' may have been", Refused(Head + Base64.Replace('+', ' ')), StringComparison.Ordinal);
        Assert.Contains("where a '+' may have been", Refused(Base64.Replace('+', ' ')), StringComparison.Ordinal);
        Assert.Contains("where a '+' may have been", Refused(Head + Base64.Insert(101, " ")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data:image/png;base64", "has no comma")]
    [InlineData("data:image/png,raw", "is not marked as base64")]
    [InlineData("data:image/png;base64,!!!!", "holds '!' at character 1")]
    [InlineData("data:image/png;base64,ab%zzcd", "has a % at character 3")]
    [InlineData("data:image/png;base64,iVBORw0KGgoAA", "is incomplete")]
    [InlineData("data:image/png;base64,iVBO=Rw0K", "goes on behind its end")]
    [InlineData("data:image/png;base64,  ", "is empty")]
    [InlineData("data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP", "is no PNG, JPEG or WebP image")]
    public void Refusal_says_what_is_wrong(string text, string reason) => Assert.Contains(reason, Refused(text), StringComparison.Ordinal);

    [Fact]
    public void Long_base64_is_never_quoted_as_a_path()
    {
        string[] texts = [Base64[..^3] + "!", Base64[..^3], new string('A', 5000), "R0lGODlh" + new string('B', 400), Base64.Replace('+', ' '), new string('x', 9000) + ".jpg"];

        Assert.All(texts, text =>
        {
            string message = Refused(text);
            Assert.DoesNotContain(text[..250], message, StringComparison.Ordinal);
            Assert.True(message.Length < 400, message);
        });
    }

    [Fact]
    public void Link_of_thousands_of_characters_is_a_link()
    {
        string link = "https://faces.example/a.jpg?X-Amz-Security-Token=" + new string('t', 12000) + "&X-Amz-Signature=ab";

        Assert.Equal(link, Read(link).ToWireText());
    }

    [Fact]
    public void Link_that_no_program_takes_is_refused_in_few_words()
    {
        Assert.True(Refused("https://faces.example:port/" + new string('a', 5000)).Length < 300);
        Refused("https://");
    }

    private static string UrlSafe(string base64) => base64.Replace('+', '-').Replace('/', '_');

    private static string Wrapped(string lineBreak) => string.Join(lineBreak, Base64.Chunk(76).Select(line => new string(line)));

    private static FaceImage Read(string text) => FaceImage.FromText(text, path => path);

    private static string Refused(string text)
    {
        FaceGenException fault = Assert.Throws<FaceGenException>(() => Read(text));
        Assert.Equal(ErrorCode.FaceImageInvalid, fault.Code);
        return fault.Message;
    }
}
