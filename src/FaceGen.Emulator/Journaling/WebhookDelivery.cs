namespace FaceGen.Emulator.Journaling;

/// <summary>One call that the emulator made to a request's webhook.</summary>
public sealed record WebhookDelivery
{
    /// <summary>When it went out, on the emulator's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The webhook that it went to.</summary>
    public required Uri Uri { get; init; }

    /// <summary>What it carried.</summary>
    public required string Body { get; init; }

    /// <summary>The generation whose webhook it is; the body may tell another id, where a fault makes it.</summary>
    public long GenerationId { get; init; }

    /// <summary>The HTTP status that the webhook answered; 0 where none came.</summary>
    public int Status { get; init; }

    /// <summary>Why no answer came; null where one did.</summary>
    public string? Error { get; init; }

    /// <summary>The id of the fault that made it; null where it is as it should be.</summary>
    public string? Fault { get; init; }
}
