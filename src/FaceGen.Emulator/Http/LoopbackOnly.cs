using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Http;

/// <summary>
/// Rejects requests that a page of another site makes a browser send: through a host name that resolves to this machine
/// (DNS rebinding), visible in <c>Host</c>, or directly to the emulator's address, visible in <c>Origin</c>.
/// </summary>
internal static class LoopbackOnly
{
    internal static Task CheckAsync(HttpContext http, RequestDelegate next)
    {
        if (!IsLoopback(http.Request.Host.Host))
            return RejectAsync(http, "accepts only requests to a loopback name, such as 127.0.0.1 or localhost");

        return IsSameOrigin(http.Request.Headers.Origin, http.Request)
            ? next(http)
            : RejectAsync(http, "rejects requests that a page of another origin sends");
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>True if the request names no origin, as programs and the address bar do, or only its own address.</summary>
    private static bool IsSameOrigin(StringValues origins, HttpRequest request) =>
        origins.All(origin => string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase));

    private static Task RejectAsync(HttpContext http, string rule)
    {
        // Close the connection, so that the unread body is not taken for the next request.
        http.Response.Headers[HeaderNames.Connection] = "close";
        return ApiResponse.Error(StatusCodes.Status403Forbidden, $"The emulator {rule}. Nothing was changed.")
            .ExecuteAsync(http);
    }
}
