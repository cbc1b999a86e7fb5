namespace FaceGen.Saving;

/// <summary>
/// Performs an action once for all callers that wait for it, such as the flush of a folder in which several files have been renamed. A
/// caller waits for an action that began after its call, because one in progress may have begun too early for it.
/// </summary>
/// <param name="action">The action. Its exception is thrown to one caller; the others have it performed again.</param>
internal sealed class SharedAction(Action action)
{
    private readonly object _gate = new();
    private long _calls;
    private long _completedCalls;
    private bool _isRunning;

    /// <summary>Returns when the action has been performed since the call.</summary>
    internal void Perform()
    {
        lock (_gate)
        {
            long call = ++_calls;
            while (_completedCalls < call)
            {
                if (_isRunning) Monitor.Wait(_gate);
                else PerformForAll();
            }
        }
    }

    /// <summary>Performs the action outside the lock, for all calls so far.</summary>
    private void PerformForAll()
    {
        long calls = _calls;
        _isRunning = true;
        Monitor.Exit(_gate);
        try
        {
            action();
        }
        catch
        {
            calls = 0;
            throw;
        }
        finally
        {
            Monitor.Enter(_gate);
            _isRunning = false;
            _completedCalls = Math.Max(_completedCalls, calls);
            Monitor.PulseAll(_gate);
        }
    }
}
