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
    public void Extension_or_content_tells_the_format(string name, string text) =>
        Assert.Equal("a", _folder.Rows(name, text)[0].AssertValid().Prompt);

    [Theory]
    [InlineData(RequestFileFormat.Csv, Csv)]
    [InlineData(RequestFileFormat.Json, Json)]
    [InlineData(RequestFileFormat.JsonLines, JsonLines)]
    public void A_given_format_goes_before_the_extension(RequestFileFormat format, string text)
    {
        foreach (string name in new[] { "people.csv", "people.json", "people.jsonl" })
            Assert.Equal("a", _folder.Rows(name, text, format: format)[0].AssertValid().Prompt);
    }

    [Fact]
    public void It_can_be_made_by_name_through_a_public_constructor()
    {
        Type? type = typeof(RequestFileReader).Assembly.GetType("FaceGen.Batches.Requests.RequestFileReader");

        Assert.IsAssignableFrom<IRequestFileReader>(Activator.CreateInstance(type!));
    }

    [Theory]
    [InlineData("people.csv", Csv)]
    [InlineData("people.json", Json)]
    [InlineData("people.jsonl", JsonLines)]
    public void UTF_16_without_its_mark_says_so(string name, string text)
    {
        foreach (bool isBigEndian in new[] { false, true })
        {
            string path = _folder.Write(name, text, new System.Text.UnicodeEncoding(isBigEndian, byteOrderMark: false));

            AssertWhole(path, $"The request file '{path}' is UTF-16 without a byte order mark: save it as UTF-8, or with the mark.");
        }
    }

    [Fact]
    public void A_missing_file_or_folder_says_so()
    {
        foreach (string path in new[] { _folder.PathOf("none.csv"), _folder.PathOf("none/people.csv") })
            AssertWhole(path, $"The request file '{path}' does not exist.");
    }

    [Fact]
    public void A_folder_says_so()
    {
        string path = Directory.CreateDirectory(_folder.PathOf("people.csv")).FullName;

        AssertWhole(path, $"The request file '{path}' is a folder.");
    }

    [Theory]
    [InlineData("people.csv", "")]
    [InlineData("people.json", " \r\n\t")]
    [InlineData("people.jsonl", "\n\n")]
    [InlineData("people", "\uFEFF")]
    public void An_empty_file_says_so(string name, string text)
    {
        string path = _folder.Write(name, text);

        AssertWhole(path, $"The request file '{path}' is empty.");
    }

    [Fact]
    public void A_file_that_another_program_keeps_for_itself_says_so()
    {
        string path = _folder.Write("people.csv", Csv);
        using FileStream locked = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        (_, FaceGenException? fault) = RequestFolder.TryReadAll(path);

        Assert.Equal(ErrorCode.RequestFileInvalid, fault?.Code);
        Assert.StartsWith($"The request file '{path}' cannot be read: ", fault!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_is_closed_when_reading_stops_early()
    {
        string path = _folder.Write("people.csv", Csv + "b,face.png\n");

        Assert.Equal("a", RequestFolder.Open(path).First().AssertValid().Prompt);

        using FileStream alone = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(alone.CanWrite);
    }

    [Fact]
    public void Rows_are_read_as_they_are_asked_for()
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
