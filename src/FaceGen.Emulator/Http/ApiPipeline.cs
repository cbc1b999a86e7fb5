using System.Text.Json;
using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Journaling;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Handles an API call with a valid body and key.</summary>
internal delegate ApiResponse ApiHandler(ApiCall call);

/// <summary>
/// The common part of all API calls: reads the body, checks the key, injects a fault, and journals and sends the
/// response.
/// </summary>
internal sealed class ApiPipeline(EmulatedService service)
{
    internal async Task RunAsync(HttpContext http, CallKind kind, ApiHandler handler)
    {
        ServiceState state = service.State;
        if (service.Faults.ChooseBeforeBody(CallInfo.ForOther(kind, http.Request.Path)) is { } early)
        {
            await SendAsync(http, state, early.RunBeforeBody(new FaultContext(service, kind)), received: 0, body: null, call: null)
                .ConfigureAwait(false);
            return;
        }

        using var received = new MemoryStream();
        await http.Request.Body.CopyToAsync(received, http.RequestAborted).ConfigureAwait(false);
        using JsonDocument? body = ReadBody(received);
        ApiCall? call = body?.RootElement is { ValueKind: JsonValueKind.Object } root
            && FindAccount(state, root) is { } account
                ? new ApiCall(service, state, http, root, account)
                : null;

        FaultInjection? fault = service.Faults.ChooseAfterBody(GetCallInfo(http, state, kind, body));
        var context = new FaultContext(service, kind) { Call = call, Key = GetString(body, "key") ?? "" };
        (IResponse, Fault?) outcome = fault?.Run(context, Handle) ?? (Handle(), null);
        await SendAsync(http, state, outcome, received.Length, body, call).ConfigureAwait(false);

        IResponse Handle() => (body, call) switch
        {
            (_, not null) => call.Handle(handler),
            ({ RootElement.ValueKind: JsonValueKind.Object }, _) => ApiResponse.Error(
                StatusCodes.Status401Unauthorized, context.Key.Length == 0 ? "API key required" : "Invalid API key"),
            _ => ApiResponse.Error(StatusCodes.Status400BadRequest, "The request body must be a JSON object."),
        };
    }

    private Task SendAsync(
        HttpContext http,
        ServiceState state,
        (IResponse Response, Fault? Fault) outcome,
        long received,
        JsonDocument? body,
        ApiCall? call)
    {
        state.Journal.Add(new JournalEntry
        {
            Time = service.Clock.GetUtcNow(),
            Method = http.Request.Method,
            Path = http.Request.Path,
            Status = outcome.Response.StatusCode,
            Body = body is null ? null : Redaction.Redact(body.RootElement),
            BytesReceived = received,
            GenerationId = call?.Generation?.Id,
            ServiceTime = call?.Generation?.GenerationTime,
            Fault = outcome.Fault?.Id,
            Warnings = call?.Warnings ?? [],
        });
        http.Response.Headers.Append(WarningHeader.Name, WarningHeader.Format(call?.Warnings ?? []));
        return outcome.Response.ExecuteAsync(http);
    }

    private static CallInfo GetCallInfo(HttpContext http, ServiceState state, CallKind kind, JsonDocument? body) =>
        kind switch
        {
            CallKind.Submit => CallInfo.ForSubmission(GetString(body, "prompt")),
            CallKind.Fetch => CallInfo.ForFetch(
                GenerationId.TryParse((string?)http.Request.RouteValues[Routes.Id]) is { } id ? state.FindGeneration(id) : null),
            _ => CallInfo.ForOther(kind, http.Request.Path),
        };

    private static string? GetString(JsonDocument? body, string field) =>
        body?.RootElement is { ValueKind: JsonValueKind.Object } root
        && root.TryGetProperty(field, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static JsonDocument? ReadBody(MemoryStream received)
    {
        JsonDocument? body = null;
        try
        {
            received.Position = 0;
            body = JsonDocument.Parse(received);
            ValidateStrings(body.RootElement);
            return body;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            body?.Dispose();
            return null;
        }
    }

    /// <summary>Reads every string, because an escaped lone surrogate is valid JSON but not valid text.</summary>
    /// <exception cref="InvalidOperationException">A name or value is not valid text.</exception>
    private static void ValidateStrings(JsonElement body)
    {
        switch (body.ValueKind)
        {
            case JsonValueKind.String:
                _ = body.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in body.EnumerateArray())
                    ValidateStrings(item);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty field in body.EnumerateObject())
                {
                    _ = field.Name;
                    ValidateStrings(field.Value);
                }

                break;
            default:
                break;
        }
    }

    private static EmulatedAccount? FindAccount(ServiceState state, JsonElement body) =>
        body.TryGetProperty("key", out JsonElement key) && key.ValueKind == JsonValueKind.String
            ? state.Accounts.GetValueOrDefault(key.GetString()!)
            : null;
}

/// <summary>An API call whose body is a JSON object with a valid key.</summary>
internal sealed class ApiCall(EmulatedService service, ServiceState state, HttpContext http, JsonElement body, EmulatedAccount account)
{
    private readonly List<string> _warnings = [];

    internal EmulatedService Service => service;

    /// <summary>Gets the state for the whole call, even if a reset comes in between.</summary>
    internal ServiceState State => state;

    /// <summary>Gets the fields of the body.</summary>
    internal BodyReader Fields { get; } = new(body, service.Options.Strict);

    internal EmulatedAccount Account => account;

    internal string Path => http.Request.Path;

    internal string Method => http.Request.Method;

    /// <summary>Gets the time of the call on the emulator's clock.</summary>
    internal DateTimeOffset Now { get; } = service.Clock.GetUtcNow();

    /// <summary>Gets or sets the generation that the call is about, for the journal.</summary>
    internal EmulatedGeneration? Generation { get; set; }

    internal IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Handles the call, and adds the warnings about its fields.</summary>
    internal ApiResponse Handle(ApiHandler handler)
    {
        ApiResponse response = handler(this);
        foreach (string warning in Fields.Warnings)
            AddWarning(warning);
        return response;
    }

    internal string RouteValue(string name) => (string?)http.Request.RouteValues[name] ?? "";

    internal void AddWarning(string warning)
    {
        _warnings.Add(warning);
        service.ReportWarning(warning);
    }
}
