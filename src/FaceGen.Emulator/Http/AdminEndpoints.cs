using System.Text.Json;
using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Journaling;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>What the emulator's owner may see and do. No key is needed: the address is this machine's own.</summary>
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

    /// <summary>Moves the clock forward: <c>{"seconds": 3600}</c>.</summary>
    internal async Task AdvanceClockAsync(HttpContext http)
    {
        double? seconds = await AdminBody.ReadAsync<double?>(
            http.Request, "seconds", JsonValueKind.Number, static value => value.GetDouble()).ConfigureAwait(false);
        IResult answer;
        if (seconds is >= 0 and <= MaxAdvanceSeconds)
        {
            service.Clock.Advance(TimeSpan.FromSeconds(seconds.Value));
            answer = GetState(http);
        }
        else
        {
            answer = ApiResponse.Error(
                StatusCodes.Status400BadRequest, $"Post {{\"seconds\": n}} with n between 0 and {MaxAdvanceSeconds}.");
        }

        await answer.ExecuteAsync(http).ConfigureAwait(false);
    }

    internal IResult Reset(HttpContext http)
    {
        service.Reset();
        return GetState(http);
    }

    /// <summary>Ten years: more would reach the end of what a date can be.</summary>
    private const double MaxAdvanceSeconds = 10 * 365 * 24 * 60 * 60.0;
}
