using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Drawing;

/// <summary>All that a picture depends on: two equal ones are drawn to the same bytes.</summary>
internal sealed record PictureSpec
{
    internal required FaceReference Face { get; init; }
    internal required int Width { get; init; }
    internal required int Height { get; init; }
    internal required string Style { get; init; }
    internal required string Prompt { get; init; }

    /// <summary>The seed that the caller knows, for the caption.</summary>
    internal required long Seed { get; init; }

    /// <summary>Which of the request's samples it is, from 0.</summary>
    internal required int Index { get; init; }

    /// <summary>How far the style departs from the face image: about 1, a little more or less.</summary>
    internal required float Strength { get; init; }

    internal required SafetyTreatment Treatment { get; init; }

    internal static PictureSpec Create(GenerationParameters parameters, int index) => new()
    {
        Face = parameters.Face,
        Width = parameters.Width,
        Height = parameters.Height,
        Style = parameters.Style,
        Prompt = parameters.Prompt,
        Seed = parameters.Seed,
        Index = index,
        Strength = ComputeStrength(parameters),
        Treatment = SafetyChecker.Check(parameters),
    };

    /// <summary>
    /// More guidance and more steps make more of the style; more weight on the face's structure makes less.
    /// </summary>
    private static float ComputeStrength(GenerationParameters parameters)
    {
        double guidance = 0.2 * (parameters.GuidanceScale - 7.5) / 12.5;
        double steps = 0.1 * (parameters.NumInferenceSteps - 21) / 20;
        double structure = -0.2 * (parameters.SScale - 1);
        return (float)(1 + guidance + steps + structure);
    }
}
