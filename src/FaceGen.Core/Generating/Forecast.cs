namespace FaceGen.Generating;

/// <summary>
/// How long one generation may take, and when to look at it: so that the time for which it has ended unseen, and a price
/// for each look, are least in sum. What is likely is cut into steps of two per cent of the time; the best next look from
/// each step on follows from the best ones of the steps after it.
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

    /// <param name="likelihood">How likely each length is, by the logarithm of the seconds.</param>
    /// <param name="shortest">The shortest length to think of, in seconds.</param>
    /// <param name="longest">The longest length to think of, in seconds.</param>
    /// <param name="pollCost">How many seconds of a generation that has ended unseen one look is worth.</param>
    internal Forecast(Func<double, double> likelihood, double shortest, double longest, double pollCost)
    {
        _logMin = Math.Log(shortest);
        _stepCount = Math.Max(1, (int)Math.Ceiling((Math.Log(longest) - _logMin) / StepSize));
        _pollCost = pollCost;
        _seconds = [.. Enumerable.Range(0, _stepCount + 1).Select(step => Seconds(step))];
        double[] share = [.. Enumerable.Range(0, _stepCount).Select(step => likelihood(_logMin + (step + 0.5) * StepSize))];
        double all = share.Sum();
        (_probability, _firstMoment, _expectedCost) = (new double[_stepCount + 1], new double[_stepCount + 1], new double[_stepCount + 1]);
        for (int step = 0; step < _stepCount; step++)
        {
            double part = all > 0 ? share[step] / all : 1.0 / _stepCount;
            _probability[step + 1] = _probability[step] + part;
            _firstMoment[step + 1] = _firstMoment[step] + part * Seconds(step + 0.5);
        }

        for (int step = _stepCount - 1; step >= 0; step--) _expectedCost[step] = BestPoll(step, step + 1).Cost;
    }

    /// <summary>When the next look is best, in seconds since the submission.</summary>
    /// <param name="pendingFor">How long it had not ended for certain.</param>
    /// <param name="elapsed">How long ago it was submitted.</param>
    internal double NextPoll(double pendingFor, double elapsed)
    {
        int from = StepOf(pendingFor), present = StepOf(elapsed), first = Math.Max(from + 1, present);
        if (first <= _stepCount) return BestPoll(from, first).Step is var best && best > present ? Seconds(best) : elapsed;

        // It takes longer than anything that was thought of: a tenth of the time later, or at once where nobody has looked.
        return from >= _stepCount ? elapsed * 1.1 : elapsed;
    }

    /// <summary>How long it is likely to have taken if it ended between two moments, in seconds.</summary>
    internal double MeanBetween(double from, double to)
    {
        double share = Interpolate(_probability, to) - Interpolate(_probability, from);
        double likely = share > 1e-9 ? (Interpolate(_firstMoment, to) - Interpolate(_firstMoment, from)) / share : (from + to) / 2;
        return Math.Min(Math.Max(likely, from), to);
    }

    /// <summary>The best next look from the first step on, for what had not ended at a step, and what follows costs from there.</summary>
    private (int Step, double Cost) BestPoll(int from, int first)
    {
        (int Step, double Cost) best = (first, double.PositiveInfinity);
        double look = _pollCost * (1 - _probability[from]);
        for (int step = first; step <= _stepCount; step++)
        {
            double unseen = (_probability[step] - _probability[from]) * _seconds[step] - (_firstMoment[step] - _firstMoment[from]);
            // The longer the wait the more goes unseen.
            if (unseen + look >= best.Cost) break;
            if (unseen + look + _expectedCost[step] < best.Cost) best = (step, unseen + look + _expectedCost[step]);
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
