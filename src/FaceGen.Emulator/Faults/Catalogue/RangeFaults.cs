using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Wrong answers to a request for the rest of a picture; a request for all of it cannot show them.</summary>
internal static class RangeFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("Q32-range-ignored", "HTTP 200 with the whole picture to a request for a part.",
            static picture => picture.WithoutRange()),
        Create("Q32-wrong-range", "HTTP 206 with another part than the one asked for.", WrongRange),
        Create("Q32-416", "HTTP 416 to a request for a part that is there.", static picture =>
            RawResponse.Empty(StatusCodes.Status416RangeNotSatisfiable)
                .WithHeader(HeaderNames.ContentRange, new ContentRangeHeaderValue(picture.Body.Length).ToString())),
    ];

    private static Fault Create(string id, string description, Func<PictureResponse, IResponse> reply) =>
        EditDownload.Alter(id, description, (_, picture) =>
            picture.StatusCode == StatusCodes.Status206PartialContent ? reply(picture) : null);

    /// <summary>The part begins in the middle of what was asked for and says so.</summary>
    private static RawResponse WrongRange(PictureResponse picture)
    {
        byte[] body = picture.Body;
        int asked = (int)(PartialContent.GetRangeStart(picture.Request) ?? 0);
        int from = asked > 0 ? asked / 2 : body.Length / 2;
        return new RawResponse(StatusCodes.Status206PartialContent, picture.MediaType, body.AsMemory(from))
            .WithHeader(HeaderNames.ContentRange, new ContentRangeHeaderValue(from, body.Length - 1, body.Length).ToString());
    }
}
