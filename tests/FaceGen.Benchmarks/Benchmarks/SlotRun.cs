using System.Diagnostics;
using System.Text.Json;
using FaceGen.Benchmarks.Running;
using FaceGen.Emulator;
using FaceGen.Emulator.Journaling;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>What one client needed on one simulated service.</summary>
/// <param name="Time">Its time ÷ the ideal.</param>
/// <param name="Polls">How often it looked, for each request.</param>
/// <param name="ServiceTimes">How long each request took, in order: the same for every client.</param>
internal sealed record SlotRun(double Time, double Polls, IReadOnlyList<TimeSpan> ServiceTimes)
{
    /// <summary>Has a client, which is made ready first, generate all prompts on a service of its own.</summary>
    internal static async Task<SlotRun> MeasureAsync(
        SlotScenario scenario, int seed, IReadOnlyList<string> prompts, Func<Uri, Func<Task>> client)
    {
        await using EmulatorHost service = await EmulatorHost.StartAsync(new EmulatorOptions
        {
            QueueLimit = scenario.Slots,
            ServiceTime = scenario.ServiceTime,
            EtaError = scenario.EtaError ?? 0,
            OmitEta = scenario.EtaError is null,
            Seed = seed,
        });
        Func<Task> generate = client(service.BaseUri);
        long start = Stopwatch.GetTimestamp();
        await generate();
        TimeSpan time = Stopwatch.GetElapsedTime(start);

        BenchmarkException.ThrowIfDifferent(prompts.Count, service.Journal.Accepted, "requests accepted");
        BenchmarkException.ThrowIfDifferent(prompts.Count, service.Journal.AcceptedByPrompt.Count, "prompts accepted");
        IReadOnlyList<TimeSpan> times = GetServiceTimes(service.Journal, prompts);
        int polls = service.Journal.Entries.Count(entry => entry.Path.Contains("/fetch/", StringComparison.Ordinal));
        return new SlotRun(time / Ideal(times, scenario.Slots), (double)polls / prompts.Count, times);
    }

    /// <summary>How long it takes where each request is there the moment a slot is free: list scheduling.</summary>
    private static TimeSpan Ideal(IEnumerable<TimeSpan> times, int slots)
    {
        var freeAt = new TimeSpan[slots];
        foreach (TimeSpan time in times) freeAt[Array.IndexOf(freeAt, freeAt.Min())] += time;
        return freeAt.Max();
    }

    private static List<TimeSpan> GetServiceTimes(Journal journal, IReadOnlyList<string> prompts)
    {
        Dictionary<string, TimeSpan> byPrompt = journal.Entries
            .Where(entry => entry.Path.EndsWith("/face_gen", StringComparison.Ordinal) && entry.ServiceTime is not null)
            .ToDictionary(entry => GetPrompt(entry.Body!), entry => entry.ServiceTime!.Value);
        return [.. prompts.Select(prompt => byPrompt[prompt])];
    }

    private static string GetPrompt(string body)
    {
        using JsonDocument json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("prompt").GetString()!;
    }
}
