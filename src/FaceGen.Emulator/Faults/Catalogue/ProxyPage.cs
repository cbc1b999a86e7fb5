using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.WebUtilities;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>The HTML page that a proxy or a content network shows when what lies behind it fails.</summary>
internal static class ProxyPage
{
    /// <summary>A content network's own status: what lies behind it took too long.</summary>
    internal const int TimeoutOccurred = 524;

    internal static RawResponse Create(int statusCode)
    {
        string reason = statusCode == TimeoutOccurred
            ? "A timeout occurred"
            : ReasonPhrases.GetReasonPhrase(statusCode);
        return RawResponse.Text(statusCode, "text/html; charset=utf-8", $"""
            <!DOCTYPE html>
            <html><head><title>{statusCode} {reason}</title></head>
            <body><center><h1>{statusCode} {reason}</h1></center><hr><center>nginx</center></body></html>

            """);
    }
}
