namespace FaceGen.PowerShell.Pipeline;

/// <summary>
/// The bridge between background work and the pipeline's thread: work posts what it has to say, and the pipeline's
/// thread, which alone may write, says it while it waits.
/// </summary>
internal sealed class PipelineQueue
{
    private readonly Queue<Action> _posted = new();
    private volatile bool _isStopped;
    private volatile bool _isHalted;

    /// <summary>Whether a stop was asked for.</summary>
    internal bool IsStopped => _isStopped;

    /// <summary>Posts, from any thread, what the pipeline's thread is to do next.</summary>
    internal void Post(Action action)
    {
        lock (_posted)
        {
            _posted.Enqueue(action);
            Monitor.PulseAll(_posted);
        }
    }

    /// <summary>Ends every wait, from any thread and at once: no callback of a token comes before it.</summary>
    internal void Stop()
    {
        _isStopped = true;
        Wake();
    }

    /// <summary>
    /// Halts the pipeline's thread at its next wait, until a stop: the process is exiting. A script that went on would take
    /// work that was not done for done, and one that wrote to a terminal that has been closed would end the process at once.
    /// </summary>
    internal void Halt()
    {
        _isHalted = true;
        Wake();
    }

    /// <summary>Waits, on the pipeline's thread, until a halt ends.</summary>
    /// <exception cref="OperationCanceledException">A stop was asked for.</exception>
    internal void WaitWhileHalted()
    {
        lock (_posted)
        {
            while (_isHalted && !_isStopped) Monitor.Wait(_posted);
            if (_isStopped) throw new OperationCanceledException();
        }
    }

    /// <summary>Makes a wait look again at what it waits for, from any thread.</summary>
    internal void Wake()
    {
        lock (_posted) Monitor.PulseAll(_posted);
    }

    /// <summary>Does what is posted until a task has ended; then its result, or its failure, is given on.</summary>
    /// <param name="task">The task.</param>
    /// <param name="tick">Called at least once a second.</param>
    /// <exception cref="OperationCanceledException">A stop was asked for.</exception>
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

    /// <summary>Does what is posted until a condition holds, which is checked after each <see cref="Wake"/>.</summary>
    /// <param name="isDone">The condition.</param>
    /// <param name="tick">Called at least once a second.</param>
    /// <exception cref="OperationCanceledException">A stop was asked for.</exception>
    internal void RunUntil(Func<bool> isDone, Action tick)
    {
        do
        {
            RunPostedActions();
            tick();
        }
        while (!WaitForWork(isDone));

        // What was posted before it held comes before what follows.
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

    /// <summary>Sleeps until there is something to do, or a second is over; true if the condition holds.</summary>
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
