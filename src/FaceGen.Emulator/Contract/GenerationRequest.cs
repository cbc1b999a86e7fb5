using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Contract;

/// <summary>
/// A request for a generation that keeps to the contract; null where the caller left the choice to the service.
/// </summary>
internal sealed record GenerationRequest
{
    internal required string Prompt { get; init; }
    internal string? NegativePrompt { get; init; }
    internal required FaceReference Face { get; init; }
    internal int? Width { get; init; }
    internal int? Height { get; init; }
    internal int? NumInferenceSteps { get; init; }
    internal double? GuidanceScale { get; init; }
    internal double? SScale { get; init; }
    internal int? Samples { get; init; }
    internal bool? SafetyChecker { get; init; }
    internal string? SafetyCheckerType { get; init; }
    internal bool? Base64 { get; init; }
    internal string? Style { get; init; }
    internal long? Seed { get; init; }
    internal string? Webhook { get; init; }
    internal long? TrackId { get; init; }

    /// <summary>
    /// What is asked for, in the form that <see cref="Journaling.Journal.AcceptedByRequest"/> describes.
    /// </summary>
    internal required string CanonicalText { get; init; }
}
