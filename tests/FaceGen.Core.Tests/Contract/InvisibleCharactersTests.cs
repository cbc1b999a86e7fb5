using FaceGen.Contract;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Tests that invisible characters around a value are removed and inside it are shown.</summary>
public sealed class InvisibleCharactersTests
{
    public static TheoryData<string> Blanks =>
    [
        "\u00A0", "\u2009", "\u202F", "\u3000", "\u200B", "\u200C", "\u200D", "\u2060", "\uFEFF", "\u00AD", "\u200E", "\u200F", "\u061C",
        "\u202A\u202C", "\u2066\u2069", "\u2028", "\u2029", "\u0085", "\u115F", "\u3164", "\u2800", "\uFE0F", "\U000E0001", " \t\r\n\u00A0\u200B",
    ];

    [Theory]
    [MemberData(nameof(Blanks))]
    public void Value_surrounding_invisible_characters_are_removed(string blank)
    {
        Assert.Equal(42L, RequestField.Seed.Read($"{blank}42{blank}"));
        Assert.Equal(7.5, RequestField.GuidanceScale.Read($"{blank}7.5{blank}"));
        Assert.Equal("anime", RequestField.Style.Read($"{blank}Anime{blank}"));
        Assert.Equal(true, RequestField.Base64.Read($"{blank}yes{blank}"));
        Assert.Equal(new Uri("https://hook.example/"), RequestField.Webhook.Read($"{blank}https://hook.example/{blank}"));
        Assert.Equal(new Uri("https://faces.example/a.png"), FaceImage.Parse($"{blank}https://faces.example/a.png{blank}", path => path).Link);
        Assert.Same(RequestField.NegativePrompt, FieldNames.Find($"{blank}negative_prompt{blank}"));
    }

    [Theory]
    [MemberData(nameof(Blanks))]
    public void Value_of_invisible_characters_only_is_not_given(string blank) => Assert.All(RequestField.All, field => Assert.Null(field.Read(blank)));

    [Theory]
    [InlineData("4\u200B2", "Seed must be a whole number, not '4\\u200B2'.")]
    [InlineData("1\u00A0234", "Seed must be a whole number, not '1\\u00A0234'.")]
    [InlineData("4\u00AD2x\u202E", "Seed must be a whole number, not '4\\u00AD2x\\u202E'.")]
    public void Error_invisible_characters_are_shown_escaped(string cell, string message) =>
        Assert.Equal(message, Assert.Throws<FaceGenException>(() => RequestField.Seed.Read(cell)).Message);

    [Theory]
    [InlineData("👩\u200D🚀 astronaut")]
    [InlineData("heart ❤\uFE0F")]
    [InlineData("\u00A0indented")]
    [InlineData("می\u200Cخواهم")]
    public void Prompt_invisible_characters_inside_are_kept(string prompt) => Assert.Equal(prompt, RequestField.Prompt.Read(prompt));

    [Fact]
    public void Link_with_invisible_character_inside_is_rejected()
    {
        FaceGenException error = Assert.Throws<FaceGenException>(() => FaceImage.Parse("https://faces.example/a\u200B.png", path => path));

        Assert.Contains("has the invisible character \\u200B", error.Message, StringComparison.Ordinal);
    }
}
