using FaceGen.Batches.Requests;
using FaceGen.Contract;

namespace FaceGen.Batches.Tests.Requests;

public sealed class RequestFileReaderTests : IDisposable
{
    private const string Csv = "prompt,face_image\na,face.png\n";
    private const string Json = "[\n{\"prompt\":\"a\",\"face_image\":\"face.png\"}\n]";
    private const string JsonObject = "{\n\"prompt\":\"a\",\"face_image\":\"face.png\"\n}";
    private const string JsonLines = "{\"prompt\":\"a\",\"face_image\":\"face.png\"}\n{}";

    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("people.csv", Csv)]
    [InlineData("people.TSV", "prompt\tface_image\na\tface.png\n")]
    [InlineData("people.txt", Csv)]
    [InlineData("people.Json", Json)]
    [InlineData("people.jsonl", JsonLines)]
    [InlineData("people.ndjson", JsonLines)]
    [InlineData("people", Csv)]
    [InlineData("people.data", " \n" + Json)]
    [InlineData("people.data", JsonObject)]
    [InlineData("people.data", JsonLines)]
    [InlineData("people.2026", "\n" + Csv)]
    public void Format_is_detected_by_extension_or_content(string name, string text) =>
        Assert.Equal("a", _folder.Rows(name, text)[0].AssertValid().Prompt);

    [Theory]
    [InlineData(RequestFileFormat.Csv, Csv)]
    [InlineData(RequestFileFormat.Json, Json)]
    [InlineData(RequestFileFormat.JsonLines, JsonLines)]
    public void Format_given_overrides_extension(RequestFileFormat format, string text)
    {
        foreach (string name in new[] { "people.csv", "people.json", "people.jsonl" })
            Assert.Equal("a", _folder.Rows(name, text, format: format)[0].AssertValid().Prompt);
    }

    [Fact]
    public void Reader_can_be_created_by_type_name()
    {
        Type? type = typeof(RequestFileReader).Assembly.GetType("FaceGen.Batches.Requests.RequestFileReader");

        Assert.IsAssignableFrom<IRequestFileReader>(Activator.CreateInstance(type!));
    }

    [Theory]
    [InlineData("people.csv", Csv)]
    [InlineData("people.json", Json)]
    [InlineData("people.jsonl", JsonLines)]
    public void UTF_16_without_byte_order_mark_is_an_error(string name, string text)
    {
        foreach (bool isBigEndian in new[] { false, true })
        {
            string path = _folder.Write(name, text, new System.Text.UnicodeEncoding(isBigEndian, byteOrderMark: false));

            AssertWhole(path, $"The request file '{path}' is UTF-16 without a byte order mark. No row was read or sent. Save it as UTF-8, or give -Encoding unicode.");
        }
    }

    [Fact]
    public void Missing_file_or_folder_is_an_error()
    {
        foreach (string path in new[] { _folder.PathOf("none.csv"), _folder.PathOf("none/people.csv") })
            AssertWhole(path, $"The request file '{path}' does not exist. No row was read or sent. Check the path.");
    }

    [Fact]
    public void Folder_is_an_error()
    {
        string path = Directory.CreateDirectory(_folder.PathOf("people.csv")).FullName;

        AssertWhole(path, $"The request file '{path}' is a folder. No row was read or sent. Name a file.");
    }

    [Theory]
    [InlineData("people.csv", "")]
    [InlineData("people.json", " \r\n\t")]
    [InlineData("people.jsonl", "\n\n")]
    [InlineData("people", "\uFEFF")]
    public void Empty_file_is_an_error(string name, string text)
    {
        string path = _folder.Write(name, text);

        AssertWhole(path, $"The request file '{path}' is empty. No row was read or sent. Name a file with a row.");
    }

    [Fact]
    public void File_locked_by_another_program_is_an_error()
    {
        string path = _folder.Write("people.csv", Csv);
        using FileStream locked = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        (_, FaceGenException? fault) = RequestFolder.TryReadAll(path);

        Assert.Equal(ErrorCode.RequestFileInvalid, fault?.Code);
        Assert.StartsWith($"The request file '{path}' cannot be read: ", fault!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_is_closed_when_reading_stops_early()
    {
        string path = _folder.Write("people.csv", Csv + "b,face.png\n");

        Assert.Equal("a", RequestFolder.Open(path).First().AssertValid().Prompt);

        using FileStream alone = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(alone.CanWrite);
    }

    [Fact]
    public void Rows_are_read_lazily()
    {
        string path = _folder.Write("people.csv", Csv + "\"b");

        using IEnumerator<RequestRow> rows = RequestFolder.Open(path).GetEnumerator();

        Assert.True(rows.MoveNext());
        Assert.Equal("a", rows.Current.AssertValid().Prompt);
        Assert.Throws<FaceGenException>(() => rows.MoveNext());
    }

    private static void AssertWhole(string path, string message)
    {
        (_, FaceGenException? fault) = RequestFolder.TryReadAll(path);

        Assert.Equal((ErrorCode.RequestFileInvalid, message), (fault!.Code, fault.Message));
    }
}
