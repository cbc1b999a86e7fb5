using FaceGen.BatchModel;

namespace FaceGen.Batches.Running;

/// <summary>Measures the progress and the rate of a run.</summary>
internal sealed class RunProgress(TimeProvider time, long total)
{
    /// <summary>The number of the latest ended rows by which the rate is measured.</summary>
    private const int Window = 100;

    private readonly Queue<long> _ends = new([time.GetTimestamp()]);
    private long _ended;
    private long _failed;

    /// <summary>Records that a row has ended.</summary>
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
