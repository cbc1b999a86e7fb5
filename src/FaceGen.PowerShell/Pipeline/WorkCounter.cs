namespace FaceGen.PowerShell.Pipeline;

/// <summary>Counts work and signals when none is left. Each call takes constant time.</summary>
internal sealed class WorkCounter
{
    private readonly object _gate = new();
    private TaskCompletionSource<bool>? _idle;
    private int _count;

    /// <summary>Gets a task that ends when the count is 0 for the first time from now on.</summary>
    internal Task WhenIdle
    {
        get
        {
            lock (_gate)
            {
                return _count == 0 ? Task.CompletedTask : (_idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>Counts one more.</summary>
    internal void Increment()
    {
        lock (_gate) _count++;
    }

    /// <summary>Counts one less.</summary>
    internal void Decrement()
    {
        lock (_gate)
        {
            if (--_count > 0) return;

            _idle?.TrySetResult(true);
            _idle = null;
        }
    }
}
