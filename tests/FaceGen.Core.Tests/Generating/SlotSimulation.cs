using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

/// <summary>
/// Simulates requests on the slots of an account. The poll that finds a generation finished fills its slot again. Time is
/// discrete: the next event follows at once.
/// </summary>
internal sealed class SlotSimulation(int seed)
{
    private readonly Random _random = new(seed);
    private readonly PollInterval _interval = new();
    private double _now;

    /// <summary>Returns the time of the next poll, in seconds since the submission, from the eta and the seconds it was pending.</summary>
    internal delegate double NextPoll(double? eta, double unended);

    /// <summary>Runs requests of given durations with learned poll intervals.</summary>
    /// <returns>The total time as a multiple of the ideal one, and the number of polls per request.</returns>
    internal (double Time, double Polls) Run(int slots, double[] seconds, Func<double, double?> eta) => Run(slots, seconds, eta,
        (estimate, unended) => unended + _interval.Next(default, estimate, TimeSpan.FromSeconds(unended), TimeSpan.FromSeconds(unended)).TotalSeconds);

    /// <summary>Runs requests with given times of polls.</summary>
    internal (double Time, double Polls) Run(int slots, double[] seconds, Func<double, double?> eta, NextPoll nextPoll)
    {
        double start = _now;
        var polls = new PriorityQueue<(int Request, double Sent, double? Eta, double Unended), double>();
        int next = 0, count = 0;
        void Submit()
        {
            if (next == seconds.Length) return;

            double? estimate = eta(seconds[next]);
            polls.Enqueue((next++, _now, estimate, 0), _now + nextPoll(estimate, 0));
        }

        for (int slot = 0; slot < slots; slot++) Submit();
        while (polls.TryDequeue(out (int Request, double Sent, double? Eta, double Unended) one, out double at))
        {
            (_now, count) = (at, count + 1);
            TimeSpan elapsed = TimeSpan.FromSeconds(_now - one.Sent);
            if (elapsed.TotalSeconds >= seconds[one.Request])
            {
                _interval.Learn(default, one.Eta, TimeSpan.FromSeconds(one.Unended), elapsed);
                Submit();
            }
            else
            {
                polls.Enqueue(one with { Unended = elapsed.TotalSeconds }, one.Sent + nextPoll(one.Eta, elapsed.TotalSeconds));
            }
        }

        return ((_now - start) / Ideal(slots, seconds), (double)count / seconds.Length);
    }

    /// <summary>Returns durations around three seconds, longer as often as shorter.</summary>
    internal double[] LogNormal(int count, double median = 3, double sigma = 0.4) =>
        [.. Enumerable.Range(0, count).Select(_ => median * Math.Exp(sigma * Normal()))];

    /// <summary>Returns durations that are either short or long.</summary>
    internal double[] Bimodal(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (_random.Next(2) == 0 ? 1.5 : 5) * Math.Exp(0.15 * Normal()))];

    /// <summary>Returns an eta with an error of up to a half.</summary>
    internal double? Wrong(double seconds) => seconds * (0.5 + _random.NextDouble());

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    /// <summary>Returns the time of list scheduling: each request gets the slot that is free first.</summary>
    private static double Ideal(int slots, double[] seconds)
    {
        double[] free = new double[slots];
        foreach (double one in seconds) free[Array.IndexOf(free, free.Min())] += one;
        return free.Max();
    }
}
