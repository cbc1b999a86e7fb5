using System.Text.Json;
using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Journaling;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>What one call of the API answers, once its body and its key are known to be good.</summary>
internal delegate ApiAnswer ApiHandler(ApiCall call);

/// <summary>
/// What all calls of the API share: the body is read, the key checked, and the answer put in the journal.
/// </summary>
internal sealed class ApiPipeline(Service service)
{
    internal async Task RunAsync(HttpContext http, ApiHandler handler)
    {
        ServiceState state = service.State;
        using JsonDocument? body = await ReadBodyAsync(http.Request).ConfigureAwait(false);

        ApiCall? call = null;
        ApiAnswer answer;
        if (body?.RootElement is not { ValueKind: JsonValueKind.Object } root)
        {
            answer = ApiAnswer.Error(StatusCodes.Status400BadRequest, "The request body must be a JSON object.");
        }
        else if (FindAccount(state, root) is not { } account)
        {
            answer = ApiAnswer.Error(StatusCodes.Status401Unauthorized, "Invalid API key.");
        }
        else
        {
            call = new ApiCall(service, state, http, root, account);
            answer = handler(call);
        }

        state.Journal.Add(new JournalEntry
        {
            Time = service.Clock.GetUtcNow(),
            Method = http.Request.Method,
            Path = http.Request.Path,
            Status = answer.StatusCode,
            Body = body is null ? null : Redaction.Redact(body.RootElement),
            GenerationId = call?.Generation?.Id,
            Warnings = call?.Warnings ?? [],
        });
        await answer.ExecuteAsync(http).ConfigureAwait(false);
    }

    private static async Task<JsonDocument?> ReadBodyAsync(HttpRequest request)
    {
        JsonDocument? body = null;
        try
        {
            body = await JsonDocument.ParseAsync(request.Body, default, request.HttpContext.RequestAborted)
                .ConfigureAwait(false);
            ReadTexts(body.RootElement);
            return body;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            body?.Dispose();
            return null;
        }
    }

    /// <summary>
    /// Half a surrogate pair, escaped, is good JSON and no text: it shows only when the text is read.
    /// </summary>
    /// <exception cref="InvalidOperationException">A name or a value is no text.</exception>
    private static void ReadTexts(JsonElement body)
    {
        switch (body.ValueKind)
        {
            case JsonValueKind.String:
                _ = body.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in body.EnumerateArray())
                    ReadTexts(item);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty field in body.EnumerateObject())
                {
                    _ = field.Name;
                    ReadTexts(field.Value);
                }

                break;
            default:
                break;
        }
    }

    private static Account? FindAccount(ServiceState state, JsonElement body) =>
        body.TryGetProperty("key", out JsonElement key) && key.ValueKind == JsonValueKind.String
            ? state.Accounts.GetValueOrDefault(key.GetString()!)
            : null;
}
