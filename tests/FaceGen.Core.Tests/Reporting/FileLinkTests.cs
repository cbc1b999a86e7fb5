using FaceGen.Reporting;

namespace FaceGen.Core.Tests.Reporting;

public sealed class FileLinkTests
{
    [Theory]
    [InlineData("/out", "/out/a.png", "a.png")]
    [InlineData("/out/", "/out/sub/a.png", "sub/a.png")]
    [InlineData("/", "/a.png", "a.png")]
    [InlineData("/out", "/out/1 #2 100%?x=1&y.png", "1%20%232%20100%25%3Fx%3D1%26y.png")]
    [InlineData("/out", "/out/%41.png", "%2541.png")]
    [InlineData("/out", "/out/javascript:alert(1)", "javascript%3Aalert%281%29")]
    [InlineData("/out", "/out/Zoë 雪 😀.png", "Zo%C3%AB%20%E9%9B%AA%20%F0%9F%98%80.png")]
    [InlineData("/out", "/out/a\\b.png", "a%5Cb.png")]
    [InlineData("/out", "/outer/a.png", "file:///outer/a.png")]
    [InlineData("/out/reports", "/out/50% #1.png", "file:///out/50%25%20%231.png")]
    [InlineData(@"C:\out", @"C:\out\sub\a b.png", "sub/a%20b.png")]
    [InlineData(@"c:\OUT", @"C:\out\a.png", "a.png")]
    [InlineData(@"C:\out", @"D:\pictures\a b.png", "file:///D:/pictures/a%20b.png")]
    [InlineData("/out", @"\\server\share\a#.png", "file://server/share/a%23.png")]
    public void Create_is_relative_below_report_folder(string folder, string file, string link) =>
        Assert.Equal(link, FileLink.Create(folder, file));

    [Fact]
    public void Create_half_surrogate_pair_does_not_throw() => Assert.Equal("%EF%BF%BD.png", FileLink.Create("/out", "/out/\uD83D.png"));
}
