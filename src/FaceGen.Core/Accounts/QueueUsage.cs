namespace FaceGen;

/// <summary>The account's queue at the service.</summary>
public sealed record QueueUsage
{
    /// <summary>How many requests are queued or being worked on now, whoever submitted them.</summary>
    public required int ProcessingCount { get; init; }

    /// <summary>How many there may be, as this session knows it.</summary>
    public required int QueueLimit { get; init; }

    /// <summary>How many more there may be.</summary>
    public int Free => Math.Max(0, QueueLimit - ProcessingCount);

    /// <summary>How many there are of how many.</summary>
    public override string ToString() => $"{ProcessingCount} of {QueueLimit}";
}
