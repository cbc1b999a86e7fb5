using FaceGen.Generating;

namespace FaceGen.Saving;

/// <summary>
/// Tells an image that came before for another request: some services answer whatever they censor with one and the same
/// file.
/// </summary>
internal sealed class RepeatedImages
{
    /// <summary>How many images are remembered, so that a long run stays in flat memory.</summary>
    private const int Memory = 10_000;

    private readonly Dictionary<string, (string? Prompt, long? Seed)> _first = new(StringComparer.Ordinal);

    /// <summary>Takes an image in; says whether the same file came for another prompt or seed.</summary>
    internal bool Knows(string sha256, Generation generation)
    {
        (string?, long?) request = (generation.Prompt, generation.Seed);
        lock (_first)
        {
            if (_first.TryGetValue(sha256, out (string?, long?) first)) return first != request;
            if (_first.Count < Memory) _first.Add(sha256, request);
            return false;
        }
    }
}
