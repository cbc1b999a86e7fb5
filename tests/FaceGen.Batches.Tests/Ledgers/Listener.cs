using System.Collections.Concurrent;
using FaceGen.Generating;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Keeps what it is told.</summary>
internal sealed class Listener : IListener
{
    internal ConcurrentQueue<string> Lines { get; } = [];

    internal ConcurrentQueue<string> Warnings { get; } = [];

    public void Tell(string line) => Lines.Enqueue(line);

    public void Warn(string line) => Warnings.Enqueue(line);
}
