using System.Globalization;

namespace FaceGen.Benchmarks.Running;

/// <summary>Prompts that each stand for one request, so that what the service draws for it is the same whoever asks.</summary>
internal static class Prompts
{
    /// <summary>The prompts in the order of submission, which is the order of their text as well.</summary>
    internal static IReadOnlyList<string> Numbered(int count, string prefix = "portrait") =>
        [.. Enumerable.Range(1, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"{prefix} {number:0000000}"))];
}
