using FaceGen.Contract;

namespace FaceGen.Core.Tests.Contract;

public sealed class RequestBuilderTests
{
    private static readonly RequestSource Source = new("/data/people.csv", 7, 3);
    private readonly RequestBuilder _builder = new(text => FaceImage.Parse(text, path => path));

    [Fact]
    public void Build_valid_row_returns_request_with_source()
    {
        Set("prompt", "a pilot");
        Set("face_image", "https://example.org/f.png");
        Set("width", "300");
        Set("seed", "");

        Request? request = _builder.Build(Source, []).Request;

        Assert.NotNull(request);
        Assert.Equal(("a pilot", 300, (long?)null, Source), (request.Prompt, request.Width, request.Seed, request.Source));
        Assert.Equal("a pilot (people.csv:7)", request.ToString());
    }

    [Fact]
    public void Build_several_faults_returns_one_error()
    {
        Set("prompt", " ");
        Set("face_image", "/nowhere/face.png");
        Set("width", "900");
        Set("style", "manga");

        RequestRow row = _builder.Build(Source, ["shoe_size"]);

        Assert.Null(row.Request);
        Assert.Equal(
            "people.csv:7: Prompt is required: it must be a text that is not empty. The face image '/nowhere/face.png' does not exist. Nothing was sent. Correct the path, or use a link. "
            + "Width must be 1 to 512, not '900'. Style must be realistic, comic, chibi, 3d or anime, not 'manga'. The row was not sent.", row.Error?.Message);
        Assert.Equal(ErrorCode.RequestInvalid, row.Error?.Code);
        Assert.Equal(["shoe_size"], row.NewColumns);
    }

    [Fact]
    public void Build_next_row_has_no_earlier_values()
    {
        Set("prompt", "a");
        Set("width", "900");
        _builder.AddError("The row has too many cells.");
        Assert.NotNull(_builder.Build(Source, []).Error);

        Set("prompt", "b");
        Set("face_image", "https://example.org/f.png");

        Request? next = _builder.Build(Source, []).Request;
        Assert.NotNull(next);
        Assert.Null(next.Width);
    }

    [Fact]
    public void Build_rejected_row_returns_reason()
    {
        Set("prompt", "a");
        _builder.AddError("The row has too many cells.");

        FaceGenException? error = _builder.Build(Source, []).Error;

        Assert.StartsWith("people.csv:7: The row has too many cells.", error?.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.RequestInvalid, error?.Code);
    }

    [Fact]
    public void Set_same_field_twice_keeps_last_value()
    {
        Set("prompt", "a");
        Set("prompt", "b");
        Set("face_image", "https://example.org/f.png");

        Assert.Equal("b", _builder.Build(Source, []).Request?.Prompt);
    }

    private void Set(string name, string value) => _builder.Set(FieldNames.Find(name)!, value);
}
