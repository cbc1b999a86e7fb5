using FaceGen.Contract;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Images;
using SkiaSharp;

namespace FaceGen.Emulator.Generating;

/// <summary>A request's parameters as used, with the service's choice wherever the caller made none.</summary>
internal sealed record GenerationParameters
{
    private const int DefaultSteps = 21;
    private const double DefaultGuidanceScale = 7.5;
    private const double DefaultSScale = 1;
    private const string DefaultStyle = "realistic";
    private const string DefaultSafetyCheckerType = "sensitive_content_text";

    /// <summary>The size where neither the caller nor a known face image tells one.</summary>
    private const int DefaultSide = 512;

    internal required string Prompt { get; init; }
    internal required string? NegativePrompt { get; init; }
    internal required FaceReference Face { get; init; }
    internal required int Width { get; init; }
    internal required int Height { get; init; }
    internal required int NumInferenceSteps { get; init; }
    internal required double GuidanceScale { get; init; }
    internal required double SScale { get; init; }
    internal required int Samples { get; init; }
    internal required bool SafetyChecker { get; init; }
    internal required string SafetyCheckerType { get; init; }
    internal required bool Base64 { get; init; }
    internal required string Style { get; init; }
    internal required long Seed { get; init; }
    internal required string? Webhook { get; init; }
    internal required long? TrackId { get; init; }

    /// <param name="request">What the caller asked for.</param>
    /// <param name="randomSeed">The seed to use where the caller named none.</param>
    internal static GenerationParameters Resolve(GenerationRequest request, long randomSeed)
    {
        (int width, int height) = ResolveSize(request);
        return new GenerationParameters
        {
            Prompt = request.Prompt,
            NegativePrompt = request.NegativePrompt,
            Face = request.Face,
            Width = width,
            Height = height,
            NumInferenceSteps = request.NumInferenceSteps ?? DefaultSteps,
            GuidanceScale = request.GuidanceScale ?? DefaultGuidanceScale,
            SScale = request.SScale ?? DefaultSScale,
            Samples = request.Samples ?? Limits.MinSamples,
            SafetyChecker = request.SafetyChecker ?? false,
            SafetyCheckerType = request.SafetyCheckerType ?? DefaultSafetyCheckerType,
            Base64 = request.Base64 ?? false,
            Style = request.Style ?? DefaultStyle,
            Seed = request.Seed ?? randomSeed,
            Webhook = request.Webhook,
            TrackId = request.TrackId,
        };
    }

    /// <summary>
    /// The face image's size fills in; a larger one is brought down in proportion where both sides are open.
    /// </summary>
    private static (int Width, int Height) ResolveSize(GenerationRequest request)
    {
        SKSizeI face = request.Face.Image?.Size ?? new SKSizeI(DefaultSide, DefaultSide);
        bool open = request.Width is null && request.Height is null;
        double scale = open
            ? Math.Min(1, Math.Min((double)Limits.MaxWidth / face.Width, (double)Limits.MaxHeight / face.Height))
            : 1;
        return (
            request.Width ?? Math.Clamp((int)Math.Round(face.Width * scale), Limits.MinDimension, Limits.MaxWidth),
            request.Height ?? Math.Clamp((int)Math.Round(face.Height * scale), Limits.MinDimension, Limits.MaxHeight));
    }
}
