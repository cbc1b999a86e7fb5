namespace FaceGen.Emulator.Accounts;

/// <summary>Lets so many calls through in any minute. Not safe for use by several threads.</summary>
internal sealed class PerMinuteLimiter(int callsPerMinute)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Queue<DateTimeOffset> _calls = new();

    /// <returns>Zero where the call may pass; otherwise how long until the next one may.</returns>
    internal TimeSpan Acquire(DateTimeOffset now)
    {
        while (_calls.TryPeek(out DateTimeOffset oldest) && now - oldest >= Window)
            _calls.Dequeue();
        if (_calls.Count >= callsPerMinute)
            return _calls.Peek() + Window - now;

        _calls.Enqueue(now);
        return TimeSpan.Zero;
    }
}
