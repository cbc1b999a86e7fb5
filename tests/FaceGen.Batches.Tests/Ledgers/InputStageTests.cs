using FaceGen.Batches.Ledgers;
using FaceGen.Core.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>The input of a batch is stored in the temporary folder, or in the destination if that is not writable.</summary>
public sealed class InputStageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static InputRow Row => new("hash", "{}", 1, null, null, null);

    private string Missing => Path.Combine(_folder.PathOf("file"), "no", "folder");

    public InputStageTests() => File.WriteAllText(_folder.PathOf("file"), "no folder can be below this");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("out")]
    [InlineData("out/that/is/not/there/yet")]
    public void Input_temporary_folder_not_writable_uses_destination(string destination)
    {
        string out_ = _folder.PathOf(destination.Length == 0 ? "." : destination);
        using (var stage = new InputStage(Missing))
        {
            stage.Add([Row, Row], out_);
            stage.Add([Row], out_);

            Assert.Equal([1, 2, 3], ReadOccurrences(stage));
            // A killed process leaves nothing: the file is unlinked on Unix, and the system deletes it on Windows.
            if (!OperatingSystem.IsWindows()) Assert.Equal(["file"], Names());
        }

        Assert.Equal(["file"], Names());
    }

    [Fact]
    public void Input_temporary_folder_writable_does_not_use_destination()
    {
        string temporary = _folder.PathOf("tmp");
        Directory.CreateDirectory(temporary);
        using var stage = new InputStage(temporary);

        stage.Add([Row], Missing);

        Assert.Equal([1], ReadOccurrences(stage));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Input_no_folder_writable_error_names_folders_and_variable(bool hasDestination)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It has no folder that no user can write.");
        using var stage = new InputStage(Missing);

        FaceGenException error = Assert.Throws<FaceGenException>(() => stage.Add([Row], hasDestination ? "/proc/1" : null));

        Assert.Equal(ErrorCode.FileNotWritten, error.Code);
        Assert.Contains(Missing, error.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent", error.Message, StringComparison.Ordinal);
        Assert.Contains("TMPDIR", error.Message, StringComparison.Ordinal);
        Assert.Equal(hasDestination, error.Message.Contains("'/proc/1'", StringComparison.Ordinal));
    }

    [Fact]
    public void Rows_with_same_hash_are_numbered_again_after_more_rows()
    {
        using var stage = new InputStage();
        stage.Add([Row, Row with { Hash = "other" }, Row], null);
        Assert.Equal([1, 1, 2], ReadOccurrences(stage));
        Assert.Equal(1, stage.Duplicates);

        stage.Add([Row with { Hash = "other" }, Row], null);

        Assert.Equal([1, 1, 2, 2, 3], ReadOccurrences(stage));
        Assert.Equal(3, stage.Duplicates);
    }

    private static List<long> ReadOccurrences(InputStage stage)
    {
        using SqliteCommand select = stage.GetNumbered().CreateCommand();
        select.CommandText = "SELECT occurrence FROM input ORDER BY position";
        using SqliteDataReader row = select.ExecuteReader();
        List<long> occurrences = [];
        while (row.Read()) occurrences.Add(row.GetInt64(0));
        return occurrences;
    }

    private string[] Names() => [.. Directory.EnumerateFiles(_folder.PathOf("."), "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path))];
}
