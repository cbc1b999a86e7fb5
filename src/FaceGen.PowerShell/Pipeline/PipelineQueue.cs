namespace FaceGen.PowerShell.Pipeline;

/// <summary>
/// The bridge between background work and the pipeline's thread: work posts what it has to say, and the pipeline's
/// thread, which alone may write, says it while it waits.
/// </summary>
internal sealed class PipelineQueue
{
    private readonly Queue<Action> _posted = new();

    /// <summary>Posts, from any thread, what the pipeline's thread is to do next.</summary>
    internal void Post(Action action)
    {
        lock (_posted)
        {
            _posted.Enqueue(action);
            Monitor.PulseAll(_posted);
        }
    }

    /// <summary>Does what is posted until a task has ended; then its result, or its failure, is given on.</summary>
    /// <param name="task">The task.</param>
    /// <param name="tick">Called at least once a second while nothing else happens.</param>
    /// <param name="stop">Ends the wait at once.</param>
    /// <exception cref="OperationCanceledException">A stop was asked for.</exception>
    internal T RunUntil<T>(Task<T> task, Action tick, CancellationToken stop)
    {
        if (task.IsCompleted) tick();
        else Wait(task, tick, stop);

        // What the task posted before it ended comes before its result.
        RunPosted(stop);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Does what has been posted so far.</summary>
    /// <exception cref="OperationCanceledException">A stop was asked for.</exception>
    internal void RunPosted(CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            Action action;
            lock (_posted)
            {
                if (_posted.Count == 0) return;
                action = _posted.Dequeue();
            }

            action();
        }
    }

    private void Wait(Task task, Action tick, CancellationToken stop)
    {
        using CancellationTokenRegistration wakeToStop = stop.Register(Wake);
        _ = task.ContinueWith(_ => Wake(), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        do
        {
            RunPosted(stop);
            tick();
        }
        while (!SleepUntil(task, stop));
    }

    /// <summary>Sleeps until there is something to do, or a second is over; tells whether the task has ended.</summary>
    private bool SleepUntil(Task task, CancellationToken stop)
    {
        lock (_posted)
        {
            if (!task.IsCompleted && _posted.Count == 0 && !stop.IsCancellationRequested)
                Monitor.Wait(_posted, TimeSpan.FromSeconds(1));
        }

        return task.IsCompleted;
    }

    private void Wake()
    {
        lock (_posted) Monitor.PulseAll(_posted);
    }
}
