namespace FaceGen.PowerShell.Pipeline;

/// <summary>Runs a cmdlet's work away from the pipeline's thread, which meanwhile writes output and responds to a stop.</summary>
internal sealed class BackgroundWork(PipelineQueue queue, Action tick, Action<Exception, object?> reportError, CancellationToken stopToken)
{
    private const int ReadChunkSize = 64;

    private int _runningCount;

    /// <summary>Gets the number of tasks that have not ended.</summary>
    internal int RunningCount => Volatile.Read(ref _runningCount);

    /// <summary>Runs an action on the pipeline's thread, from any thread.</summary>
    internal void Post(Action action) => queue.Post(action);

    /// <summary>Starts a task; <paramref name="write"/> gets its result on the pipeline's thread.</summary>
    /// <param name="target">The target object of an error.</param>
    /// <param name="work">The task.</param>
    /// <param name="write">Writes the result.</param>
    internal void Start<T>(object? target, Func<Task<T>> work, Action<T> write)
    {
        Interlocked.Increment(ref _runningCount);
        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                T result = await Task.Run(work).ConfigureAwait(false);
                queue.Post(() => write(result));
            }
            catch (OperationCanceledException) when (queue.IsStopped || stopToken.IsCancellationRequested)
            {
                // A stopped pipeline takes no output.
            }
            catch (Exception e)
            {
                queue.Post(() => reportError(e, target));
            }
            finally
            {
                Interlocked.Decrement(ref _runningCount);
                queue.Wake();
            }
        }
    }

    /// <summary>Starts a task that posts its own output.</summary>
    internal void Start(object? target, Func<Task> work) => Start(target, async () =>
    {
        await work().ConfigureAwait(false);
        return true;
    }, _ => { });

    /// <summary>Waits until at most <paramref name="maximum"/> tasks run.</summary>
    internal void Drain(int maximum) => queue.RunUntil(() => RunningCount <= maximum, tick);

    /// <summary>Waits on the pipeline's thread for a task, and meanwhile writes what other work has posted.</summary>
    internal T WaitFor<T>(Task<T> task) => queue.RunUntil(task, tick);

    /// <summary>Waits for an object, and disposes of it if the pipeline stops first.</summary>
    internal T WaitForDisposable<T>(Task<T> task)
        where T : IDisposable
    {
        try
        {
            return WaitFor(task);
        }
        catch
        {
            _ = task.ContinueWith(ended => ended.Result.Dispose(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Enumerates in chunks on another thread, so that a stop does not wait for a disk or a share.</summary>
    internal IEnumerable<T> ReadAhead<T>(IEnumerable<T> source)
    {
        IEnumerator<T> enumerator = source.GetEnumerator();
        Task<List<T>> reading = Task.FromResult<List<T>>([]);
        bool isRead = false;
        try
        {
            while (WaitFor(reading = Task.Run(ReadChunk)) is { Count: > 0 } chunk)
            {
                foreach (T item in chunk) yield return item;
            }

            isRead = true;
        }
        finally
        {
            // A stop may leave a read inside the enumerator, and closing a file or a ledger may block as well.
            Task<bool> closing = reading.ContinueWith(_ =>
            {
                enumerator.Dispose();
                return true;
            }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            if (isRead) WaitFor(closing);
            else closing.ObserveException();
        }

        List<T> ReadChunk()
        {
            List<T> chunk = new(ReadChunkSize);
            while (chunk.Count < ReadChunkSize && enumerator.MoveNext()) chunk.Add(enumerator.Current);
            return chunk;
        }
    }
}
