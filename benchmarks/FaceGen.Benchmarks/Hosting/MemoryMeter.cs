namespace FaceGen.Benchmarks.Hosting;

/// <summary>
/// Measures this process's memory above the start: the managed heap with garbage, and the resident set, sampled every
/// few milliseconds.
/// </summary>
internal sealed class MemoryMeter : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly List<long> _resident = [];
    private readonly long _heapAtStart;
    private readonly long _residentAtStart;
    private readonly ManualResetEventSlim _stopped = new();
    private readonly Thread _thread;
    private long _heapPeak;

    internal MemoryMeter()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        _heapPeak = _heapAtStart = GC.GetTotalMemory(forceFullCollection: false);
        _residentAtStart = Environment.WorkingSet;
        _thread = new Thread(Sample) { IsBackground = true, Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    /// <summary>Stops measuring.</summary>
    internal MemoryFigures Stop()
    {
        _stopped.Set();
        _thread.Join();
        int half = _resident.Count / 2;
        return new MemoryFigures(
            _heapPeak - _heapAtStart,
            _resident.Max() - _residentAtStart,
            _resident.Skip(half).Max() - _resident.Take(Math.Max(1, half)).Max(),
            GC.GetTotalMemory(forceFullCollection: true) - _heapAtStart);
    }

    public void Dispose()
    {
        _stopped.Set();
        _thread.Join();
        _stopped.Dispose();
    }

    private void Sample()
    {
        do
        {
            _heapPeak = Math.Max(_heapPeak, GC.GetTotalMemory(forceFullCollection: false));
            _resident.Add(Environment.WorkingSet);
        }
        while (!_stopped.Wait(Interval));
    }
}

/// <summary>Bytes above the start.</summary>
/// <param name="HeapPeak">The maximum of the managed heap, with garbage.</param>
/// <param name="ResidentPeak">The maximum of the resident set.</param>
/// <param name="SecondHalfGrowth">The resident peak of the second half minus that of the first.</param>
/// <param name="HeapAtEnd">The managed heap at the end, without garbage.</param>
internal sealed record MemoryFigures(long HeapPeak, long ResidentPeak, long SecondHalfGrowth, long HeapAtEnd);
