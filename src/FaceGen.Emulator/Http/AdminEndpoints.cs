using System.Text.Json;
using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Journaling;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>The emulator's own admin API. It needs no key, because only this machine can reach it.</summary>
internal sealed class AdminEndpoints(EmulatedService service)
{
    internal IResult GetState(HttpContext http)
    {
        ServiceState state = service.State;
        DateTimeOffset now = service.Clock.GetUtcNow();
        return Results.Json(new
        {
            Time = now,
            ClockOffsetSeconds = service.Clock.Offset.TotalSeconds,
            service.Options.QueueLimit,
            ServiceTime = service.Options.ServiceTime.ToString(),
            service.Options.PricePerImage,
            Accounts = state.Accounts.Values.Select((EmulatedAccount account) => new
            {
                account.Balance,
                Queued = account.CountQueued(now),
            }),
        });
    }

    internal IResult GetJournal(HttpContext http) => Results.Json(service.State.Journal.Entries);

    internal IResult GetWebhookDeliveries(HttpContext http) => Results.Json(service.State.Journal.WebhookDeliveries);

    internal IResult GetAccepted(HttpContext http)
    {
        Journal journal = service.State.Journal;
        return Results.Json(new
        {
            journal.Accepted,
            journal.MaxInFlight,
            ByPrompt = journal.AcceptedByPrompt,
            ByRequest = journal.AcceptedByRequest,
        });
    }

    /// <summary>Advances the clock: <c>{"seconds": 3600}</c>.</summary>
    internal async Task AdvanceClockAsync(HttpContext http)
    {
        double? seconds = await AdminBody.ReadAsync<double?>(
            http.Request, "seconds", JsonValueKind.Number, static value => value.GetDouble()).ConfigureAwait(false);
        IResult response;
        if (seconds is >= 0 and <= MaxAdvanceSeconds)
        {
            service.Clock.Advance(TimeSpan.FromSeconds(seconds.Value));
            response = GetState(http);
        }
        else
        {
            response = ApiResponse.Error(
                StatusCodes.Status400BadRequest, $"Post {{\"seconds\": n}} with n between 0 and {MaxAdvanceSeconds}.");
        }

        await response.ExecuteAsync(http).ConfigureAwait(false);
    }

    internal IResult Reset(HttpContext http)
    {
        service.Reset();
        return GetState(http);
    }

    /// <summary>Ten years, which stays within the range of dates.</summary>
    private const double MaxAdvanceSeconds = 10 * 365 * 24 * 60 * 60.0;
}

/// <summary>The admin API of faults: returns the catalog and the rules, and changes the rules.</summary>
internal sealed class FaultEndpoints(EmulatedService service)
{
    internal IResult GetFaults(HttpContext http) => GetFaults();

    /// <summary>Adds a rule: <c>{"rule": "accepted-then-dropped@submit:nth=3"}</c>.</summary>
    internal async Task AddRuleAsync(HttpContext http)
    {
        string? text = await AdminBody.ReadAsync(
            http.Request, "rule", JsonValueKind.String, static value => value.GetString()).ConfigureAwait(false);
        await AddRule(text).ExecuteAsync(http).ConfigureAwait(false);
    }

    internal IResult ClearRules()
    {
        service.Faults.Clear();
        return GetFaults();
    }

    private IResult GetFaults() => Results.Json(new
    {
        Rules = service.Faults.GetHitCounts().Select(static entry => new
        {
            Rule = entry.Rule.ToString(),
            entry.Times,
        }),
        Faults = Fault.All.Select(static fault => new
        {
            fault.Id,
            fault.Description,
            Kinds = fault.Kinds.Select(FaultText.FormatKind),
            fault.AcceptsSubmission,
            fault.IsTransient,
        }),
    });

    private IResult AddRule(string? text)
    {
        if (text is null)
            return BadRequest("Post {\"rule\": \"fault@kind:condition,condition\"}.");
        if (!FaultRule.TryParse(text, out FaultRule? rule, out string error))
            return BadRequest(error);
        service.Faults.Add(rule);
        return GetFaults();
    }

    private static ApiResponse BadRequest(string message) => ApiResponse.Error(StatusCodes.Status400BadRequest, message);
}

/// <summary>Reads the body of an admin call: a JSON object with one property.</summary>
internal static class AdminBody
{
    /// <summary>Reads the property; null if it is absent, of another kind or invalid text.</summary>
    internal static async Task<T?> ReadAsync<T>(
        HttpRequest request, string property, JsonValueKind kind, Func<JsonElement, T?> convert)
    {
        try
        {
            using JsonDocument body = await JsonDocument.ParseAsync(
                request.Body, default, request.HttpContext.RequestAborted).ConfigureAwait(false);
            return body.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty(property, out JsonElement value)
                && value.ValueKind == kind
                    ? convert(value)
                    : default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default;
        }
    }
}
