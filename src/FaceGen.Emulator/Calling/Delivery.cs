namespace FaceGen.Emulator.Calling;

/// <summary>One call that is to go out to a webhook.</summary>
/// <param name="At">When it is due, on the emulator's clock.</param>
/// <param name="Body">Writes what it carries, as it goes out.</param>
internal sealed record Delivery(DateTimeOffset At, Func<string> Body)
{
    /// <summary>
    /// How long it is held back for another call to overtake it, at most; zero where it goes out when it is due.
    /// </summary>
    internal TimeSpan Holdback { get; init; }
}
