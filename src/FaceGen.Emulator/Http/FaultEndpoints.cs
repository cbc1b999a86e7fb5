using System.Text.Json;
using FaceGen.Emulator.Faults;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Shows which faults there are and which are planned, and changes the plan.</summary>
internal sealed class FaultEndpoints(Service service)
{
    internal IResult Show(HttpContext http) => Show();

    /// <summary>Adds a rule: <c>{"rule": "accepted-then-dropped@submit:nth=3"}</c>.</summary>
    internal async Task AddAsync(HttpContext http)
    {
        string? text = await AdminBody.ReadAsync(
            http.Request, "rule", JsonValueKind.String, static value => value.GetString()).ConfigureAwait(false);
        await Add(text).ExecuteAsync(http).ConfigureAwait(false);
    }

    internal IResult Clear()
    {
        service.Faults.Clear();
        return Show();
    }

    private IResult Show() => Results.Json(new
    {
        Rules = service.Faults.Count().Select(static counted => new
        {
            Rule = counted.Rule.ToString(),
            counted.Times,
        }),
        Faults = Fault.All.Select(static fault => new
        {
            fault.Id,
            fault.Description,
            Kinds = fault.Kinds.Select(FaultText.Name),
            fault.AcceptsSubmission,
            fault.IsTransient,
        }),
    });

    private IResult Add(string? text)
    {
        if (text is null)
            return Refuse("Post {\"rule\": \"fault@kind:condition,condition\"}.");
        if (!FaultRule.TryParse(text, out FaultRule? rule, out string error))
            return Refuse(error);
        service.Faults.Add(rule);
        return Show();
    }

    private static ApiAnswer Refuse(string message) => ApiAnswer.Error(StatusCodes.Status400BadRequest, message);
}
