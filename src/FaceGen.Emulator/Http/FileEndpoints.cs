using System.Globalization;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;
using FaceGen.Emulator.Journaling;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Serves the files behind links: pictures, base64 texts and uploads.</summary>
internal sealed class FileEndpoints(EmulatedService service)
{
    private static readonly IResponse NotFound = RawResponse.Empty(StatusCodes.Status404NotFound);

    internal Task GetPictureAsync(HttpContext http)
    {
        ServiceState state = service.State;
        EmulatedGeneration? generation = FindGeneration(http, state);
        FaultInjection? fault = generation is null
            ? null
            : service.Faults.ChooseAfterBody(CallInfo.ForDownload(generation, GetNumber(http, "index")));
        var context = new FaultContext(service, CallKind.Download) { DownloadedGeneration = generation };
        (IResponse, Fault?) outcome = fault?.Run(context, Handle) ?? (Handle(), null);
        return SendAsync(http, state, outcome, generation);

        IResponse Handle() => CreatePictureResponse(http, generation);
    }

    /// <summary>Serves the same picture at the target of redirects.</summary>
    internal Task GetMovedPictureAsync(HttpContext http)
    {
        ServiceState state = service.State;
        EmulatedGeneration? generation = FindGeneration(http, state);
        return SendAsync(http, state, (CreatePictureResponse(http, generation), null), generation);
    }

    internal Task GetUploadAsync(HttpContext http)
    {
        ServiceState state = service.State;
        ReceivedImage? image = state.Uploads.Find((string)http.Request.RouteValues["sha256"]!);
        IResponse response = image is not null && image.Extension == GetExtension(http)
            ? PartialContent.Create(http.Request, image.Bytes, image.MediaType)
            : NotFound;
        return SendAsync(http, state, (response, null), generation: null);
    }

    private static EmulatedGeneration? FindGeneration(HttpContext http, ServiceState state) =>
        state.FindGeneration(GetNumber(http, Routes.Id));

    private IResponse CreatePictureResponse(HttpContext http, EmulatedGeneration? generation)
    {
        long index = GetNumber(http, "index");
        PictureEncoding form = generation is { Parameters.Base64: true } ? PictureEncoding.Base64 : PictureEncoding.Png;
        bool found = generation is not null
            && generation.HasImages(service.Clock.GetUtcNow())
            && index < generation.Parameters.Samples
            && (GetExtension(http) is not { } extension || extension == (form == PictureEncoding.Png ? "png" : "base64"));
        return found
            ? new PictureResponse(http.Request, service.Pictures.Get(generation!, (int)index), form)
            : NotFound;
    }

    private static long GetNumber(HttpContext http, string name) =>
        long.Parse((string)http.Request.RouteValues[name]!, CultureInfo.InvariantCulture);

    private static string? GetExtension(HttpContext http) => (string?)http.Request.RouteValues["extension"];

    private Task SendAsync(
        HttpContext http, ServiceState state, (IResponse Response, Fault? Fault) outcome, EmulatedGeneration? generation)
    {
        state.Journal.Add(new JournalEntry
        {
            Time = service.Clock.GetUtcNow(),
            Method = http.Request.Method,
            Path = http.Request.Path,
            Status = outcome.Response.StatusCode,
            GenerationId = generation?.Id,
            Fault = outcome.Fault?.Id,
        });
        return outcome.Response.ExecuteAsync(http);
    }
}
