using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

/// <summary>Tests keys that are pasted, or read from files and environment variables.</summary>
public sealed class ApiKeyParserTests
{
    private const string Key = "aB3xY9kLm27QpRsT0uVw-Z_1=";

    [Theory]
    [InlineData("{0}")]
    [InlineData(" {0}\r\n")]
    [InlineData("\"{0}\"")]
    [InlineData("'{0}'")]
    [InlineData(" \" {0} \" ")]
    [InlineData("“{0}”")]
    [InlineData("\uFEFF{0}\r\n")]
    [InlineData("\u200B{0}\u00A0")]
    [InlineData("Bearer {0}")]
    [InlineData("bearer  {0}")]
    [InlineData("Authorization: Bearer {0}")]
    [InlineData("MODELSLAB_API_KEY={0}")]
    [InlineData("export MODELSLAB_API_KEY=\"{0}\"")]
    [InlineData("$env:MODELSLAB_API_KEY = '{0}'")]
    [InlineData("api_key: {0}")]
    [InlineData("key={0}")]
    public void Parse_surrounding_text_is_removed(string form) => Assert.Equal(Key, ApiKeyParser.Parse(string.Format(null, form, Key), "The key").Reveal());

    [Theory]
    [InlineData("", "is empty")]
    [InlineData(" \uFEFF\"\" ", "is empty")]
    [InlineData("\"{0}", "has a quotation mark")]
    [InlineData("{0}'", "has a quotation mark")]
    [InlineData("ab {0}", "has a blank inside")]
    [InlineData("ab\u00A0{0}", "has a blank inside")]
    [InlineData("ab\u200B{0}", "has an invisible character inside")]
    [InlineData("{0}\r\nsecond", "has several lines")]
    [InlineData("{0}\uFFFD", "were damaged")]
    [InlineData("aB3xY…", "is truncated")]
    [InlineData("aB3xY...", "is truncated")]
    [InlineData("https://modelslab.com/{0}", "is an address")]
    [InlineData("your_api_key", "is a placeholder")]
    [InlineData("YOUR-API-KEY-HERE", "is a placeholder")]
    [InlineData("<key>", "is a placeholder")]
    [InlineData("${{MODELSLAB_API_KEY}}", "is a placeholder")]
    [InlineData("$env:MODELSLAB_API_KEY", "is a placeholder")]
    [InlineData("%MODELSLAB_API_KEY%", "is a placeholder")]
    [InlineData("System.Security.SecureString", "is a placeholder")]
    [InlineData("xxxxxxxx", "is a placeholder")]
    [InlineData("********", "is a placeholder")]
    [InlineData("changeme", "is a placeholder")]
    public void Parse_invalid_key_is_rejected_and_not_shown(string form, string reason)
    {
        string text = string.Format(null, form, Key);

        FaceGenException error = Assert.Throws<FaceGenException>(() => ApiKeyParser.Parse(text, "The key"));

        Assert.Equal(ErrorCode.ConnectionInvalid, error.Code);
        Assert.StartsWith("The key ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("aB3", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("emulator-key")]
    [InlineData("my-test-key")]
    [InlineData("none-of-this")]
    public void Parse_key_of_another_service_is_accepted(string key) => Assert.Equal(key, ApiKeyParser.Parse(key, "The key").Reveal());
}
