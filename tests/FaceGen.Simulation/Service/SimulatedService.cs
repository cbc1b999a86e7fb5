using System.Globalization;
using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Service;

/// <summary>
/// The service of one history: what it has accepted and been paid for, its queue, and the responses that it gives. It outlives the
/// simulated processes.
/// </summary>
/// <param name="history">The history.</param>
internal sealed class SimulatedService(History history)
{
    /// <summary>The address of the service.</summary>
    internal static readonly Uri Root = new("https://service.example/api/v6");

    /// <summary>The key, which must stand in no file.</summary>
    internal const string Key = "key-of-the-simulation/+1";

    private static readonly int[] ServiceTimes = [1, 2, 5];

    private static readonly Dictionary<string, byte[]> Images = [];

    /// <summary>How long it lasts that a generation is unknown, or its links are dead: longer than a run believes it.</summary>
    private static readonly TimeSpan Outage = TimeSpan.FromMinutes(10);

    private readonly List<SimulatedGeneration> _accepted = [];
    private readonly HashSet<int> _refusedRows = [];

    /// <summary>How many submissions of each row have had no clear response.</summary>
    private readonly Dictionary<int, int> _open = [];

    /// <summary>Gets everything that was accepted, in order.</summary>
    internal IReadOnlyList<SimulatedGeneration> Accepted => _accepted;

    /// <summary>Gets how many submissions have reached the service.</summary>
    internal int Submissions { get; private set; }

    /// <summary>True if the service has refused a row for a reason of its own.</summary>
    internal bool HasRefused(int row) => _refusedRows.Contains(row);

    /// <summary>True if a submission of a row has had no response that says whether it was accepted.</summary>
    internal bool IsInDoubt(int row) => _open.GetValueOrDefault(row) > 0;

    /// <summary>A clear response has reached the process.</summary>
    internal void MarkResponded(int row) => _open[row]--;

    /// <summary>Returns the generation of an id; null if there is none.</summary>
    internal SimulatedGeneration? Find(string id) => _accepted.Find(generation => generation.Id == id);

    /// <summary>The bytes of an image, which differ from those of all others.</summary>
    internal static byte[] Image(string id, int index)
    {
        string name = $"{id}-{index + 1}";
        if (Images.TryGetValue(name, out byte[]? known)) return known;

        int number = (int.Parse(id, CultureInfo.InvariantCulture) * 2) + index;
        return Images[name] = TestImages.Png(16, 16, (x, y, channel) => (byte)((x * 31) + (y * 17) + (channel == 0 ? number : number >> 8)));
    }

    /// <summary>Gets how many accepted generations fill a slot of the queue.</summary>
    internal int Queued => _accepted.Count(generation => !generation.Fails && generation.ReadyAt > history.Elapsed);

    /// <summary>Receives a submission.</summary>
    /// <param name="body">The request.</param>
    /// <param name="response">The way of the response.</param>
    /// <param name="row">The row that it is for.</param>
    /// <returns>The generation that it was accepted as; null if it was not.</returns>
    internal SimulatedGeneration? Submit(byte[] body, SubmitResponse response, out int row)
    {
        Submissions++;
        using JsonDocument request = JsonDocument.Parse(body);
        row = int.Parse(request.RootElement.GetProperty("prompt").GetString()!.Split(' ')[1], CultureInfo.InvariantCulture);
        if (request.RootElement.GetProperty("key").GetString() != Key) throw new HistoryException("A submission carries another key.");

        _open[row] = _open.GetValueOrDefault(row) + 1;
        if (response.RefusesRow) _refusedRows.Add(row);
        if (response.Acceptance == Acceptance.None) return null;

        int seconds = response.Acceptance is Acceptance.AcceptedReady or Acceptance.AcceptedFailing ? 0 : ServiceTimes[history.Choices.Choose(ChoiceKind.ServiceTime, ServiceTimes.Length)];
        var generation = new SimulatedGeneration
        {
            Id = (_accepted.Count + 101).ToString(CultureInfo.InvariantCulture),
            Row = row,
            Images = request.RootElement.TryGetProperty("samples", out JsonElement samples) ? samples.GetInt32() : 1,
            Seconds = seconds,
            AcceptedAt = history.Elapsed,
            ClockError = history.ClockError,
            QueueLimit = history.Scenario.QueueLimit,
            Fails = response.Acceptance == Acceptance.AcceptedFailing,
        };
        _accepted.Add(generation);
        if (request.RootElement.TryGetProperty("webhook", out _)) history.PlanDeliveries(generation, request.RootElement.GetProperty("track_id").GetRawText());
        return generation;
    }

    /// <summary>Returns the true response to a fetch.</summary>
    internal HttpResponseMessage Poll(string id) => Find(id) switch
    {
        null => Responses.Error("Request not found", 404),
        { Fails: true } => Responses.Json($$"""{"status":"failed","id":{{id}},"message":"The face could not be found."}"""),
        { } generation when generation.ExpiresAt <= history.Elapsed || IsNow(generation.UnknownUntil) => Responses.Error("Request not found", 404),
        { } generation when generation.ReadyAt <= history.Elapsed => Responses.Success(generation),
        { } generation => Responses.Processing(generation, id),
    };

    /// <summary>For a while, the service does not know a generation.</summary>
    internal void Forget(SimulatedGeneration generation) => generation.UnknownUntil = history.Elapsed + Outage;

    /// <summary>For a while, the links of a generation are dead.</summary>
    internal void CutLinks(SimulatedGeneration generation) => generation.LinksDeadUntil = history.Elapsed + Outage;

    /// <summary>Returns the true response to a download.</summary>
    internal HttpResponseMessage Download(string id, int index, Func<byte[], HttpResponseMessage?> reply, out bool breaks)
    {
        breaks = false;
        if (Find(id) is not { } generation || generation.ExpiresAt <= history.Elapsed || generation.ReadyAt > history.Elapsed || IsNow(generation.LinksDeadUntil)) return Responses.Html(404);

        HttpResponseMessage? response = reply(Image(id, index));
        breaks = response is null;
        return response ?? Responses.Html(500);
    }

    private bool IsNow(TimeSpan until) => until > history.Elapsed && !history.IsQuiet;
}
