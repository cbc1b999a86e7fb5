using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Contract;

/// <summary>Paths as other systems and programs write them.</summary>
public sealed class FilePathTextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FilePathTextTests()
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
    public void Path_is_read_whatever_its_separators_and_quotes(string text) =>
        Assert.Equal(Path.GetFullPath(_folder.PathOf("sub/a b.png")), Path.GetFullPath(Read(text).FilePath!));

    [Fact]
    public void File_URI_and_provider_path_are_paths()
    {
        string full = _folder.PathOf("sub/a b.png");
        string uri = new Uri(full).AbsoluteUri;

        Assert.All(
            [uri, uri.Replace("%20", " ", StringComparison.Ordinal), uri.Replace("file:///", "file://localhost/", StringComparison.Ordinal), uri.Replace("file:///", "file:/", StringComparison.Ordinal), $"Microsoft.PowerShell.Core\\FileSystem::{full}"],
            text => Assert.Equal(full, Read(text).FilePath));
    }

    [Theory]
    [InlineData(@"C:\faces\a.jpg")]
    [InlineData("d:/faces/a.jpg")]
    [InlineData(@"\\server\faces\a.jpg")]
    [InlineData("file:///C:/faces/a.jpg")]
    [InlineData("file://server/faces/a.jpg")]
    public void Path_of_Windows_on_another_system_is_named(string text)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has these paths.");

        Assert.Contains("of Windows, which this computer", Refused(text), StringComparison.Ordinal);
    }

    [Fact]
    public void Backslash_in_a_name_is_not_replaced_where_the_file_exists()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such names.");
        _folder.Write(@"odd\name.png", TestImages.Portrait);

        Assert.Equal(_folder.PathOf(@"odd\name.png"), Read(@"odd\name.png").FilePath);
    }

    [Theory]
    [InlineData("s3://faces/a.jpg")]
    [InlineData("file://")]
    public void Address_of_another_kind_is_refused(string text) => Refused(text);

    private FaceImage Read(string text) => FaceImage.FromText(text, path => Path.IsPathRooted(path) ? path : _folder.PathOf(path));

    private string Refused(string text) => Assert.Throws<FaceGenException>(() => Read(text)).Message;
}
