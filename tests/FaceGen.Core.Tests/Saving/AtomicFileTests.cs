using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_new_file_creates_folder(bool replace)
    {
        AtomicFile.Write(FileStorage.System, _folder.PathOf("a/b/c.png"), [1, 2, 3], replace);

        Assert.Equal([1, 2, 3], File.ReadAllBytes(_folder.PathOf("a/b/c.png")));
        Assert.Equal([Path.Combine("a", "b", "c.png")], _folder.Files);
    }

    [Fact]
    public void Write_missing_root_is_not_created()
    {
        string root = _folder.PathOf("share");

        var error = Assert.Throws<FaceGenException>(() => AtomicFile.Write(FileStorage.System, Path.Combine(root, "a", "1.png"), [1], replace: false, root));

        Assert.Equal(ErrorCode.FileNotWritten, error.Code);
        Assert.Contains($"The folder '{root}' does not exist any more.", error.Message, StringComparison.Ordinal);
        Assert.True(new Destination(FileStorage.System, root).IsFolderFault(error));
        Assert.Empty(_folder.Files);

        Directory.CreateDirectory(root);
        AtomicFile.Write(FileStorage.System, Path.Combine(root, "a", "1.png"), [1], replace: false, root);
        Assert.Equal([Path.Combine("share", "a", "1.png")], _folder.Files);
    }

    [Fact]
    public void Write_existing_file_fails_and_keeps_it()
    {
        string path = _folder.Write("a.png", [1]);

        Assert.Equal(ErrorCode.FileExists, Refused(path, replace: false).Code);
        Assert.Equal([1], File.ReadAllBytes(path));
        Assert.Equal(["a.png"], _folder.Files);
    }

    [Fact]
    public void Write_existing_file_with_replace_replaces_it()
    {
        string path = _folder.Write("a.png", [1, 2, 3]);

        AtomicFile.Write(FileStorage.System, path, [4], replace: true);

        Assert.Equal([4], File.ReadAllBytes(path));
        Assert.Equal(["a.png"], _folder.Files);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_folder_cannot_be_created_fails(bool replace)
    {
        // A folder cannot be created below a file, even by root.
        _folder.Write("file", [1]);

        FaceGenException fault = Refused(_folder.PathOf("file/sub/a.png"), replace);

        Assert.Equal(ErrorCode.FileNotWritten, fault.Code);
        Assert.StartsWith($"'{_folder.PathOf("file/sub/a.png")}' could not be written: ", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["file"], _folder.Files);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_folder_of_same_name_fails_and_leaves_no_file(bool replace)
    {
        Directory.CreateDirectory(_folder.PathOf("a.png"));

        Assert.Equal(ErrorCode.FileNotWritten, Refused(_folder.PathOf("a.png"), replace).Code);
        Assert.Empty(_folder.Files);
        Assert.True(Directory.Exists(_folder.PathOf("a.png")));
    }

    [Fact]
    public void Write_name_too_long_fails() =>
        Assert.Equal(ErrorCode.FileNotWritten, Refused(_folder.PathOf(new string('a', 300)), replace: false).Code);

    [Fact]
    public async Task Write_concurrently_one_file_wins()
    {
        // The race is decided in microseconds: one round would rarely show a replaced file.
        for (int round = 0; round < 100; round++)
        {
            string path = _folder.PathOf($"{round}.png");
            using var start = new Barrier(4);

            FaceGenException?[] faults = await Task.WhenAll(Enumerable.Range(1, 4).Select(writer => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return Record.Exception(() => AtomicFile.Write(FileStorage.System, path, [.. Enumerable.Repeat((byte)writer, 1000)], replace: false)) as FaceGenException;
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

            Assert.Single(faults, fault => fault is null);
            Assert.All(faults.OfType<FaceGenException>(), fault => Assert.Equal(ErrorCode.FileExists, fault.Code));
            Assert.Equal(Enumerable.Repeat((byte)(Array.IndexOf(faults, null) + 1), 1000), File.ReadAllBytes(path));
        }

        Assert.Equal(100, _folder.Files.Count);
    }

    [Fact]
    public async Task Write_concurrent_replace_leaves_complete_file()
    {
        string path = _folder.PathOf("a.png");

        await Task.WhenAll(Enumerable.Range(1, 8).Select(writer => Task.Run(() =>
            AtomicFile.Write(FileStorage.System, path, [.. Enumerable.Repeat((byte)writer, 100_000)], replace: true))));

        Assert.Equal(100_000, new FileInfo(path).Length);
        Assert.Single(File.ReadAllBytes(path).Distinct());
        Assert.Equal(["a.png"], _folder.Files);
    }

    private static FaceGenException Refused(string path, bool replace) =>
        Assert.Throws<FaceGenException>(() => AtomicFile.Write(FileStorage.System, path, [9], replace));
}
