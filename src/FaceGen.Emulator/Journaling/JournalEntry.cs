namespace FaceGen.Emulator.Journaling;

/// <summary>One call that the emulator answered.</summary>
public sealed record JournalEntry
{
    /// <summary>The place in the order of answers, counted from 1; given by the journal.</summary>
    public long Sequence { get; init; }

    /// <summary>When it was answered, on the emulator's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The path without the host.</summary>
    public required string Path { get; init; }

    /// <summary>The HTTP status of the answer; 0 where none was sent.</summary>
    public required int Status { get; init; }

    /// <summary>
    /// The JSON body as it came, but with the key blotted out and long texts shortened; null without one.
    /// </summary>
    public string? Body { get; init; }

    /// <summary>How many bytes the body had; 0 without one, and where it was not read.</summary>
    public long BytesReceived { get; init; }

    /// <summary>How long the generation takes that the call was about, not counting its wait in the queue.</summary>
    public TimeSpan? ServiceTime { get; init; }

    /// <summary>The generation that the call was about: just accepted, fetched or downloaded.</summary>
    public long? GenerationId { get; init; }

    /// <summary>The id of the fault that was injected; null where the call was served well.</summary>
    public string? Fault { get; init; }

    /// <summary>What was odd about the call though it was answered, such as an unknown field.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
