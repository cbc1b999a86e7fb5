using System.Buffers;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Drawing;

/// <summary>What is done to a picture that is not safe for work.</summary>
internal enum SafetyTreatment
{
    None,
    Black,
    Blur,
    Pixelate,
    SensitiveContentText,
}

/// <summary>
/// Decides on the safety treatment. The emulator draws nothing unsafe, so it goes by the prompt: one that contains
/// <c>nsfw</c>, <c>nude</c> or <c>explicit</c>, in any case, is deemed unsafe.
/// </summary>
internal static class SafetyChecker
{
    private static readonly SearchValues<string> UnsafeWords =
        SearchValues.Create(["nsfw", "nude", "explicit"], StringComparison.OrdinalIgnoreCase);

    internal static SafetyTreatment Check(GenerationParameters parameters) =>
        !parameters.SafetyChecker || !parameters.Prompt.AsSpan().ContainsAny(UnsafeWords)
            ? SafetyTreatment.None
            : parameters.SafetyCheckerType switch
            {
                "black" => SafetyTreatment.Black,
                "blur" => SafetyTreatment.Blur,
                "pixelate" => SafetyTreatment.Pixelate,
                _ => SafetyTreatment.SensitiveContentText,
            };
}
