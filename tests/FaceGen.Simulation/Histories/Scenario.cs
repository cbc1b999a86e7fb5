using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Histories;

/// <summary>The batch that a history is about.</summary>
/// <param name="Rows">How many rows the input has.</param>
/// <param name="Images">How many images each row asks for.</param>
internal record Scenario(int Rows, int Images = 1)
{
    /// <summary>Creates a history of the batch.</summary>
    internal virtual History NewHistory(Choices choices) => new(this, choices);

    /// <summary>Gets how many requests the account may have in the service's queue.</summary>
    internal int QueueLimit { get; init; } = 5;

    /// <summary>Gets how many runs may meet faults, before runs without faults bring the batch to its end.</summary>
    internal int FaultyRuns { get; init; } = 2;

    /// <summary>True if the runs that follow the first send rows of unknown outcome again.</summary>
    internal bool RetryUncertain { get; init; }

    /// <summary>True if the runs that follow the first send rows again that failed.</summary>
    internal bool RetryFailed { get; init; }

    /// <summary>True if the files have names that are known before the service responds.</summary>
    internal bool HasKnownNames { get; init; }

    /// <summary>True if the service delivers results to a webhook of the process.</summary>
    internal bool HasWebhook { get; init; }

    /// <summary>Gets how far the machine's clock is set ahead at the first poll.</summary>
    internal TimeSpan ClockJump { get; init; }

    /// <summary>Gets how many images a run may pay for; null for any number.</summary>
    internal int? MaxImages { get; init; }

    /// <summary>Draws a batch from a seed: mostly a small one, one of five hundred with 200 rows.</summary>
    internal static Scenario Random(int seed)
    {
        var random = new Random(~seed);
        int kind = random.Next(500);
        int rows = kind == 0 ? 200 : kind < 25 ? random.Next(7, 31) : random.Next(1, 7);
        return new Scenario(rows, random.Next(1, 3))
        {
            QueueLimit = random.Next(3) switch { 0 => 1, 1 => 2, _ => 5 },
            FaultyRuns = random.Next(1, 4),
            RetryUncertain = random.Next(4) == 0,
            RetryFailed = random.Next(4) == 0,
            HasKnownNames = random.Next(2) == 0,
            HasWebhook = random.Next(4) == 0,
            MaxImages = random.Next(8) == 0 ? random.Next(1, 5) : null,
        };
    }
}
