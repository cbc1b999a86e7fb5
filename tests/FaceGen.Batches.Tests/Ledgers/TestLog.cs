using System.Collections.Concurrent;
using FaceGen.Generating;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Keeps what it is told.</summary>
internal sealed class TestLog : IEngineLog
{
    internal ConcurrentQueue<string> VerboseLines { get; } = [];

    internal ConcurrentQueue<string> Warnings { get; } = [];

    public void LogVerbose(string message) => VerboseLines.Enqueue(message);

    public void LogWarning(string message) => Warnings.Enqueue(message);
}
