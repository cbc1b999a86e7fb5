using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Tests paths in the forms of other systems and programs.</summary>
public sealed class FilePathParserTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FilePathParserTests()
    {
        Directory.CreateDirectory(_folder.PathOf("sub"));
        _folder.Write("sub/a b.png", TestImages.Portrait);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sub/a b.png")]
    [InlineData(@"sub\a b.png")]
    [InlineData(@".\sub\a b.png")]
    [InlineData("\"sub/a b.png\"")]
    [InlineData("\" sub\\a b.png \"")]
    [InlineData("'sub/a b.png'")]
    [InlineData("“sub/a b.png”")]
    [InlineData("\u202Asub/a b.png")]
    public void Resolve_any_separators_and_quotes_returns_path(string text) =>
        Assert.Equal(Path.GetFullPath(_folder.PathOf("sub/a b.png")), Path.GetFullPath(Parse(text).FilePath!));

    [Fact]
    public void Resolve_file_URI_and_provider_path_returns_path()
    {
        string full = _folder.PathOf("sub/a b.png");
        string uri = new Uri(full).AbsoluteUri;

        Assert.All(
            [uri, uri.Replace("%20", " ", StringComparison.Ordinal), uri.Replace("file:///", "file://localhost/", StringComparison.Ordinal), uri.Replace("file:///", "file:/", StringComparison.Ordinal), $"Microsoft.PowerShell.Core\\FileSystem::{full}"],
            text => Assert.Equal(full, Parse(text).FilePath));
    }

    [Theory]
    [InlineData(@"C:\faces\a.jpg")]
    [InlineData("d:/faces/a.jpg")]
    [InlineData(@"\\server\faces\a.jpg")]
    [InlineData("file:///C:/faces/a.jpg")]
    [InlineData("file://localhost/C:/faces/a.jpg")]
    [InlineData("file://server/faces/a.jpg")]
    public void Resolve_Windows_path_on_another_system_is_rejected_by_name(string text)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has these paths.");

        Assert.Contains("is a Windows ", GetError(text), StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_existing_name_with_backslash_is_kept()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such names.");
        _folder.Write(@"odd\name.png", TestImages.Portrait);

        Assert.Equal(_folder.PathOf(@"odd\name.png"), Parse(@"odd\name.png").FilePath);
    }

    [Theory]
    [InlineData("s3://faces/a.jpg")]
    [InlineData("file://")]
    public void Resolve_other_URI_scheme_is_rejected(string text) => GetError(text);

    private FaceImage Parse(string text) => FaceImage.Parse(text, path => Path.IsPathRooted(path) ? path : _folder.PathOf(path));

    private string GetError(string text) => Assert.Throws<FaceGenException>(() => Parse(text)).Message;
}
