using FaceGen.Contract;

namespace FaceGen.Core.Tests.Contract;

public sealed class RequestDraftTests
{
    private static readonly RequestSource Source = new("/data/people.csv", 7, 3);
    private readonly RequestDraft _draft = new(text => FaceImage.FromText(text, path => path));

    [Fact]
    public void A_row_becomes_a_request_with_its_source()
    {
        Set("prompt", "a pilot");
        Set("face_image", "https://example.org/f.png");
        Set("width", "300");
        Set("seed", "");

        Request? request = _draft.Finish(Source, []).Request;

        Assert.NotNull(request);
        Assert.Equal(("a pilot", 300, (long?)null, Source), (request.Prompt, request.Width, request.Seed, request.Source));
        Assert.Equal("a pilot (people.csv:7)", request.ToString());
    }

    [Fact]
    public void One_error_tells_all_faults_of_a_row()
    {
        Set("prompt", " ");
        Set("face_image", "/nowhere/face.png");
        Set("width", "900");
        Set("style", "manga");

        RequestRow row = _draft.Finish(Source, ["shoe_size"]);

        Assert.Null(row.Request);
        Assert.Equal(
            "people.csv:7: Prompt is required: it must be a text that is not empty. The face image '/nowhere/face.png' does not exist. "
            + "Width must be 1 to 512, not '900'. Style must be realistic, comic, chibi, 3d or anime, not 'manga'.", row.Error?.Message);
        Assert.Equal(ErrorCode.RequestInvalid, row.Error?.Code);
        Assert.Equal(["shoe_size"], row.Unknown);
    }

    [Fact]
    public void The_next_row_starts_clean()
    {
        Set("prompt", "a");
        Set("width", "900");
        _draft.Refuse("The row has too many cells.");
        Assert.NotNull(_draft.Finish(Source, []).Error);

        Set("prompt", "b");
        Set("face_image", "https://example.org/f.png");

        Request? next = _draft.Finish(Source, []).Request;
        Assert.NotNull(next);
        Assert.Null(next.Width);
    }

    [Fact]
    public void A_row_that_is_refused_as_a_whole_gives_that_reason()
    {
        Set("prompt", "a");
        _draft.Refuse("The row has too many cells.");

        FaceGenException? error = _draft.Finish(Source, []).Error;

        Assert.StartsWith("people.csv:7: The row has too many cells.", error?.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.RequestInvalid, error?.Code);
    }

    [Fact]
    public void The_last_value_of_a_field_wins()
    {
        Set("prompt", "a");
        Set("prompt", "b");
        Set("face_image", "https://example.org/f.png");

        Assert.Equal("b", _draft.Finish(Source, []).Request?.Prompt);
    }

    private void Set(string name, string value) => _draft.Set(RequestField.Find(name)!, value);
}
