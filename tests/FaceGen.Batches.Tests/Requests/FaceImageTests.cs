using FaceGen.Contract;

namespace FaceGen.Batches.Tests.Requests;

public sealed class FaceImageTests : IDisposable
{
    private readonly RequestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("face.png")]
    [InlineData(" ./face.png ")]
    [InlineData("faces/../face.png")]
    public void Relative_path_is_resolved_from_file_folder(string path)
    {
        Request fromCsv = _folder.ReadRequest("people.csv", $"prompt,face_image\na,{path}\n");
        Request fromJson = _folder.ReadRequest("people.json", $$"""{"prompt":"a","face_image":"{{path}}"}""");

        Assert.Equal(_folder.PathOf("face.png"), fromCsv.FaceImage.FilePath);
        Assert.Equal(_folder.PathOf("face.png"), fromJson.FaceImage.FilePath);
    }

    [Fact]
    public void Link_and_absolute_path_are_unchanged()
    {
        string absolute = _folder.WriteBytes("faces/other.png", RequestFolder.FaceBytes);

        IReadOnlyList<RequestRow> rows = _folder.Rows(
            "people.csv", $"prompt,face_image\na,https://example.org/f.png\nb,{absolute}\n");

        Assert.Equal(new Uri("https://example.org/f.png"), rows[0].AssertValid().FaceImage.Link);
        Assert.Equal(absolute, rows[1].AssertValid().FaceImage.FilePath);
    }

    [Fact]
    public void Invalid_image_error_names_line()
    {
        _folder.Write("text.jpg", "no image");
        _folder.Write("empty.png", "");

        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv",
            "prompt,face_image,width\na,none.png,\nb,text.jpg,\nc,empty.png,\nd,,\n"
            + "e,face.png,\nf,no\0path,\ng,none.png,900\n");

        Assert.StartsWith($"people.csv:2: The face image '{_folder.PathOf("none.png")}' does not exist.", rows[0].AssertInvalid().Message, StringComparison.Ordinal);
        Assert.Contains("is not a PNG, JPEG or WebP image.", rows[1].AssertInvalid().Message, StringComparison.Ordinal);
        Assert.Contains("is empty.", rows[2].AssertInvalid().Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.RequestInvalid, rows[3].AssertInvalid().Code);
        Assert.Equal("e", rows[4].AssertValid().Prompt);
        Assert.EndsWith("not a text with the character NUL (save the file as UTF-8). The row was not sent.", rows[5].AssertInvalid().Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.RequestInvalid, rows[5].AssertInvalid().Code);
        Assert.Contains("Correct the path, or use a link. Width must be", rows[6].AssertInvalid().Message, StringComparison.Ordinal);
        Assert.All(
            [rows[0], rows[1], rows[2], rows[6]],
            row => Assert.Equal(ErrorCode.FaceImageInvalid, row.AssertInvalid().Code));
    }

    [Fact]
    public void Image_of_many_rows_is_checked_once()
    {
        IReadOnlyList<RequestRow> rows = _folder.Rows("people.csv", "prompt,face_image\na,face.png\nb,face.png\n");

        Assert.Same(rows[0].AssertValid().FaceImage, rows[1].AssertValid().FaceImage);
    }

    [Fact]
    public void Image_created_during_read_is_found()
    {
        string path = _folder.Write("people.csv", "prompt,face_image\na,late.png\nb,late.png\n");
        using IEnumerator<RequestRow> rows = RequestFolder.Open(path).GetEnumerator();

        Assert.True(rows.MoveNext());
        rows.Current.AssertInvalid();
        _folder.WriteBytes("late.png", RequestFolder.FaceBytes);

        Assert.True(rows.MoveNext());
        Assert.Equal(_folder.PathOf("late.png"), rows.Current.AssertValid().FaceImage.FilePath);
    }

    [Fact]
    public void More_images_than_cache_capacity_are_read()
    {
        string[] links = [.. Enumerable.Range(0, 3000).Select(i => $"https://example.org/{i % 1500}.png")];

        IReadOnlyList<RequestRow> rows = _folder.Rows(
            "people.csv", "prompt,face_image\n" + string.Concat(links.Select(link => $"a,{link}\n")));

        Assert.Equal(links, rows.Select(row => row.AssertValid().FaceImage.Link!.AbsoluteUri));
    }
}
