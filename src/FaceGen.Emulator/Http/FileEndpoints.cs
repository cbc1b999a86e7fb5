using System.Globalization;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http.Replies;
using FaceGen.Emulator.Images;
using FaceGen.Emulator.Journaling;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Hands out what the links of answers point at: pictures, pictures as base64 text, and uploads.</summary>
internal sealed class FileEndpoints(Service service)
{
    private static readonly IReply NotFound = RawReply.Empty(StatusCodes.Status404NotFound);

    internal Task PictureAsync(HttpContext http)
    {
        ServiceState state = service.State;
        Generation? generation = state.FindGeneration(Number(http, Routes.Id));
        return SendAsync(http, state, FindPicture(http, generation), generation);
    }

    internal Task UploadAsync(HttpContext http)
    {
        ServiceState state = service.State;
        FaceImage? image = state.Uploads.Find((string)http.Request.RouteValues["sha256"]!);
        IReply reply = image is not null && image.Extension == Extension(http)
            ? PartialContent.Answer(http.Request, image.Bytes, image.MediaType)
            : NotFound;
        return SendAsync(http, state, reply, generation: null);
    }

    private IReply FindPicture(HttpContext http, Generation? generation)
    {
        long index = Number(http, "index");
        PictureForm form = generation is { Parameters.Base64: true } ? PictureForm.Base64 : PictureForm.Png;
        bool found = generation is not null
            && generation.HasImages(service.Clock.GetUtcNow())
            && index < generation.Parameters.Samples
            && Extension(http) == (form == PictureForm.Png ? "png" : "base64");
        return found
            ? new PictureReply(http.Request, service.Pictures.Get(generation!, (int)index), form)
            : NotFound;
    }

    private static long Number(HttpContext http, string name) =>
        long.Parse((string)http.Request.RouteValues[name]!, CultureInfo.InvariantCulture);

    private static string? Extension(HttpContext http) => (string?)http.Request.RouteValues["extension"];

    private Task SendAsync(HttpContext http, ServiceState state, IReply reply, Generation? generation)
    {
        state.Journal.Add(new JournalEntry
        {
            Time = service.Clock.GetUtcNow(),
            Method = http.Request.Method,
            Path = http.Request.Path,
            Status = reply.StatusCode,
            GenerationId = generation?.Id,
        });
        return reply.ExecuteAsync(http);
    }
}
