using System.Net;
using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Tests.Support;

/// <summary>What the emulator answered.</summary>
internal sealed record ServiceResponse(HttpStatusCode HttpStatus, JsonObject Body)
{
    public string Status => Body["status"]!.GetValue<string>();

    public long Id => Body["id"]!.GetValue<long>();

    public string Message => Body["message"]!.GetValue<string>();

    public IReadOnlyList<string> Output => Links("output");

    public JsonObject Meta => Body["meta"]!.AsObject();

    public IReadOnlyList<string> Links(string field) =>
        [.. Body[field]!.AsArray().Select(static link => link!.GetValue<string>())];

    /// <summary>The first thing said about a field of the request.</summary>
    public string FieldError(string field) => Body["message"]![field]![0]!.GetValue<string>();
}
