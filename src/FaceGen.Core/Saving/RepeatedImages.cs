namespace FaceGen.Saving;

/// <summary>
/// Tells an image that came before for another request: some services answer whatever they censor with one and the same
/// file.
/// </summary>
internal sealed class RepeatedImages
{
    /// <summary>How many images are remembered, so that a long run stays in flat memory.</summary>
    private const int MaxRemembered = 10_000;

    private readonly Dictionary<string, (string? Prompt, long? Seed)> _firstRequests = new(StringComparer.Ordinal);

    /// <summary>Takes an image in; says whether the same file came for another prompt or seed.</summary>
    internal bool AddAndCheck(string sha256, Generation generation)
    {
        (string?, long?) request = (generation.Prompt, generation.Seed);
        lock (_firstRequests)
        {
            if (_firstRequests.TryGetValue(sha256, out (string?, long?) first)) return first != request;
            if (_firstRequests.Count < MaxRemembered) _firstRequests.Add(sha256, request);
            return false;
        }
    }
}
