using FaceGen.Contract;

namespace FaceGen.Generating;

/// <summary>
/// Warns of generations with fewer images than requested (Q41): of each of the first ones of a command or run, and of the number of the
/// others at its end.
/// </summary>
/// <param name="log">Receives the warnings.</param>
internal sealed class MissingImageWarnings(IEngineLog log)
{
    /// <summary>The number of generations with a warning of their own.</summary>
    private const int MaxSingleWarnings = 5;

    private static readonly string Explanation =
        $"Check the balance to see whether missing images were charged. For {RequestField.Width.Maximum} x {RequestField.Height.Maximum} pixels the service generates one image, even if more are requested: use a smaller size, or a row for each image.";

    private int _count;
    private int _images;

    /// <summary>Warns of a generation if it has fewer images than requested, unless another command of the pipeline did.</summary>
    /// <returns>The generation, which knows that the warning was given.</returns>
    internal Generation Add(Generation generation)
    {
        if (generation.HasMissingImageWarning || generation.MissingImageCount is not (> 0 and var missing)) return generation;

        Generation reported = generation with { HasMissingImageWarning = true };
        Interlocked.Add(ref _images, missing);
        if (Interlocked.Increment(ref _count) > MaxSingleWarnings) return reported;

        string row = generation.Source is { } source ? $"{source}: " : "";
        log.LogWarning($"{row}The service returned {generation.ImageCount} of {generation.ImageCount + missing} images for generation {generation.Id}. {Explanation}");
        return reported;
    }

    /// <summary>Warns of the generations without a warning of their own.</summary>
    internal void Complete()
    {
        if (_count > MaxSingleWarnings)
            log.LogWarning($"The service returned fewer images than requested for {_count} generations; {_images} images are missing. {Explanation}");
    }
}
