namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>
/// Runs work of the database driver so that neither a cancellation nor its caller waits for the driver.
/// </summary>
/// <remarks>
/// Npgsql handles a cancellation on the canceling thread: it opens another connection and asks the server to end the statement. While
/// the database is unreachable, that takes until the connect timeout, or forever.
/// </remarks>
internal sealed class DriverCall
{
    private const int Working = 0, Completing = 1, Abandoned = 2;

    private readonly TaskCompletionSource<bool> _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    private DriverCall(CancellationToken driverToken) => DriverToken = driverToken;

    /// <summary>Gets the token for the driver, which is canceled on another thread.</summary>
    internal CancellationToken DriverToken { get; }

    /// <summary>
    /// Begins a step that cannot be undone, such as a commit: from then on the caller waits for the result. False if the caller was
    /// canceled: then the work must leave nothing behind.
    /// </summary>
    internal bool TryBeginCompletion() => Interlocked.CompareExchange(ref _state, Completing, Working) != Abandoned;

    /// <summary>Gets a value that is true if the caller was canceled before the completion began, and does not wait any more.</summary>
    internal bool IsAbandoned => Volatile.Read(ref _state) == Abandoned;

    /// <summary>Takes a beginning completion back: nothing was completed, and the work continues.</summary>
    internal void CancelCompletion() => Interlocked.CompareExchange(ref _state, Working, Completing);

    /// <summary>Runs work. If it is canceled before it completes, it ends in the background.</summary>
    /// <exception cref="OperationCanceledException">The call was canceled, and the work leaves nothing behind.</exception>
    internal static async Task<T> RunAsync<T>(Func<DriverCall, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Not disposed: the driver may use it longer than this call lasts, and it has no timer.
        var driver = new CancellationTokenSource();
        var call = new DriverCall(driver.Token);
        using (cancellationToken.Register(() => call.Cancel(driver)))
        {
            Task<T> running = Task.Run(() => work(call), CancellationToken.None);
            if (await Task.WhenAny(running, call._abandoned.Task).ConfigureAwait(false) == running) return await running.ConfigureAwait(false);

            // Observes the exception, which no caller receives any more.
            _ = running.ContinueWith(ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private void Cancel(CancellationTokenSource driver)
    {
        _ = Task.Run(driver.Cancel, CancellationToken.None);
        if (Interlocked.CompareExchange(ref _state, Abandoned, Working) == Working) _abandoned.TrySetResult(true);
    }
}
