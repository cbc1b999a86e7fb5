using System.Globalization;
using FaceGen.Simulation.Scheduling;
using FaceGen.Simulation.Service;

namespace FaceGen.Simulation.Histories;

/// <summary>
/// Carries the calls of one simulated process. Each call is two steps: the request reaches the service, and the answer reaches
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
        return call.Answer;
    }

    internal SubmitAnswer ChooseSubmitAnswer() => _history.Service.Queued >= _history.Scenario.QueueLimit
        ? SubmitAnswer.All.Single(answer => answer.Name == "the queue is full")
        : SubmitAnswer.All[_history.Choose(ChoiceKind.Submit, SubmitAnswer.All.Count)];

    internal CallOutcome Submit(byte[] body, SubmitAnswer answer)
    {
        _history.Rules.OnSubmission(process);
        SimulatedGeneration? generation = _history.Service.Submit(body, answer, out int row);
        if (generation is not null) _history.Rules.OnAccepted(process, generation);
        string accepted = generation is null ? $" (row {row})" : $" (row {row} is generation {generation.Id}, {generation.Seconds} s)";
        return new CallOutcome(answer.Name + accepted, answer.Make(generation ?? None))
        {
            IsSilent = answer.IsSilent,
            OnReceived = () =>
            {
                if (!answer.IsUnclear) _history.Service.MarkAnswered(row);
                if (answer.NamesId) process.ReceivedIds.Add(generation!.Id);
                if (answer.RefusesAll) _history.Rules.OnRefusedForAll();
            },
        };
    }

    internal CallOutcome Poll(string id)
    {
        _history.Rules.OnUse(process, id, isDownload: false);
        _history.OnPoll();
        SimulatedGeneration? generation = _history.Service.Find(id);
        // Of what it has never accepted the service says nothing but that it does not know it.
        int odd = generation is null ? 0 : _history.Choose(ChoiceKind.Fetch, PollAnswer.Unusual.Count + 1);
        if (odd == 0) return new CallOutcome("the truth", _history.Service.Poll(id));

        PollAnswer answer = PollAnswer.Unusual[odd - 1];
        generation!.IsDenied |= answer.Denies;
        if (answer.Lasts) _history.Service.Forget(generation);
        return new CallOutcome(answer.Name, answer.Make(generation)) { IsSilent = answer.IsSilent, IsNeverSent = answer.IsNeverSent };
    }

    internal CallOutcome Download(Uri link)
    {
        string[] parts = Path.GetFileNameWithoutExtension(link.AbsolutePath).Split('-');
        _history.Rules.OnUse(process, parts[0], isDownload: true);
        LinkAnswer answer = LinkAnswer.All[_history.Choose(ChoiceKind.Download, LinkAnswer.All.Count)];
        if (answer.Lasts && _history.Service.Find(parts[0]) is { } cut) _history.Service.CutLinks(cut);
        HttpResponseMessage response = _history.Service.Download(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture) - 1, answer.Make, out bool breaks);
        return new CallOutcome(answer.Name, breaks ? null : response) { IsSilent = answer.IsSilent };
    }

    /// <summary>Gets the placeholder for a missing generation.</summary>
    private SimulatedGeneration None => new() { QueueLimit = _history.Scenario.QueueLimit, Id = "0", Row = 0, Images = 0, Seconds = 0, AcceptedAt = TimeSpan.Zero, Fails = false };
}
