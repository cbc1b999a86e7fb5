using FaceGen.Core.Tests.Support;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

public sealed class FileStorageTests : IDisposable
{
    private const string Link = "https://cdn.example/1.png";

    private readonly FakeService _service = new();
    private readonly TemporaryFolder _folder = new();

    public FileStorageTests() => _service.OnLink(Link, ScriptedResponse.Image(TestImages.Portrait));

    public void Dispose()
    {
        _service.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Image_is_flushed_before_it_is_renamed_and_its_folder_after()
    {
        var files = new RecordingStorage();

        SavedImage saved = await SaveAsync(files);

        Assert.Equal(
            ["CreateFolder out", "FlushFolder .", "Create part", "Flush", "Rename part 77-1.png", "FlushFolder out", "Delete part"],
            files.Operations.Select(Relative).Where(operation => !operation.StartsWith("FlushFolder ..", StringComparison.Ordinal)));
        Assert.Equal(TestImages.Portrait, await File.ReadAllBytesAsync(saved.FullName));
    }

    [Fact]
    public async Task Image_whose_temporary_name_cannot_be_deleted_is_saved()
    {
        var files = new RecordingStorage { FailingOperation = nameof(FileStorage.Delete), Failure = new IOException("The storage failed.", 5) };

        SavedImage saved = await SaveAsync(files);

        Assert.Equal(TestImages.Portrait, await File.ReadAllBytesAsync(saved.FullName));
    }

    /// <summary>The process that named the file may have ended before the name was on the disk.</summary>
    [Fact]
    public async Task Existing_image_counts_as_saved_after_its_folder_is_flushed()
    {
        await SaveAsync(FileStorage.System);
        var files = new RecordingStorage();

        await SaveAsync(files, skipExisting: true);

        Assert.Equal("FlushFolder out", files.Operations.Select(Relative).Last(operation => !operation.StartsWith("Delete", StringComparison.Ordinal)));
    }

    [Fact]
    public void Folder_of_earlier_process_is_flushed_once()
    {
        var files = new RecordingStorage();
        Directory.CreateDirectory(_folder.PathOf("out/deep"));

        files.EnsureFolder(_folder.PathOf("out/deep"));
        Assert.Equal(["FlushFolder out", "FlushFolder ."], files.Operations.Select(Relative).Take(2));

        int before = files.Operations.Count;
        files.EnsureFolder(_folder.PathOf("out/deep"));
        Assert.Equal(before, files.Operations.Count);
    }

    [Theory]
    [InlineData(nameof(FileStorage.CreateFolder), false)]
    [InlineData(nameof(FileStorage.Create), false)]
    [InlineData(nameof(FileStorage.Flush), false)]
    [InlineData(nameof(FileStorage.Flush), true)]
    [InlineData(nameof(FileStorage.Rename), false)]
    [InlineData(nameof(FileStorage.Rename), true)]
    public async Task Image_operation_fails_leaves_no_file_and_reports_cause(string operation, bool force)
    {
        var failure = new IOException("The storage failed.", 5);
        var files = new RecordingStorage { FailingOperation = operation, Failure = failure };

        FaceGenException error = await TaskAssertions.GetErrorAsync(SaveAsync(files, force));

        Assert.Equal(ErrorCode.FileNotWritten, error.Code);
        Assert.Equal($"'{_folder.PathOf("out/77-1.png")}' could not be written: The storage failed. Its content is not lost. Free disk space, or choose another folder.", error.Message);
        Assert.Same(failure, error.InnerException);
        Assert.Empty(_folder.Files);
        Assert.Equal(operation == nameof(FileStorage.Rename), files.Operations.Any(line => line.StartsWith("Rename", StringComparison.Ordinal)));
    }

    /// <summary>The errors of Windows for a file that another program, such as a virus scanner, has open.</summary>
    public static TheoryData<Exception> InUse =>
        [new UnauthorizedAccessException(), CreateWindowsError(32), CreateWindowsError(33), CreateWindowsError(1175), CreateWindowsError(1176)];

    [Theory]
    [MemberData(nameof(InUse), DisableDiscoveryEnumeration = true)]
    public async Task Image_in_use_for_a_moment_is_saved(Exception error)
    {
        foreach (string operation in (string[])[nameof(FileStorage.Rename), nameof(FileStorage.Delete)])
        {
            var files = new RecordingStorage { FailingOperation = operation, Failure = error, Failures = 39 };

            SavedImage saved = await SaveAsync(files, force: true);

            Assert.Equal(TestImages.Portrait, await File.ReadAllBytesAsync(saved.FullName));
            Assert.Equal([Path.Combine("out", "77-1.png")], _folder.Files);
            Assert.InRange(files.Waited, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(2));
        }
    }

    [Fact]
    public async Task Image_in_use_for_long_is_not_written_and_the_program_is_named_as_the_cause()
    {
        var files = new RecordingStorage { FailingOperation = nameof(FileStorage.Rename), Failure = CreateWindowsError(32) };

        FaceGenException error = await TaskAssertions.GetErrorAsync(SaveAsync(files));

        Assert.Equal(ErrorCode.FileNotWritten, error.Code);
        Assert.EndsWith("Its content is not lost. Close the program that has the file open, or allow access to the folder.", error.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(2), files.Waited);
        Assert.Empty(_folder.Files);
        Assert.False(new Destination(FileStorage.System, _folder.PathOf("out")).IsFolderFault(error));
    }

    [Fact]
    public void Probe_with_file_in_use_for_a_moment_succeeds()
    {
        var files = new RecordingStorage { FailingOperation = nameof(FileStorage.Rename), Failure = CreateWindowsError(32), Failures = 1 };

        new Destination(files, _folder.FullName).VerifyWritable();

        Assert.Empty(_folder.Files);
    }

    [Theory]
    [InlineData(nameof(FileStorage.Create))]
    [InlineData(nameof(FileStorage.Flush))]
    [InlineData(nameof(FileStorage.Rename))]
    public void Probe_operation_fails_leaves_no_file_and_reports_cause(string operation)
    {
        var failure = new UnauthorizedAccessException("The storage failed.");
        var destination = new Destination(new RecordingStorage { FailingOperation = operation, Failure = failure }, _folder.FullName);

        FaceGenException error = Assert.Throws<FaceGenException>(destination.VerifyWritable);

        Assert.Equal(ErrorCode.FileNotWritten, error.Code);
        Assert.Same(failure, error.InnerException);
        Assert.Empty(_folder.Files);
        Assert.True(destination.IsFolderFault(new FaceGenException(ErrorCode.FileNotWritten, "not written", failure)));
    }

    [Fact]
    public async Task Existing_image_is_found_in_the_storage_of_the_connection()
    {
        _folder.Write("77-1.png", [1]);

        SavedImage saved = await SaveAsync(new OneImageStorage(_folder.PathOf("other/77-1.png")), skipExisting: true, folder: "other");

        Assert.Equal((_folder.PathOf("other/77-1.png"), (long)TestImages.Portrait.Length), (saved.FullName, saved.Length));
        Assert.Empty(_service.Calls);
        Assert.Equal(["77-1.png"], _folder.Files);
    }

    private async Task<SavedImage> SaveAsync(FileStorage files, bool force = false, bool skipExisting = false, string folder = "out")
    {
        using var connection = new Connection(
            ServiceAddress.Parse(_service.Root), new ApiKey(FakeService.Key), services: _service.Connection.Services with { Files = files });
        var options = new SaveOptions(_folder.PathOf(folder), new FileNameTemplate(FileNameTemplate.Default))
        {
            Force = force,
            SkipExisting = skipExisting,
            Timeout = TimeSpan.FromMinutes(1),
        };
        var generation = new Generation
        {
            Id = "77",
            StatusValue = GenerationStatus.Success,
            CreatedAt = _service.Clock.GetUtcNow(),
            Images = [Link],
            Request = FakeService.Request(),
        };
        return await _service.Clock.RunAsync(new ImageSaver(connection, options).SaveAsync(generation, 0, default));
    }

    private static IOException CreateWindowsError(int code) => new("The file is in use.", unchecked((int)0x80070000) | code);

    private string Relative(string operation) => string.Join(' ', operation.Split(' ').Select((word, index) =>
        index == 0 ? word : word.EndsWith(".part", StringComparison.Ordinal) ? "part"
        : Path.GetRelativePath(_folder.FullName, word) is var path && Path.GetExtension(path).Length > 0 ? Path.GetFileName(path) : path));

    /// <summary>Records operations that change files, and fails one of them.</summary>
    private sealed class RecordingStorage : FileStorage
    {
        internal List<string> Operations { get; } = [];

        internal string? FailingOperation { get; init; }

        internal Exception? Failure { get; init; }

        /// <summary>How often the operation fails; every time if not given.</summary>
        internal int Failures { get; set; } = int.MaxValue;

        /// <summary>The time that was waited between attempts.</summary>
        internal TimeSpan Waited { get; private set; }

        internal override void Wait(TimeSpan delay) => Waited += delay;

        internal override Stream Create(string path)
        {
            Record(nameof(Create), path);
            return base.Create(path);
        }

        internal override void Flush(Stream file)
        {
            Record(nameof(Flush));
            base.Flush(file);
        }

        internal override void Rename(string from, string to, bool replace)
        {
            Record(nameof(Rename), from, to);
            base.Rename(from, to, replace);
        }

        internal override void Delete(string path)
        {
            Record(nameof(Delete), path);
            base.Delete(path);
        }

        internal override void CreateFolder(string path)
        {
            Record(nameof(CreateFolder), path);
            base.CreateFolder(path);
        }

        internal override void FlushFolder(string path)
        {
            Record(nameof(FlushFolder), path);
            base.FlushFolder(path);
        }

        private void Record(string operation, params string[] paths)
        {
            Operations.Add(string.Join(' ', [operation, .. paths]));
            if (operation == FailingOperation && Failures-- > 0) throw Failure!;
        }
    }

    /// <summary>Contains one image, which is not on the disk.</summary>
    private sealed class OneImageStorage(string path) : FileStorage
    {
        internal override bool FileExists(string other) => other == path;

        internal override byte[] ReadAllBytes(string other) => other == path ? TestImages.Portrait : throw new FileNotFoundException(other);
    }
}
