namespace FaceGen;

/// <summary>Represents the usage of an account's queue at the service.</summary>
public sealed record QueueUsage
{
    /// <summary>Gets the number of queued and processing requests of the account, from any session.</summary>
    public required int RequestCount { get; init; }

    /// <summary>Gets the maximum number of requests in the queue, as far as this session knows it.</summary>
    public required int QueueLimit { get; init; }

    /// <summary>Gets the number of free slots.</summary>
    public int Free => Math.Max(0, QueueLimit - RequestCount);

    /// <summary>Gets the name of the connection to the account.</summary>
    public string? Connection { get; init; }

    /// <summary>Returns the number of requests and the maximum.</summary>
    public override string ToString() => $"{RequestCount} of {QueueLimit}";
}
