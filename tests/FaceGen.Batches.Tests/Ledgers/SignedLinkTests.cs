using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Which part of a link identifies the image.</summary>
public sealed class SignedLinkTests
{
    private const string Image = "https://store.example/faces/a%20b.jpg";

    [Theory]
    [InlineData("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20260101%2Feu&X-Amz-Date=20260101T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Security-Token=IQo%3D&X-Amz-Signature=ab")]
    [InlineData("x-amz-signature=ab&x-amz-date=1")]
    [InlineData("AWSAccessKeyId=AK&Expires=1700000000&Signature=ab%3D&x-amz-security-token=t")]
    [InlineData("Expires=1700000000&Signature=ab&Key-Pair-Id=K1")]
    [InlineData("Policy=eyJ&Signature=ab&Key-Pair-Id=K1")]
    [InlineData("X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=c&X-Goog-Date=d&X-Goog-Expires=9&X-Goog-SignedHeaders=host&X-Goog-Signature=ab")]
    [InlineData("GoogleAccessId=a%40b&Expires=1&Signature=ab")]
    [InlineData("Expires=1&KeyName=k&Signature=ab")]
    [InlineData("sv=2023-11-03&st=1&se=2&sr=b&sp=r&spr=https&sig=ab%3D")]
    [InlineData("sv=2023-11-03&ss=b&srt=o&se=2&sp=r&sig=ab")]
    [InlineData("skoid=1&sktid=2&skt=3&ske=4&sks=b&skv=5&sv=2023-11-03&se=2&sr=b&sp=r&sig=ab")]
    [InlineData("OSSAccessKeyId=a&Expires=1&Signature=ab&security-token=t")]
    [InlineData("x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=c&x-oss-date=d&x-oss-expires=9&x-oss-signature=ab")]
    [InlineData("q-sign-algorithm=sha1&q-ak=a&q-sign-time=1;2&q-key-time=1;2&q-header-list=host&q-url-param-list=&q-signature=ab")]
    [InlineData("AccessKeyId=a&Expires=1&Signature=ab")]
    public void Known_signature_is_removed(string query)
    {
        Assert.Equal(Image, Without($"{Image}?{query}"));
        Assert.Equal($"{Image}?size=large&v=2#top", Without($"{Image}?size=large&{query}&v=2#top"));
    }

    [Theory]
    [InlineData("size=large")]
    [InlineData("Expires=1700000000")]
    [InlineData("sig=ab")]
    [InlineData("Signature=ab&Expires=1")]
    [InlineData("X-Amz-Date=20260101T000000Z")]
    [InlineData("se=1&sp=r&sv=3")]
    [InlineData("id=7&version=3&token=x")]
    [InlineData("")]
    public void Query_without_known_signature_is_unchanged(string query)
    {
        string link = $"{Image}?{query}";

        Assert.Equal(new Uri(link).AbsoluteUri, Without(link));
    }

    [Fact]
    public void Parameter_that_changes_image_is_kept()
    {
        Assert.Equal($"{Image}?x-oss-process=image/resize,w_100", Without($"{Image}?x-oss-process=image/resize,w_100&x-oss-signature=ab&x-oss-date=d"));
        Assert.Equal($"{Image}?versionId=3", Without($"{Image}?versionId=3&X-Amz-Signature=ab"));
    }

    [Fact]
    public void Link_without_query_is_unchanged() => Assert.Equal(Image, Without(Image));

    private static string Without(string link) => SignedLink.WithoutSignature(new Uri(link));
}
