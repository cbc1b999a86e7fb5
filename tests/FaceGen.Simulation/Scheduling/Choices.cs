namespace FaceGen.Simulation.Scheduling;

/// <summary>What a choice decides.</summary>
internal enum ChoiceKind
{
    /// <summary>Which of the pending steps comes next.</summary>
    Order,

    /// <summary>What happens to the process before a step.</summary>
    Fault,

    /// <summary>What happens to an operation of the disk.</summary>
    Disk,

    /// <summary>What of the writes that were not flushed a loss of power leaves.</summary>
    Remains,

    /// <summary>What the service makes of a submission, and how it answers.</summary>
    Submit,

    /// <summary>How it answers a poll.</summary>
    Fetch,

    /// <summary>What a link gives.</summary>
    Download,

    /// <summary>How long the service takes for a generation.</summary>
    ServiceTime,

    /// <summary>Which of several workers is killed before a step.</summary>
    Kill,

    /// <summary>Which one is taken for dead by the others, while it works.</summary>
    Lapse,

    /// <summary>Which one is frozen, and whether it is taken for dead.</summary>
    Freeze,

    /// <summary>When a worker that is frozen, or taken for dead, comes back.</summary>
    Return,

    /// <summary>How the service delivers the result of a generation to a webhook.</summary>
    Delivery,
}

/// <summary>One choice that was made.</summary>
/// <param name="Kind">What it decided.</param>
/// <param name="Count">How many options there were.</param>
/// <param name="Value">The option, from 0: the usual course of things.</param>
internal readonly record struct Choice(ChoiceKind Kind, int Count, int Value);

/// <summary>Decides everything that is left open in a history, and records it.</summary>
/// <param name="next">Decides the choice of a number, from 0; what is not an option counts as 0.</param>
internal sealed class Choices(Func<int, ChoiceKind, int, int> next)
{
    private readonly List<Choice> _made = [];

    /// <summary>Gets the choices so far, in order.</summary>
    internal IReadOnlyList<Choice> Made => _made;

    /// <summary>Follows the usual course, except at some choices.</summary>
    /// <param name="deviations">The options by the number of the choice.</param>
    internal static Choices Deviating(IReadOnlyDictionary<int, int> deviations) =>
        new((number, _, _) => deviations.GetValueOrDefault(number));

    /// <summary>Draws every choice from a seed, with rates of faults that are drawn from it too.</summary>
    internal static Choices Random(int seed)
    {
        var random = new Random(seed);
        // Some histories have hardly a fault, others many of one kind: together they reach further than one rate would.
        Dictionary<ChoiceKind, double> rates = new()
        {
            [ChoiceKind.Order] = Pick(0, 0.2, 0.7),
            [ChoiceKind.Fault] = Pick(0.001, 0.004, 0.02),
            [ChoiceKind.Disk] = Pick(0, 0, 0.001, 0.01),
            [ChoiceKind.Remains] = 0.5,
            [ChoiceKind.Submit] = Pick(0, 0.05, 0.3),
            [ChoiceKind.Fetch] = Pick(0, 0.05, 0.3),
            [ChoiceKind.Download] = Pick(0, 0.05, 0.3),
            [ChoiceKind.ServiceTime] = 0.5,
            [ChoiceKind.Delivery] = Pick(0, 0.3, 0.9),
            [ChoiceKind.Kill] = Pick(0, 0.005, 0.02),
            [ChoiceKind.Lapse] = Pick(0, 0.005, 0.02),
            [ChoiceKind.Freeze] = Pick(0, 0.01, 0.05),
            [ChoiceKind.Return] = Pick(0.02, 0.1, 0.5),
        };
        return new((_, kind, count) => random.NextDouble() < rates[kind] ? random.Next(count) : 0);

        double Pick(params double[] options) => options[random.Next(options.Length)];
    }

    /// <summary>Chooses an option.</summary>
    /// <param name="kind">What it decides.</param>
    /// <param name="count">How many options there are, at least one.</param>
    internal int Choose(ChoiceKind kind, int count)
    {
        int value = next(_made.Count, kind, count);
        if (value < 0 || value >= count) value = 0;
        _made.Add(new Choice(kind, count, value));
        return value;
    }
}
