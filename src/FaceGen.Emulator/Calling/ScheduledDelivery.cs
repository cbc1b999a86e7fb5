namespace FaceGen.Emulator.Calling;

/// <summary>One call that is to go out to a webhook.</summary>
/// <param name="DueTime">When it is due, on the emulator's clock.</param>
/// <param name="CreateBody">Writes what it carries, as it goes out.</param>
internal sealed record ScheduledDelivery(DateTimeOffset DueTime, Func<string> CreateBody)
{
    /// <summary>
    /// How long it is held back for another call to overtake it, at most; zero where it goes out when it is due.
    /// </summary>
    internal TimeSpan MaxHoldback { get; init; }
}
