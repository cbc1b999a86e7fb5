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

    /// <summary>Which unflushed writes survive a loss of power.</summary>
    Remains,

    /// <summary>Whether the service accepts a submission, and how it responds.</summary>
    Submit,

    /// <summary>How it responds to a poll.</summary>
    Fetch,

    /// <summary>What a link returns.</summary>
    Download,

    /// <summary>The service time of a generation.</summary>
    ServiceTime,

    /// <summary>Which of several workers is killed before a step.</summary>
    Kill,

    /// <summary>Which one the others declare dead while it works.</summary>
    Lapse,

    /// <summary>Which one is frozen, and whether the others declare it dead.</summary>
    Freeze,

    /// <summary>When a worker that is frozen or declared dead comes back.</summary>
    Return,

    /// <summary>How the service delivers the result of a generation to a webhook.</summary>
    Delivery,
}

/// <summary>One choice that was made.</summary>
/// <param name="Kind">What it decided.</param>
/// <param name="Count">How many options there were.</param>
/// <param name="Value">The option; 0 is the usual one.</param>
internal readonly record struct Choice(ChoiceKind Kind, int Count, int Value);

/// <summary>Makes and records every choice of a history.</summary>
/// <param name="next">Returns the option of a choice by its number, from 0; an invalid option counts as 0.</param>
internal sealed class Choices(Func<int, ChoiceKind, int, int> next)
{
    private readonly List<Choice> _made = [];

    /// <summary>Gets the choices so far, in order.</summary>
    internal IReadOnlyList<Choice> Made => _made;

    /// <summary>Chooses the usual option, except at some choices.</summary>
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
