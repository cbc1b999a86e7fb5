using System.Globalization;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Looks at a generation by its id: generates nothing and costs nothing.</summary>
internal static class FetchEndpoint
{
    internal static ApiResponse Fetch(ApiCall call)
    {
        string text = call.RouteValue(Routes.Id);
        EmulatedGeneration? generation = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id)
            ? call.Account.Find(id)
            : null;
        call.Generation = generation;

        return generation switch
        {
            null => ApiResponse.Error(StatusCodes.Status200OK, $"No request with the id {text} belongs to this key."),
            _ when generation.IsFinished(call.Now) => ApiResponse.Success(new JsonObject
            {
                ["id"] = generation.Id,
                ["output"] = new GenerationLinks(call.Service.Links, generation).OutputLinks(),
            }),
            _ => ApiResponse.Processing(new JsonObject
            {
                ["message"] = "The request is still in the queue.",
                ["output"] = "",
                ["tip"] = "Fetch again in a few seconds.",
            }),
        };
    }
}
