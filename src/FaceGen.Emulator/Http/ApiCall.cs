using System.Text.Json;
using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Generating;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>A call of the API whose body is a JSON object with a good key.</summary>
internal sealed class ApiCall(EmulatedService service, ServiceState state, HttpContext http, JsonElement body, EmulatedAccount account)
{
    private readonly List<string> _warnings = [];

    internal EmulatedService Service => service;

    /// <summary>The state that the whole call works on, even if a reset comes between.</summary>
    internal ServiceState State => state;

    internal JsonElement Body => body;

    internal EmulatedAccount Account => account;

    internal string Path => http.Request.Path;

    /// <summary>The moment that the call is judged by, on the emulator's clock.</summary>
    internal DateTimeOffset Now { get; } = service.Clock.GetUtcNow();

    /// <summary>The generation that the call turns out to be about, for the journal.</summary>
    internal EmulatedGeneration? Generation { get; set; }

    internal IReadOnlyList<string> Warnings => _warnings;

    internal string RouteValue(string name) => (string?)http.Request.RouteValues[name] ?? "";

    internal void AddWarning(string warning)
    {
        _warnings.Add(warning);
        service.ReportWarning(warning);
    }
}
