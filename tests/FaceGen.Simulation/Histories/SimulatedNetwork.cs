using System.Globalization;
using FaceGen.Simulation.Scheduling;
using FaceGen.Simulation.Service;

namespace FaceGen.Simulation.Histories;

/// <summary>
/// Carries the calls of one simulated process. Each call is two steps: the request reaches the service, and the response reaches
/// the process; whatever the scheduler puts between them happens between them.
/// </summary>
/// <param name="process">The process.</param>
internal sealed class SimulatedNetwork(SimulatedProcess process) : HttpMessageHandler
{
    private readonly History _history = process.History;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var call = new SimulatedCall(this, process, request, cancellationToken);
        call.Begin();
        return call.Response;
    }

    internal SubmitResponse ChooseSubmitResponse() => _history.Service.Queued >= _history.Scenario.QueueLimit
        ? SubmitResponse.All.Single(chosen => chosen.Name == "the queue is full")
        : SubmitResponse.All[_history.Choose(ChoiceKind.Submit, SubmitResponse.All.Count)];

    internal CallOutcome Submit(byte[] body, SubmitResponse chosen)
    {
        _history.Rules.OnSubmission(process);
        SimulatedGeneration? generation = _history.Service.Submit(body, chosen, out int row);
        if (generation is not null) _history.Rules.OnAccepted(process, generation);
        string accepted = generation is null ? $" (row {row})" : $" (row {row} is generation {generation.Id}, {generation.Seconds} s)";
        return new CallOutcome(chosen.Name + accepted, chosen.Make(generation ?? None))
        {
            IsSilent = chosen.IsSilent,
            OnReceived = () =>
            {
                if (!chosen.IsUnclear) _history.Service.MarkResponded(row);
                if (chosen.NamesId) process.ReceivedIds.Add(generation!.Id);
                if (chosen.RefusesAll) _history.Rules.OnRefusedForAll();
            },
        };
    }

    internal CallOutcome Poll(string id)
    {
        _history.Rules.OnUse(process, id, isDownload: false);
        _history.OnPoll();
        SimulatedGeneration? generation = _history.Service.Find(id);
        // Of what it has never accepted the service says nothing but that it does not know it.
        int odd = generation is null ? 0 : _history.Choose(ChoiceKind.Fetch, FetchResponse.Unusual.Count + 1);
        if (odd == 0) return new CallOutcome("the truth", _history.Service.Poll(id));

        FetchResponse chosen = FetchResponse.Unusual[odd - 1];
        generation!.IsDenied |= chosen.Denies;
        if (chosen.Lasts) _history.Service.Forget(generation);
        return new CallOutcome(chosen.Name, chosen.Make(generation)) { IsSilent = chosen.IsSilent, IsNeverSent = chosen.IsNeverSent };
    }

    internal CallOutcome Download(Uri link)
    {
        string[] parts = Path.GetFileNameWithoutExtension(link.AbsolutePath).Split('-');
        _history.Rules.OnUse(process, parts[0], isDownload: true);
        LinkResponse chosen = LinkResponse.All[_history.Choose(ChoiceKind.Download, LinkResponse.All.Count)];
        if (chosen.Lasts && _history.Service.Find(parts[0]) is { } cut) _history.Service.CutLinks(cut);
        HttpResponseMessage response = _history.Service.Download(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture) - 1, chosen.Make, out bool breaks);
        return new CallOutcome(chosen.Name, breaks ? null : response) { IsSilent = chosen.IsSilent };
    }

    /// <summary>Gets the placeholder for a missing generation.</summary>
    private SimulatedGeneration None => new() { QueueLimit = _history.Scenario.QueueLimit, Id = "0", Row = 0, Images = 0, Seconds = 0, AcceptedAt = TimeSpan.Zero, Fails = false };
}
