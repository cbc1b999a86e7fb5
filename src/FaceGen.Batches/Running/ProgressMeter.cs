using FaceGen.BatchModel;

namespace FaceGen.Batches.Running;

/// <summary>Tells how far a run is and how fast it goes.</summary>
internal sealed class ProgressMeter(TimeProvider time, long total)
{
    /// <summary>The rate is that of so many rows that ended last.</summary>
    private const int Window = 100;

    private readonly Queue<long> _ends = new([time.GetTimestamp()]);
    private long _ended;
    private long _failed;

    /// <summary>A row has come to its end in this run.</summary>
    internal void RecordEnd(bool isSaved)
    {
        lock (_ends)
        {
            _ended++;
            if (!isSaved) _failed++;
            _ends.Enqueue(time.GetTimestamp());
            if (_ends.Count > Window) _ends.Dequeue();
        }
    }

    internal BatchProgress GetProgress(int inFlight, DateTimeOffset? nearestExpiry)
    {
        lock (_ends)
        {
            TimeSpan span = time.GetElapsedTime(_ends.Peek());
            double perMinute = span > TimeSpan.Zero ? (_ends.Count - 1) / span.TotalMinutes : 0;
            long left = Math.Max(0, total - _ended);
            return new BatchProgress(Math.Max(total, _ended), _ended, _failed, inFlight, perMinute,
                perMinute > 0 ? TimeSpan.FromMinutes(Math.Min(left / perMinute, TimeSpan.FromDays(365).TotalMinutes)) : null, nearestExpiry);
        }
    }
}
