using System.Text.Json.Nodes;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Faults;

/// <summary>A call that a fault has hit, and what there was to see.</summary>
internal sealed record FaultResult(FaultFixture Fixture, CallKind Kind, RawHttpResponse Response)
{
    public JsonObject Json => Response.Json;

    public string Status => Json["status"]!.GetValue<string>();

    public string Message => Json["message"]!.GetValue<string>();

    /// <summary>The link that a good answer would hold.</summary>
    public string ExpectedLink => Fixture.GetLink(Fixture.LastEntry.GenerationId!.Value);

    public JsonNode? Output => Json["output"];

    /// <summary>The only link in a field that holds an array.</summary>
    public string Link(string field) => Assert.Single(Json[field]!.AsArray())!.GetValue<string>();
}
