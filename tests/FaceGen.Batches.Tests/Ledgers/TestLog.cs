using System.Collections.Concurrent;
using FaceGen.Generating;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Collects the lines of a log.</summary>
internal sealed class TestLog : IEngineLog
{
    internal ConcurrentQueue<string> VerboseLines { get; } = [];

    internal ConcurrentQueue<string> Warnings { get; } = [];

    public void LogVerbose(string message) => VerboseLines.Enqueue(message);

    public void LogWarning(string message) => Warnings.Enqueue(message);
}
