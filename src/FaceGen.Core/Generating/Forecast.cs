namespace FaceGen.Generating;

/// <summary>
/// Finds the times of polls with the least expected cost: the time for which a generation has ended unnoticed, and a cost
/// for each poll. Durations are divided into steps of two percent; dynamic programming from the last step to the first finds
/// the best next poll after each step.
/// </summary>
internal sealed class Forecast
{
    private const double StepSize = 0.02;

    private readonly double _logMin;
    private readonly int _stepCount;
    private readonly double _pollCost;
    private readonly double[] _seconds;
    private readonly double[] _probability;
    private readonly double[] _firstMoment;
    private readonly double[] _expectedCost;

    /// <param name="likelihood">The likelihood of a duration, by the logarithm of its seconds.</param>
    /// <param name="shortest">The shortest duration to consider, in seconds.</param>
    /// <param name="longest">The longest duration to consider, in seconds.</param>
    /// <param name="pollCost">The cost of a poll, in seconds for which a generation has ended unnoticed (docs/architecture.md#price-of-a-poll).</param>
    internal Forecast(Func<double, double> likelihood, double shortest, double longest, double pollCost)
    {
        _logMin = Math.Log(shortest);
        _stepCount = Math.Max(1, (int)Math.Ceiling((Math.Log(longest) - _logMin) / StepSize));
        _pollCost = pollCost;
        _seconds = [.. Enumerable.Range(0, _stepCount + 1).Select(step => Seconds(step))];
        double[] weights = [.. Enumerable.Range(0, _stepCount).Select(step => likelihood(_logMin + (step + 0.5) * StepSize))];
        double total = weights.Sum();
        (_probability, _firstMoment, _expectedCost) = (new double[_stepCount + 1], new double[_stepCount + 1], new double[_stepCount + 1]);
        for (int step = 0; step < _stepCount; step++)
        {
            double probability = total > 0 ? weights[step] / total : 1.0 / _stepCount;
            _probability[step + 1] = _probability[step] + probability;
            _firstMoment[step + 1] = _firstMoment[step] + probability * Seconds(step + 0.5);
        }

        for (int step = _stepCount - 1; step >= 0; step--) _expectedCost[step] = BestPoll(step, step + 1).Cost;
    }

    /// <summary>Returns the best time of the next poll, in seconds since the submission.</summary>
    /// <param name="pendingFor">How long the generation was pending for certain.</param>
    /// <param name="elapsed">How long ago it was submitted.</param>
    internal double NextPoll(double pendingFor, double elapsed)
    {
        int from = StepOf(pendingFor), present = StepOf(elapsed), first = Math.Max(from + 1, present);
        if (first <= _stepCount) return BestPoll(from, first).Step is var best && best > present ? Seconds(best) : elapsed;

        // It takes longer than the longest duration considered: a tenth of the time later, or at once if there was no poll yet.
        return from >= _stepCount ? elapsed * 1.1 : elapsed;
    }

    /// <summary>Returns the mean duration of a generation that ended between two times, in seconds.</summary>
    internal double MeanBetween(double from, double to)
    {
        double probability = Interpolate(_probability, to) - Interpolate(_probability, from);
        double mean = probability > 1e-9 ? (Interpolate(_firstMoment, to) - Interpolate(_firstMoment, from)) / probability : (from + to) / 2;
        return Math.Min(Math.Max(mean, from), to);
    }

    /// <summary>Returns the best next poll at the first step or later, for a generation that was pending at a step, and its expected cost.</summary>
    private (int Step, double Cost) BestPoll(int from, int first)
    {
        (int Step, double Cost) best = (first, double.PositiveInfinity);
        double pollCost = _pollCost * (1 - _probability[from]);
        for (int step = first; step <= _stepCount; step++)
        {
            double unnoticed = (_probability[step] - _probability[from]) * _seconds[step] - (_firstMoment[step] - _firstMoment[from]);
            // The unnoticed time only grows with the delay.
            if (unnoticed + pollCost >= best.Cost) break;
            if (unnoticed + pollCost + _expectedCost[step] < best.Cost) best = (step, unnoticed + pollCost + _expectedCost[step]);
        }

        return best;
    }

    private double Seconds(double step) => Math.Exp(_logMin + step * StepSize);

    private int StepOf(double seconds) =>
        seconds <= 0 ? 0 : (int)Math.Min(Math.Max(Math.Ceiling((Math.Log(seconds) - _logMin) / StepSize - 1e-9), 0), _stepCount + 1);

    private double Interpolate(double[] cumulative, double seconds)
    {
        double step = seconds <= 0 ? 0 : Math.Min(Math.Max((Math.Log(seconds) - _logMin) / StepSize, 0), _stepCount);
        int below = Math.Min((int)step, _stepCount - 1);
        return cumulative[below] + (cumulative[below + 1] - cumulative[below]) * (step - below);
    }
}
