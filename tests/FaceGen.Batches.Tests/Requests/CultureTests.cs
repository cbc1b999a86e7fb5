using System.Globalization;

namespace FaceGen.Batches.Tests.Requests;

public sealed class CultureTests : IDisposable
{
    private readonly RequestFolder _folder = new();
    private readonly CultureInfo _culture = CultureInfo.CurrentCulture;

    public void Dispose()
    {
        CultureInfo.CurrentCulture = _culture;
        _folder.Dispose();
    }

    [Theory]
    [InlineData("en-US")]
    [InlineData("de-DE")]
    [InlineData("tr-TR")]
    [InlineData("fa-IR")]
    public void Files_are_read_equally_in_any_culture(string culture)
    {
        CultureInfo.CurrentCulture = new CultureInfo(culture);

        Request[] requests =
        [
            _folder.ReadRequest("a.csv", """
                PROMPT;FACE_IMAGE;GUIDANCE_SCALE;S_SCALE;WIDTH;SEED
                a;face.png;7,5;0.25;300;-1
                """),
            _folder.ReadRequest("b.CSV", """
                prompt,face_image,guidance_scale,s_scale,width,seed
                a,face.png,7.5,"0,25",300,-1
                """),
            _folder.ReadRequest("c.json", """
                {"PROMPT":"a","FaceImage":"face.png","GUIDANCE_SCALE":7.5,"SScale":2.5e-1,"WIDTH":300,"SEED":-1}
                """),
            _folder.ReadRequest("d.JSONL", """
                {"Prompt":"a","FACE_IMAGE":"face.png","GuidanceScale":"7,5","s_scale":0.25,"width":"300","seed":-1}
                """),
        ];

        Assert.All(requests, request => Assert.Equal(
            (7.5, 0.25, 300, -1L), (request.GuidanceScale, request.SScale, request.Width, request.Seed)));
    }

    [Fact]
    public void Errors_are_equal_in_any_culture()
    {
        CultureInfo.CurrentCulture = new CultureInfo("de-DE");

        Assert.Equal("people.csv:2: GuidanceScale must be 1 to 20, not '20,5'. The row was not sent.",
            _folder.ReadError("people.csv", "prompt;face_image;guidance_scale\na;face.png;20,5\n").Message);
    }
}
