using System.Runtime.CompilerServices;

namespace FaceGen.Simulation.Scheduling;

/// <summary>
/// Awaits the moment at which the thread pool has nothing left to run. It has one thread in this program, so that everything
/// that could run has run by then, in an order that is the same each time.
/// </summary>
internal static class ThreadPoolQueue
{
    /// <summary>How many turns the queue is given: work that never comes to rest is a fault of its own.</summary>
    private const int MaxTurns = 1_000_000;

    /// <summary>Leaves the thread pool one thread. The test platform itself needs more before the tests begin.</summary>
    internal static void UseOneThread()
    {
        ThreadPool.GetMaxThreads(out _, out int completions);
        // No maximum is below the minimum, which is the number of processors at first.
        if (!ThreadPool.SetMinThreads(1, 1) || !ThreadPool.SetMaxThreads(1, completions))
            throw new InvalidOperationException("The thread pool cannot be limited to one thread, and a history is decided by its seed only with one.");
    }

    /// <summary>Waits until nothing is queued.</summary>
    internal static async Task WhenEmptyAsync()
    {
        for (int turn = 0; turn < MaxTurns; turn++)
        {
            await default(Turn);
            if (ThreadPool.PendingWorkItemCount == 0) return;
        }

        throw new InvalidOperationException("The thread pool never came to rest.");
    }

    /// <summary>Continues behind everything that is queued.</summary>
    private readonly struct Turn : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Turn GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => ThreadPool.UnsafeQueueUserWorkItem(run => run(), continuation, preferLocal: false);
    }
}
