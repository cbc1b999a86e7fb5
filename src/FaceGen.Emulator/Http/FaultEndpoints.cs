using System.Text.Json;
using FaceGen.Emulator.Faults;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Shows which faults there are and which are planned, and changes the plan.</summary>
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
        Rules = service.Faults.GetHitCounts().Select(static counted => new
        {
            Rule = counted.Rule.ToString(),
            counted.Times,
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
