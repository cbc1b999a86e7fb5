using System.Text.Json.Nodes;
using FaceGen.Contract;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Generating;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>The account calls: queue, wallet and images.</summary>
internal static class AccountEndpoints
{
    private const int DefaultPerPage = 10;
    private const int MaxPerPage = 30;

    internal static ApiResponse RequestCount(ApiCall call)
    {
        TimeSpan wait = call.Account.AcquireRequestCountCall(call.Now);
        if (wait > TimeSpan.Zero)
        {
            return ApiResponse.RateLimited(
                $"Maximum {Limits.MaxRequestCountsPerMinute} calls per minute allowed.",
                (int)Math.Ceiling(wait.TotalSeconds));
        }

        int count = call.Account.CountQueued(call.Now);
        return ApiResponse.Success(new JsonObject
        {
            ["processing_count"] = count,
            ["message"] = $"{count} requests are in the queue.",
        });
    }

    internal static ApiResponse WalletBalance(ApiCall call) => ApiResponse.Success(new JsonObject
    {
        ["data"] = new JsonObject { ["balance"] = call.Account.Balance, ["currency"] = "USD" },
    });

    internal static ApiResponse DeleteImage(ApiCall call)
    {
        BodyReader fields = call.Fields;
        long? id = fields.RequiredId("request_id");
        fields.Choice("type", ["image"]);
        if (fields.Errors.Count > 0)
            return ApiResponse.Invalid(fields);

        call.Generation = call.Account.Find(id!.Value);
        if (call.Generation is not { } generation || !generation.HasImages(call.Now))
            return ApiResponse.Error(StatusCodes.Status200OK, $"No image of the request {id} belongs to this key.");

        generation.DeleteImages();
        // The service spells it so.
        return ApiResponse.Success(new JsonObject { ["messege"] = "image deleted" });
    }

    internal static ApiResponse AssetsGenerated(ApiCall call)
    {
        BodyReader fields = call.Fields;
        fields.RequiredChoice("type", ["image"]);
        int perPage = (int)(fields.Integer("per_page", 1, MaxPerPage) ?? DefaultPerPage);
        int page = (int)(fields.Integer("page", 1, int.MaxValue) ?? 1);
        if (fields.Errors.Count > 0)
            return ApiResponse.Invalid(fields);

        IReadOnlyList<EmulatedGeneration> all = call.Account.ListWithImages(call.Now);
        long skipped = (page - 1L) * perPage;
        EmulatedGeneration[] pageItems = skipped < all.Count ? [.. all.Skip((int)skipped).Take(perPage)] : [];
        return ApiResponse.Success(new JsonObject
        {
            ["type"] = "image",
            ["data"] = new JsonArray([.. pageItems.Select(generation => Asset(call, generation))]),
            ["pagination"] = new JsonObject
            {
                ["current_page"] = page,
                ["per_page"] = perPage,
                ["total"] = all.Count,
                ["last_page"] = Math.Max(1, (all.Count + perPage - 1) / perPage),
                ["from"] = pageItems.Length == 0 ? null : skipped + 1,
                ["to"] = pageItems.Length == 0 ? null : skipped + pageItems.Length,
            },
        });
    }

    private static JsonObject Asset(ApiCall call, EmulatedGeneration generation) => new()
    {
        ["id"] = generation.ReportedId,
        ["output"] = new GenerationLinks(call.Service.Links, generation).OutputLinks(),
    };
}
