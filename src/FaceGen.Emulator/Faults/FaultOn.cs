namespace FaceGen.Emulator.Faults;

/// <summary>Where an <see cref="FaultTrigger"/> begins: with the kind of call.</summary>
public static class FaultOn
{
    /// <summary>Submissions.</summary>
    public static FaultTrigger Submit { get; } = new(CallKind.Submit);

    /// <summary>Looks at a generation.</summary>
    public static FaultTrigger Fetch { get; } = new(CallKind.Fetch);

    /// <summary>Downloads of pictures.</summary>
    public static FaultTrigger Download { get; } = new(CallKind.Download);

    /// <summary>Uploads of face images.</summary>
    public static FaultTrigger Upload { get; } = new(CallKind.Upload);

    /// <summary>Calls about the account.</summary>
    public static FaultTrigger Account { get; } = new(CallKind.Account);

    /// <summary>The service's own calls to webhooks.</summary>
    public static FaultTrigger Webhook { get; } = new(CallKind.Webhook);

    /// <summary>Calls of every kind that the fault fits.</summary>
    public static FaultTrigger Any { get; } = new(Enum.GetValues<CallKind>());

    /// <summary>Calls of one kind.</summary>
    /// <param name="kind">The kind.</param>
    public static FaultTrigger Kind(CallKind kind) => new(kind);
}
