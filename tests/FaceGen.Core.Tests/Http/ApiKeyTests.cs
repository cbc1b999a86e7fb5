using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

public sealed class ApiKeyTests
{
    // The characters of the key and of its base64 (with + and /) change if they are escaped.
    private const string Secret = "s3cret/~~~???+key\"ü";

    private static readonly string Base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret));
    private readonly ApiKey _key = new(Secret);

    public static TheoryData<string> Spellings => new(
        Secret, Uri.EscapeDataString(Secret), Base64, Uri.EscapeDataString(Base64), Secret.Replace("/", @"\/"), Secret.Replace("/", @"\\\/"));

    [Theory]
    [MemberData(nameof(Spellings))]
    public void Redact_every_spelling_is_masked(string spelling) =>
        Assert.Equal("before *** after", _key.Redact($"before {spelling} after"));

    [Theory]
    [MemberData(nameof(Spellings))]
    public void Redact_escaped_JSON_is_masked(string spelling)
    {
        string relaxed = $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(spelling)}\"";
        string strict = JsonSerializer.Serialize(spelling);
        string slashes = relaxed.Replace("/", "\\/", StringComparison.Ordinal);
        string lowerCase = string.Concat(spelling.Select(c => char.IsAsciiLetterOrDigit(c) ? c.ToString() : $"\\u{(int)c:x4}"));
        string everything = string.Concat(spelling.Select(c => $"\\u{(int)c:X4}"));

        Assert.All([relaxed, strict, slashes, $"\"{lowerCase}\"", $"\"{everything}\""], text =>
        {
            byte[] body = Encoding.UTF8.GetBytes(
                """{"status":"processing","id":1,"message":@,"output":[@],"meta":{"a":@,"deep":{"b":[@]}},"data":{"x":@}}"""
                    .Replace("@", text, StringComparison.Ordinal));

            ServiceResponse? response = ServiceResponse.TryParse(_key.Redact(body));

            Assert.NotNull(response);
            Assert.Equal("1", response.Id);
            string all = string.Join('\n', [response.Message, .. response.Output, .. response.Meta.Values.Select(value => $"{value}"), response.Root.GetProperty("data").GetProperty("x").GetString()!]);
            Assert.DoesNotContain(spelling, all, StringComparison.Ordinal);
            Assert.DoesNotContain(spelling, Regex.Unescape(response.Root.GetRawText()), StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("p%6cain%2Dkey")]
    [InlineData("pl%61in%252Dk%2565y")]
    [InlineData("plain&#45;key")]
    [InlineData("pl&#x61;in&#0045;key")]
    [InlineData("pl\\x61in\\u002dkey")]
    [InlineData("pl\\\\u0061in-key")]
    [InlineData("706C61696E2D6B6579")]
    [InlineData("cABsAGEAaQBuAC0AawBlAHkA")]
    public void Redact_mixed_escapes_are_masked(string spelling)
    {
        var key = new ApiKey("plain-key");

        Assert.Equal("before *** after", key.Redact($"before {spelling} after"));
        Assert.Equal("before *** after", Encoding.UTF8.GetString(key.Redact(Encoding.UTF8.GetBytes($"before {spelling} after"))));
    }

    [Theory]
    [InlineData("a key.", "a ***.")]
    [InlineData("key=key&x", "***=***&x")]
    [InlineData("monkey keys key_id", "monkey keys key_id")]
    public void Redact_short_key_is_masked_as_whole_word(string text, string masked) =>
        Assert.Equal(masked, new ApiKey("key").Redact(text));

    [Theory]
    [InlineData("plain-key", "a plain-key b")]
    [InlineData("plain-key", "a PLAIN-KEY b")]
    [InlineData("plain-key", "a plain\\-key b")]
    [InlineData("plain-key", "a pl\\u0061in-key b")]
    [InlineData("plain-key", "\u00fc plain-key b")]
    [InlineData("back\\slash", "a back\\slash b")]
    [InlineData("back\\slash", "a back\\\\slash b")]
    public void Redact_body_is_masked(string key, string body)
    {
        var secret = new ApiKey(key);

        string masked = Encoding.UTF8.GetString(secret.Redact(Encoding.UTF8.GetBytes(body)));

        Assert.Equal(secret.Redact(body), masked);
        Assert.Contains("***", masked, StringComparison.Ordinal);
    }

    [Fact]
    public void Redact_body_without_key_is_unchanged()
    {
        byte[] body = [0xFF, 0xFE, .. "no UTF-8"u8];

        Assert.Same(body, _key.Redact(body));
    }

    [Fact]
    public void Redact_many_backslashes_takes_linear_time()
    {
        string body = new string('\\', 300_000) + "%";

        Assert.Equal(body, _key.Redact(body));
    }

    [Fact]
    public void ToString_returns_mask() => Assert.Equal("*** ***", $"{_key} {new ApiKey("x")}");
}
