using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Http;

/// <summary>
/// Refuses requests that another site's page has a browser send: by a host name that was made to resolve to this machine
/// (DNS rebinding), which shows in <c>Host</c>, or straight to the emulator's address, which shows in <c>Origin</c>.
/// </summary>
internal static class LoopbackOnly
{
    internal static Task CheckAsync(HttpContext http, RequestDelegate next)
    {
        if (!IsLoopback(http.Request.Host.Host))
            return RefuseAsync(http, "addressed to this machine by a loopback name, such as 127.0.0.1 or localhost");

        return IsSameOrigin(http.Request.Headers.Origin, http.Request)
            ? next(http)
            : RefuseAsync(http, "that no page of another origin sends");
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>Whether no origin is named, as by programs and the address bar, or only that of the request's own address.</summary>
    private static bool IsSameOrigin(StringValues origins, HttpRequest request) =>
        origins.All(origin => string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase));

    private static Task RefuseAsync(HttpContext http, string accepted)
    {
        // What is not read must not be taken for the next request.
        http.Response.Headers[HeaderNames.Connection] = "close";
        return ApiResponse.Error(StatusCodes.Status403Forbidden, $"The emulator answers only requests {accepted}. Nothing was done.")
            .ExecuteAsync(http);
    }
}
