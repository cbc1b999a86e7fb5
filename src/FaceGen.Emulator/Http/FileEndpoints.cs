using System.Globalization;
using FaceGen.Emulator.Faults;
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
        Generation? generation = Find(http, state);
        FaultInjection? fault = generation is null
            ? null
            : service.Faults.OnCall(CallFacts.OfDownload(generation, Number(http, "index")));
        var context = new FaultContext(service, CallKind.Download) { Downloaded = generation };
        (IReply, Fault?) outcome = fault?.Run(context, Handle) ?? (Handle(), null);
        return SendAsync(http, state, outcome, generation);

        IReply Handle() => Picture(http, generation);
    }

    /// <summary>The same picture at the address that redirects lead to.</summary>
    internal Task MovedPictureAsync(HttpContext http)
    {
        ServiceState state = service.State;
        Generation? generation = Find(http, state);
        return SendAsync(http, state, (Picture(http, generation), null), generation);
    }

    internal Task UploadAsync(HttpContext http)
    {
        ServiceState state = service.State;
        FaceImage? image = state.Uploads.Find((string)http.Request.RouteValues["sha256"]!);
        IReply reply = image is not null && image.Extension == Extension(http)
            ? PartialContent.Answer(http.Request, image.Bytes, image.MediaType)
            : NotFound;
        return SendAsync(http, state, (reply, null), generation: null);
    }

    private static Generation? Find(HttpContext http, ServiceState state) =>
        state.FindGeneration(Number(http, Routes.Id));

    private IReply Picture(HttpContext http, Generation? generation)
    {
        long index = Number(http, "index");
        PictureForm form = generation is { Parameters.Base64: true } ? PictureForm.Base64 : PictureForm.Png;
        bool found = generation is not null
            && generation.HasImages(service.Clock.GetUtcNow())
            && index < generation.Parameters.Samples
            && (Extension(http) is not { } extension || extension == (form == PictureForm.Png ? "png" : "base64"));
        return found
            ? new PictureReply(http.Request, service.Pictures.Get(generation!, (int)index), form)
            : NotFound;
    }

    private static long Number(HttpContext http, string name) =>
        long.Parse((string)http.Request.RouteValues[name]!, CultureInfo.InvariantCulture);

    private static string? Extension(HttpContext http) => (string?)http.Request.RouteValues["extension"];

    private Task SendAsync(
        HttpContext http, ServiceState state, (IReply Reply, Fault? Fault) outcome, Generation? generation)
    {
        state.Journal.Add(new JournalEntry
        {
            Time = service.Clock.GetUtcNow(),
            Method = http.Request.Method,
            Path = http.Request.Path,
            Status = outcome.Reply.StatusCode,
            GenerationId = generation?.Id,
            Fault = outcome.Fault?.Id,
        });
        return outcome.Reply.ExecuteAsync(http);
    }
}
