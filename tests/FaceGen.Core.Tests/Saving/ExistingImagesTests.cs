using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

public sealed class ExistingImagesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a", "a.png")]
    [InlineData("a", "a.jxl")]
    [InlineData("a.b", "a.b.jpg")]
    [InlineData("sub/a", "sub/a.webp")]
    [InlineData("año", "año.png")]
    [InlineData("a", null, "a.txt")]
    [InlineData("a", null, "aa.png")]
    [InlineData("a", null, "sub/a.png")]
    [InlineData("missing/a", null, "a.png")]
    public void Finder_finds_the_same_file_as_a_single_search(string name, string? found, string? file = null)
    {
        string written = _folder.PathOf(found ?? file!);
        Directory.CreateDirectory(Path.GetDirectoryName(written)!);
        File.WriteAllText(written, "x");
        string path = _folder.PathOf(name), expected = found is null ? "" : written;

        Func<string, string?> find = ExistingImages.CreateFinder(FileStorage.System);

        Assert.Equal(expected, find(path) ?? "");
        Assert.Equal(expected, ExistingImages.FindFile(FileStorage.System, path) ?? "");
    }

    [Fact]
    public void Finder_reads_a_folder_once_and_tests_no_missing_file()
    {
        File.WriteAllText(_folder.PathOf("7.png"), "x");
        var files = new CountingStorage();
        Func<string, string?> find = ExistingImages.CreateFinder(files);

        foreach (int number in Enumerable.Range(1, 100)) Assert.Equal(number == 7, find(_folder.PathOf($"{number}")) is not null);

        Assert.Equal((1, 1), (files.Listings, files.Searches));
    }

    [Fact]
    public void Finder_unreadable_folder_tests_each_file()
    {
        File.WriteAllText(_folder.PathOf("7.png"), "x");

        Func<string, string?> find = ExistingImages.CreateFinder(new CountingStorage { IsUnreadable = true });

        Assert.Equal(_folder.PathOf("7.png"), find(_folder.PathOf("7")));
        Assert.Null(find(_folder.PathOf("8")));
    }

    private sealed class CountingStorage : FileStorage
    {
        internal int Listings { get; private set; }

        internal int Searches { get; private set; }

        internal bool IsUnreadable { get; init; }

        internal override IEnumerable<string> GetFileNames(string path)
        {
            Listings++;
            return IsUnreadable ? throw new UnauthorizedAccessException("The folder cannot be read.") : base.GetFileNames(path);
        }

        internal override bool FileExists(string path)
        {
            Searches++;
            return base.FileExists(path);
        }
    }
}
