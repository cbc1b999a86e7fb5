namespace FaceGen.PowerShell.Pipeline;

/// <summary>
/// Actions for the pipeline's thread, which alone may write output. Background work posts them, and the pipeline's thread runs
/// them while it waits.
/// </summary>
internal sealed class PipelineQueue
{
    private readonly Queue<Action> _posted = new();
    private volatile bool _isStopped;
    private volatile bool _isHalted;

    /// <summary>True if <see cref="Stop"/> was called.</summary>
    internal bool IsStopped => _isStopped;

    /// <summary>Posts an action, from any thread.</summary>
    internal void Post(Action action)
    {
        lock (_posted)
        {
            _posted.Enqueue(action);
            Monitor.PulseAll(_posted);
        }
    }

    /// <summary>Ends every wait at once, from any thread. It does not wait for callbacks of a token.</summary>
    internal void Stop()
    {
        _isStopped = true;
        Wake();
    }

    /// <summary>
    /// Halts the pipeline's thread at its next wait, because the process exits: a script that continued would treat unfinished
    /// work as done, and writing to a closed terminal would end the process at once.
    /// </summary>
    internal void Halt()
    {
        _isHalted = true;
        Wake();
    }

    /// <summary>Waits on the pipeline's thread while it is halted.</summary>
    /// <exception cref="OperationCanceledException">The pipeline was stopped.</exception>
    internal void WaitWhileHalted()
    {
        lock (_posted)
        {
            while (_isHalted && !_isStopped) Monitor.Wait(_posted);
            if (_isStopped) throw new OperationCanceledException();
        }
    }

    /// <summary>Makes a wait check its condition, from any thread.</summary>
    internal void Wake()
    {
        lock (_posted) Monitor.PulseAll(_posted);
    }

    /// <summary>Runs posted actions until a task has ended, and returns its result or throws its exception.</summary>
    /// <param name="task">The task.</param>
    /// <param name="tick">Called at least once a second.</param>
    /// <exception cref="OperationCanceledException">The pipeline was stopped.</exception>
    internal T RunUntil<T>(Task<T> task, Action tick)
    {
        if (!task.IsCompleted)
        {
            _ = task.ContinueWith(_ => Wake(), CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        RunUntil(() => task.IsCompleted, tick);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Runs posted actions until a condition holds, which is checked after each <see cref="Wake"/>.</summary>
    /// <param name="isDone">The condition.</param>
    /// <param name="tick">Called at least once a second.</param>
    /// <exception cref="OperationCanceledException">The pipeline was stopped.</exception>
    internal void RunUntil(Func<bool> isDone, Action tick)
    {
        do
        {
            RunPostedActions();
            tick();
        }
        while (!WaitForWork(isDone));

        // Actions that were posted before the condition held.
        RunPostedActions();
    }

    private void RunPostedActions()
    {
        while (true)
        {
            WaitWhileHalted();
            Action action;
            lock (_posted)
            {
                if (_posted.Count == 0) return;
                action = _posted.Dequeue();
            }

            action();
        }
    }

    /// <summary>Waits up to a second for an action; returns true if the condition holds.</summary>
    private bool WaitForWork(Func<bool> isDone)
    {
        lock (_posted)
        {
            if (isDone() && !_isHalted) return true;
            if (_posted.Count == 0 && !_isStopped && !_isHalted) Monitor.Wait(_posted, TimeSpan.FromSeconds(1));
        }

        return isDone() && !_isHalted;
    }
}
