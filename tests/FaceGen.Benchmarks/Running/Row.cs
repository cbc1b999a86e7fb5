namespace FaceGen.Benchmarks.Running;

/// <summary>A row of the table.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="FaceGen">What FaceGen needed.</param>
/// <param name="Peer">What its peers needed.</param>
/// <param name="Ratio">The one to the other, where that is what counts.</param>
/// <param name="Target">What must be reached.</param>
/// <param name="IsTargetMet">Whether it was; null where the bar could not be judged here.</param>
internal sealed record Row(string Metric, string FaceGen, string Peer, string Ratio, string Target, bool? IsTargetMet);
