using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Reads <c>///</c> in a path as <c>/</c>, as object stores behind a content network do.</summary>
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
