using System.Globalization;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Tests that links of the service have no terminal controls in any public property.</summary>
public sealed class EscapeLinkTests
{
    private const string Osc52 = "\u001b]52;c;aGk=\u0007";

    [Theory]
    [InlineData("https://cdn.example/" + Osc52 + ".png")]
    [InlineData("https://cdn.example/%1b]52;c;aGk=%07.png")]
    [InlineData("https://cdn.example/a.png?x=" + Osc52 + "#" + Osc52)]
    [InlineData("https://cdn.example/\u202egnp.exe")]
    [InlineData("https://cdn.example/%E2%80%AEgnp.exe?q=%E2%80%8B")]
    [InlineData("https://cdn.example/\u009b31m.png")]
    [InlineData("https://cdn.example/%C2%9B31m%0D%0A.png")]
    [InlineData("https://cdn.example/%00%E2%80%A8.png")]
    public void EscapeLink_every_property_has_no_terminal_control(string link)
    {
        Generation generation = new Generation { Id = "1" } with { Images = [link] };

        Uri shown = Assert.Single(generation.Output);
        Assert.All([shown.ToString(), shown.AbsoluteUri, shown.OriginalString, shown.LocalPath, shown.PathAndQuery, shown.Fragment, shown.IdnHost, .. shown.Segments], IsClean);
        // The original link is downloaded.
        Assert.Equal(link, Assert.Single(generation.Images));
    }

    [Theory]
    [InlineData("https://cdn.example/a%20b/%C3%BC.png?sig=a%2Bb%3D&x=1")]
    [InlineData("https://cdn.example/100%25.png")]
    public void EscapeLink_harmless_link_is_unchanged(string link) =>
        Assert.Equal(link, Assert.Single((new Generation { Id = "1" } with { Images = [link] }).Output).AbsoluteUri);

    private static void IsClean(string text) => Assert.All(text, c => Assert.True(CharUnicodeInfo.GetUnicodeCategory(c) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator), $"{(int)c:x4} in a shown link"));
}
