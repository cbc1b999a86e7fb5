using System.Text.RegularExpressions;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaceGen.Emulator.Http;

/// <summary>The routes of the emulator.</summary>
internal static class Routes
{
    /// <summary>The route value with a generation's id.</summary>
    internal const string Id = "id";

    /// <summary>The path prefix of redirect targets, which have no faults.</summary>
    internal const string Moved = "/moved";

    internal const string RequestCount = "/api/v6/processing/request_count";

    /// <summary>For each path that accepts submissions, the path that fetches their results.</summary>
    private static readonly Dictionary<string, string> FetchBySubmit = new Dictionary<string, string>
    {
        ["/api/v6/image_editing/face_gen"] = "/api/v6/image_editing/fetch/",
        ["/api/v1/enterprise/image_editing/face_gen"] = "/api/v1/enterprise/image_editing/fetch/",
        ["/api/v1/enterprise/face_gen/make_gen"] = "/api/v1/enterprise/face_gen/fetch/",
    };

    /// <summary>The other paths that fetch results, which only a <c>fetch_result</c> names.</summary>
    private const string OtherVersionFetch = "/api/v3/fetch/";
    private const string OtherGroupFetch = "/api/v6/images/fetch/";

    internal static string FetchPath(string submitPath, EmulatedGeneration generation) => $"{FetchBySubmit[submitPath]}{generation.ReportedId}";

    /// <summary>Returns the path that fetches a generation in another version of the API.</summary>
    internal static string OtherVersionPath(EmulatedGeneration generation) => $"{OtherVersionFetch}{generation.ReportedId}";

    /// <summary>Returns the path that fetches a generation in another group of operations.</summary>
    internal static string OtherGroupPath(EmulatedGeneration generation) => $"{OtherGroupFetch}{generation.ReportedId}";

    internal static void Map(IEndpointRouteBuilder app, EmulatedService service)
    {
        var api = new ApiPipeline(service);
        foreach ((string submit, string fetch) in FetchBySubmit)
        {
            Post(submit, CallKind.Submit, GenerationEndpoints.Submit);
            PostFetch(fetch);
        }

        PostFetch(OtherVersionFetch);
        PostFetch(OtherGroupFetch);

        Post("/api/v6/base64_to_url", CallKind.Upload, UploadEndpoint.Base64ToUrl);
        Post("/api/v6/image_editing/base64_to_url", CallKind.Upload, UploadEndpoint.ImageEditingBase64ToUrl);
        // One page of the documentation says GET; the key is in the body then too.
        app.MapMethods(RequestCount, [HttpMethods.Post, HttpMethods.Get], http => api.RunAsync(http, CallKind.Account, AccountEndpoints.RequestCount));
        Post("/api/wallet_balance", CallKind.Account, AccountEndpoints.WalletBalance);
        Post("/api/v3/delete_image", CallKind.Account, AccountEndpoints.DeleteImage);
        Post("/api/assets_generated", CallKind.Account, AccountEndpoints.AssetsGenerated);
        Post("/api/v6/assets_generated", CallKind.Account, AccountEndpoints.AssetsGenerated);

        var files = new FileEndpoints(service);
        foreach (string picture in (string[])["/images/{id:long}-{index:int}", "/proxy/images/{id:long}-{index:int}"])
        {
            foreach (string pattern in (string[])[picture, $"{picture}.{{extension}}"])
            {
                Get(pattern, files.GetPictureAsync);
                Get($"{Moved}{pattern}", files.GetMovedPictureAsync);
            }
        }

        Get("/uploads/{sha256}.{extension}", files.GetUploadAsync);

        var admin = new AdminEndpoints(service);
        Show("/health", static _ => Results.Ok());
        Show("/admin/state", admin.GetState);
        Show("/admin/journal", admin.GetJournal);
        Show("/admin/webhooks", admin.GetWebhookDeliveries);
        Show("/admin/accepted", admin.GetAccepted);
        app.MapPost("/admin/clock", admin.AdvanceClockAsync);
        var faults = new FaultEndpoints(service);
        Show("/admin/faults", faults.GetFaults);
        app.MapPost("/admin/faults", faults.AddRuleAsync);
        app.MapDelete("/admin/faults", http => faults.ClearRules().ExecuteAsync(http));
        app.MapPost("/admin/reset", http => admin.Reset(http).ExecuteAsync(http));

        void PostFetch(string path) => Post($"{path}{{{Id}}}", CallKind.Fetch, GenerationEndpoints.Fetch);

        void Post(string pattern, CallKind kind, ApiHandler handler) =>
            app.MapPost(pattern, http => api.RunAsync(http, kind, handler));

        void Show(string pattern, Func<HttpContext, IResult> handler) =>
            Get(pattern, http => handler(http).ExecuteAsync(http));

        void Get(string pattern, RequestDelegate handler) =>
            app.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], handler);
    }
}

/// <summary>Middleware that reads <c>///</c> in a path as <c>/</c>, as object stores behind a CDN do.</summary>
internal static partial class SlashMiddleware
{
    internal static Task CollapseAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path.Value is { } path)
            http.Request.Path = MultipleSlashes().Replace(path, "/");
        return next(http);
    }

    [GeneratedRegex("/{2,}")]
    private static partial Regex MultipleSlashes();
}
