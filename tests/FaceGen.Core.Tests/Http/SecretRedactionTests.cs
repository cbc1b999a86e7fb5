using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using FaceGen.BatchModel;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests the redaction of users and passwords in addresses, and the type for secrets.</summary>
public sealed class SecretRedactionTests
{
    [Theory]
    [InlineData("proxy 'http://svc%40corp:S3cretPw@127.0.0.1:3128' failed", "proxy 'http://127.0.0.1:3128' failed")]
    [InlineData("http://svc@corp:S3cretPw@proxy/", "http://proxy/")]
    [InlineData("http://me:S3cret/Pw@proxy:80/ and socks5://me:S3cretPw@proxy", "http://proxy:80/ and socks5://proxy")]
    [InlineData("http://me:12345@proxy", "http://proxy")]
    [InlineData("HTTPS://ME:S3cretPw@PROXY", "HTTPS://PROXY")]
    [InlineData("(http://:S3cretPw@proxy)", "(http://proxy)")]
    [InlineData("http://S3cretPw@proxy:8080, try", "http://proxy:8080, try")]
    [InlineData("postgresql://me:S3cret?Pw@db/faces", "postgresql://db/faces")]
    [InlineData("https://lab.example:8443/a@b.png", "https://lab.example:8443/a@b.png")]
    [InlineData("https://lab.example/@user/a.png?x=1@2", "https://lab.example/@user/a.png?x=1@2")]
    [InlineData("http://[::1]:80/a@b mail me@lab.example", "http://[::1]:80/a@b mail me@lab.example")]
    [InlineData("row 3: a portrait @ noon: fine", "row 3: a portrait @ noon: fine")]
    public void Remove_user_and_password_of_address(string text, string expected) => Assert.Equal(expected, UserInfo.Remove(text));

    [Fact]
    public void ProxyError_has_address_and_no_password()
    {
        const string message = "The proxy tunnel request to proxy 'http://svc%40corp:S3cretPw@127.0.0.1:3128/' failed with status code '407'.";
        var exception = new HttpRequestException("An error occurred.", new HttpRequestException(message));

        FaceGenException[] errors =
        [
            ConnectionFault.FindIn(exception, new Uri("https://modelslab.com"), null)!.Error,
            ConnectionFault.FindIn(exception, new Uri("https://modelslab.com"), new Uri("http://me:S3cretPw@proxy:3128"))!.Error,
            new(ErrorCode.ServiceUnreachable, message, exception),
        ];

        Assert.All(errors, error =>
        {
            Assert.DoesNotContain("S3cretPw", error.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("svc", error.ToString(), StringComparison.Ordinal);
            Assert.Contains("407", error.ToString(), StringComparison.Ordinal);
        });
        Assert.Contains("http://proxy:3128", errors[1].Message, StringComparison.Ordinal);
        Assert.Contains("-ProxyCredential", errors[0].Message, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:3128", errors[2].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Exception_without_password_is_unchanged()
    {
        var inner = new HttpRequestException("Connection refused (lab.example:443)");

        Assert.Same(inner, new FaceGenException(ErrorCode.ServiceUnreachable, "x", inner).InnerException);
    }

    [Fact]
    public void SecretText_has_no_visible_member()
    {
        var secret = new SecretText("S3cretPw");

        Assert.All(
            [secret.ToString(), $"{secret}", string.Format(null, "{0:G}", secret), JsonSerializer.Serialize(secret), JsonSerializer.Serialize(new { secret }),
                typeof(SecretText).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value],
            text => Assert.DoesNotContain("S3cretPw", text, StringComparison.Ordinal));
        Assert.Empty(typeof(SecretText).GetProperties());
        Assert.Empty(typeof(SecretText).GetFields());
        Assert.Equal("S3cretPw", secret.Reveal());
        Assert.Equal(secret, new SecretText("S3cretPw"));
    }

    /// <summary>A secret in a plain string field is visible in a debugger.</summary>
    [Theory]
    [InlineData(typeof(ApiKey))]
    [InlineData(typeof(LedgerLocation))]
    public void Secrets_are_held_in_SecretText_only(Type holder) =>
        Assert.Contains(holder.GetFields(BindingFlags.Instance | BindingFlags.NonPublic), field => field.FieldType == typeof(SecretText));
}
