namespace FaceGen.Generating;

/// <summary>
/// How long one generation may take, and when to look at it: so that the time for which it has ended unseen, and a price
/// for each look, are least in sum. What is likely is cut into steps of two per cent of the time; the best next look from
/// each step on follows from the best ones of the steps after it.
/// </summary>
internal sealed class Forecast
{
    private const double Step = 0.02;

    private readonly double _lowest;
    private readonly int _steps;
    private readonly double _price;
    private readonly double[] _seconds;
    private readonly double[] _ended;
    private readonly double[] _moment;
    private readonly double[] _cost;

    /// <param name="likelihood">How likely each length is, by the logarithm of the seconds.</param>
    /// <param name="shortest">The shortest length to think of, in seconds.</param>
    /// <param name="longest">The longest length to think of, in seconds.</param>
    /// <param name="price">How many seconds of a generation that has ended unseen one look is worth.</param>
    internal Forecast(Func<double, double> likelihood, double shortest, double longest, double price)
    {
        _lowest = Math.Log(shortest);
        _steps = Math.Max(1, (int)Math.Ceiling((Math.Log(longest) - _lowest) / Step));
        _price = price;
        _seconds = [.. Enumerable.Range(0, _steps + 1).Select(step => Seconds(step))];
        double[] share = [.. Enumerable.Range(0, _steps).Select(step => likelihood(_lowest + (step + 0.5) * Step))];
        double all = share.Sum();
        (_ended, _moment, _cost) = (new double[_steps + 1], new double[_steps + 1], new double[_steps + 1]);
        for (int step = 0; step < _steps; step++)
        {
            double part = all > 0 ? share[step] / all : 1.0 / _steps;
            _ended[step + 1] = _ended[step] + part;
            _moment[step + 1] = _moment[step] + part * Seconds(step + 0.5);
        }

        for (int step = _steps - 1; step >= 0; step--) _cost[step] = Best(step, step + 1).Cost;
    }

    /// <summary>When the next look is best, in seconds since the submission.</summary>
    /// <param name="unended">How long it had not ended for certain.</param>
    /// <param name="now">How long ago it was submitted.</param>
    internal double NextLook(double unended, double now)
    {
        int from = StepOf(unended), present = StepOf(now), first = Math.Max(from + 1, present);
        if (first <= _steps) return Best(from, first).Step is var best && best > present ? Seconds(best) : now;

        // It takes longer than anything that was thought of: a tenth of the time later, or at once where nobody has looked.
        return from >= _steps ? now * 1.1 : now;
    }

    /// <summary>How long it is likely to have taken if it ended between two moments, in seconds.</summary>
    internal double Between(double before, double after)
    {
        double share = At(_ended, after) - At(_ended, before);
        double likely = share > 1e-9 ? (At(_moment, after) - At(_moment, before)) / share : (before + after) / 2;
        return Math.Min(Math.Max(likely, before), after);
    }

    /// <summary>The best next look from the first step on, for what had not ended at a step, and what follows costs from there.</summary>
    private (int Step, double Cost) Best(int from, int first)
    {
        (int Step, double Cost) best = (first, double.PositiveInfinity);
        double look = _price * (1 - _ended[from]);
        for (int step = first; step <= _steps; step++)
        {
            double unseen = (_ended[step] - _ended[from]) * _seconds[step] - (_moment[step] - _moment[from]);
            // The longer the wait the more goes unseen.
            if (unseen + look >= best.Cost) break;
            if (unseen + look + _cost[step] < best.Cost) best = (step, unseen + look + _cost[step]);
        }

        return best;
    }

    private double Seconds(double step) => Math.Exp(_lowest + step * Step);

    private int StepOf(double seconds) =>
        seconds <= 0 ? 0 : (int)Math.Min(Math.Max(Math.Ceiling((Math.Log(seconds) - _lowest) / Step - 1e-9), 0), _steps + 1);

    private double At(double[] sums, double seconds)
    {
        double step = seconds <= 0 ? 0 : Math.Min(Math.Max((Math.Log(seconds) - _lowest) / Step, 0), _steps);
        int below = Math.Min((int)step, _steps - 1);
        return sums[below] + (sums[below + 1] - sums[below]) * (step - below);
    }
}
