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
    public void A_new_file_is_written_whole_with_its_folder(bool replace)
    {
        AtomicFile.Write(FileStorage.System, _folder.PathOf("a/b/c.png"), [1, 2, 3], replace);

        Assert.Equal([1, 2, 3], File.ReadAllBytes(_folder.PathOf("a/b/c.png")));
        Assert.Equal([Path.Combine("a", "b", "c.png")], _folder.Files);
    }

    [Fact]
    public void A_file_that_is_there_stays_as_it_is()
    {
        string path = _folder.Write("a.png", [1]);

        Assert.Equal(ErrorCode.FileExists, Refused(path, replace: false).Code);
        Assert.Equal([1], File.ReadAllBytes(path));
        Assert.Equal(["a.png"], _folder.Files);
    }

    [Fact]
    public void A_file_that_is_there_is_replaced_where_that_is_asked_for()
    {
        string path = _folder.Write("a.png", [1, 2, 3]);

        AtomicFile.Write(FileStorage.System, path, [4], replace: true);

        Assert.Equal([4], File.ReadAllBytes(path));
        Assert.Equal(["a.png"], _folder.Files);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_folder_that_cannot_be_made_is_told(bool replace)
    {
        // Below a file there is no folder, whoever asks.
        _folder.Write("file", [1]);

        FaceGenException fault = Refused(_folder.PathOf("file/sub/a.png"), replace);

        Assert.Equal(ErrorCode.FileNotWritten, fault.Code);
        Assert.StartsWith($"'{_folder.PathOf("file/sub/a.png")}' could not be written: ", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["file"], _folder.Files);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_folder_by_the_files_name_stays_and_nothing_is_left_behind(bool replace)
    {
        Directory.CreateDirectory(_folder.PathOf("a.png"));

        Assert.Equal(ErrorCode.FileNotWritten, Refused(_folder.PathOf("a.png"), replace).Code);
        Assert.Empty(_folder.Files);
        Assert.True(Directory.Exists(_folder.PathOf("a.png")));
    }

    [Fact]
    public void A_name_that_is_too_long_is_told() =>
        Assert.Equal(ErrorCode.FileNotWritten, Refused(_folder.PathOf(new string('a', 300)), replace: false).Code);

    [Fact]
    public async Task Of_many_who_write_at_once_one_wins_and_no_file_is_mixed()
    {
        // Who loses the race is a matter of microseconds: one round would hardly ever show a file that was replaced.
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
    public async Task Of_many_who_replace_at_once_each_leaves_a_whole_file()
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
