using System.Globalization;
using System.Text;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;
using FaceGen.Emulator.Journaling;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Hands out what the links of answers point at: pictures, pictures as base64 text, and uploads.</summary>
internal sealed class FileEndpoints(Service service)
{
    internal IResult Picture(HttpContext http)
    {
        ServiceState state = service.State;
        long id = Number(http, Routes.Id);
        Generation? generation = state.FindGeneration(id);
        bool found = generation is not null
            && generation.HasImages(service.Clock.GetUtcNow())
            && Number(http, "index") < generation.Parameters.Samples
            && Extension(http) == (generation.Parameters.Base64 ? "base64" : "png");
        Record(http, state, found, generation?.Id);
        if (!found)
            return Results.NotFound();

        byte[] png = service.Pictures.Get(generation!, (int)Number(http, "index"));
        return generation!.Parameters.Base64
            ? Results.Text(Convert.ToBase64String(png), "text/plain", Encoding.ASCII)
            : Results.Bytes(png, "image/png", enableRangeProcessing: true);
    }

    internal IResult Upload(HttpContext http)
    {
        ServiceState state = service.State;
        FaceImage? image = state.Uploads.Find((string)http.Request.RouteValues["sha256"]!);
        bool found = image is not null && image.Extension == Extension(http);
        Record(http, state, found, generationId: null);
        return found ? Results.Bytes(image!.Bytes, image.MediaType, enableRangeProcessing: true) : Results.NotFound();
    }

    private static long Number(HttpContext http, string name) =>
        long.Parse((string)http.Request.RouteValues[name]!, CultureInfo.InvariantCulture);

    private static string? Extension(HttpContext http) => (string?)http.Request.RouteValues["extension"];

    private void Record(HttpContext http, ServiceState state, bool found, long? generationId) =>
        state.Journal.Add(new JournalEntry
        {
            Time = service.Clock.GetUtcNow(),
            Method = http.Request.Method,
            Path = http.Request.Path,
            Status = found ? StatusCodes.Status200OK : StatusCodes.Status404NotFound,
            GenerationId = generationId,
        });
}
