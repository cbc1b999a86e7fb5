using System.Diagnostics;
using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

public sealed class DestinationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Probe_of_folder_leaves_no_file()
    {
        Directory.CreateDirectory(_folder.PathOf("out"));
        _folder.Write("out/a.png", [1]);

        At("out").VerifyWritable();
        At("new/sub").VerifyWritable();

        Assert.Equal([Path.Combine("out", "a.png")], _folder.Files);
        Assert.False(Directory.Exists(_folder.PathOf("new")));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("file/sub")]
    public void Probe_of_invalid_folder_fails(string path)
    {
        _folder.Write("file", [1]);

        FaceGenException fault = Assert.Throws<FaceGenException>(() => At(path).VerifyWritable());

        Assert.Equal(ErrorCode.FileNotWritten, fault.Code);
        Assert.StartsWith($"The folder '{_folder.PathOf(path)}' cannot be written: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent or saved.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["file"], _folder.Files);
    }

    /// <summary>The folder does not exist: no file can be tried in it.</summary>
    [Fact]
    public void Probe_of_folder_whose_files_would_have_too_long_paths_fails()
    {
        int available = PathLength.GetMax(_folder.FullName) - PathLength.MeasureTemporary(_folder.FullName);
        string longest = string.Concat(Enumerable.Repeat("/a", available / 2));

        At(longest.TrimStart('/')).VerifyWritable();
        FaceGenException fault = Assert.Throws<FaceGenException>(() => At(longest.TrimStart('/') + "/b").VerifyWritable());

        Assert.Equal(ErrorCode.FileNotWritten, fault.Code);
        Assert.Contains("Nothing was sent or saved.", fault.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Files);
    }

    [Theory]
    // ENOSPC, EDQUOT, EROFS, EIO, ESTALE, and Windows: full, write-protected, network name gone
    [InlineData(28)]
    [InlineData(122)]
    [InlineData(30)]
    [InlineData(5)]
    [InlineData(116)]
    [InlineData(unchecked((int)0x80070070))]
    [InlineData(unchecked((int)0x80070013))]
    [InlineData(unchecked((int)0x80070040))]
    public void Fault_of_storage_is_folder_fault(int code) =>
        Assert.True(At(".").IsFolderFault(Fault(new IOException("storage", code))));

    [Fact]
    public void Fault_with_writable_folder_is_file_fault()
    {
        Assert.False(At(".").IsFolderFault(Fault(new UnauthorizedAccessException())));
        Assert.False(At(".").IsFolderFault(Fault(new IOException("File name too long", 36))));
        Assert.False(At(".").IsFolderFault(Fault(new PathTooLongException())));
        Assert.False(At("gone").IsFolderFault(new FaceGenException(ErrorCode.FileExists, "there")));
    }

    [Fact]
    public void Fault_with_missing_folder_is_folder_fault()
    {
        _folder.Write("file", [1]);

        Assert.True(At("file").IsFolderFault(Fault(new UnauthorizedAccessException())));
        Assert.True(At("gone").IsFolderFault(Fault(new DirectoryNotFoundException())));
    }

    [Fact]
    public void Temporary_file_of_a_process_that_has_ended_is_removed()
    {
        string left = PartOf(EndedProcess());
        _folder.Write(left, [1, 2, 3]);
        Directory.CreateDirectory(_folder.PathOf("sub"));
        _folder.Write("sub/" + left, [1, 2, 3]);

        At(".").RemoveAbandoned(includeSubfolders: false, default);
        Assert.Equal([Path.Combine("sub", left)], _folder.Files);

        At(".").RemoveAbandoned(includeSubfolders: true, default);
        Assert.Empty(_folder.Files);
    }

    [Fact]
    public void Temporary_file_of_an_earlier_process_with_the_same_number_is_removed()
    {
        string own = PartFileName.Create();
        string[] parts = own.Split('-');
        _folder.Write($"{parts[0]}-{parts[1]}-{new string('0', 16)}.part", [1]);

        At(".").RemoveAbandoned(includeSubfolders: false, default);

        Assert.Empty(_folder.Files);
    }

    [Fact]
    public void Temporary_files_that_may_still_be_written_stay()
    {
        string own = PartFileName.Create(), open = PartOf(EndedProcess());
        string otherHost = ".000000" + own[own.IndexOf('-', StringComparison.Ordinal)..], old = $".{Guid.NewGuid():N}.part";
        foreach (string name in (string[])[own, open, otherHost, old]) _folder.Write(name, [1]);
        using var writer = new FileStream(_folder.PathOf(open), FileMode.Open, FileAccess.Write, FileShare.None);

        At(".").RemoveAbandoned(includeSubfolders: true, default);

        Assert.Equal(4, _folder.Files.Count);
    }

    [Fact]
    public void Temporary_files_of_unknown_processes_are_removed_after_a_day()
    {
        string own = PartFileName.Create();
        string[] names = [".000000" + own[own.IndexOf('-', StringComparison.Ordinal)..], $".{Guid.NewGuid():N}.part"];
        foreach (string name in names)
        {
            _folder.Write(name, [1]);
            File.SetLastWriteTimeUtc(_folder.PathOf(name), DateTime.UtcNow.AddHours(-25));
        }

        At(".").RemoveAbandoned(includeSubfolders: false, default);

        Assert.Empty(_folder.Files);
    }

    [Theory]
    [InlineData("image.part")]
    [InlineData(".mine.part")]
    [InlineData(".0123456789abcdef.part")]
    [InlineData(".abcdef-1-.part")]
    public void Files_of_others_are_never_removed(string name)
    {
        _folder.Write(name, [1]);
        File.SetLastWriteTimeUtc(_folder.PathOf(name), DateTime.UtcNow.AddYears(-1));

        At(".").RemoveAbandoned(includeSubfolders: false, default);

        Assert.Equal([name], _folder.Files);
    }

    private Destination At(string path) => new(FileStorage.System, _folder.PathOf(path));

    private static FaceGenException Fault(Exception cause) => new(ErrorCode.FileNotWritten, "not written", cause);

    private static string PartOf(int process)
    {
        string[] parts = PartFileName.Create().Split('-');
        return $"{parts[0]}-{process}-{parts[2]}";
    }

    private static int EndedProcess()
    {
        using Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, "-help") { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.Id;
    }
}
