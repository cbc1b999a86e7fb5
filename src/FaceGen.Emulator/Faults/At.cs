namespace FaceGen.Emulator.Faults;

/// <summary>Where an <see cref="Occasion"/> begins: with the kind of call.</summary>
public static class At
{
    /// <summary>Submissions.</summary>
    public static Occasion Submit { get; } = new(CallKind.Submit);

    /// <summary>Looks at a generation.</summary>
    public static Occasion Fetch { get; } = new(CallKind.Fetch);

    /// <summary>Downloads of pictures.</summary>
    public static Occasion Download { get; } = new(CallKind.Download);

    /// <summary>Uploads of face images.</summary>
    public static Occasion Upload { get; } = new(CallKind.Upload);

    /// <summary>Calls about the account.</summary>
    public static Occasion Account { get; } = new(CallKind.Account);

    /// <summary>The service's own calls to webhooks.</summary>
    public static Occasion Webhook { get; } = new(CallKind.Webhook);

    /// <summary>Calls of every kind that the fault fits.</summary>
    public static Occasion Any { get; } = new(Enum.GetValues<CallKind>());

    /// <summary>Calls of one kind.</summary>
    /// <param name="kind">The kind.</param>
    public static Occasion Kind(CallKind kind) => new(kind);
}
