namespace FaceGen.Batches.Ledgers.Postgres;

/// <summary>
/// Runs work of the database's driver so that neither a cancellation nor its caller ever waits for the driver.
/// </summary>
/// <remarks>
/// The driver answers a cancellation on the canceling thread: it connects to the server once more and asks it to end the
/// statement. While the database cannot be reached that takes until the connect timeout, or for ever.
/// </remarks>
internal sealed class DriverCall
{
    private const int Working = 0, Completing = 1, Abandoned = 2;

    private readonly TaskCompletionSource<bool> _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    private DriverCall(CancellationToken driverToken) => DriverToken = driverToken;

    /// <summary>Gets the token for the driver, which is canceled on a thread of its own.</summary>
    internal CancellationToken DriverToken { get; }

    /// <summary>
    /// Begins what cannot be taken back, such as a commit: from then on the caller waits for the result. False if the caller
    /// has gone; then nothing may be left behind.
    /// </summary>
    internal bool TryBeginCompletion() => Interlocked.CompareExchange(ref _state, Completing, Working) != Abandoned;

    /// <summary>Runs work. When it is canceled before it completes, the work ends in the background.</summary>
    /// <exception cref="OperationCanceledException">It was canceled, and the work leaves nothing behind.</exception>
    internal static async Task<T> RunAsync<T>(Func<DriverCall, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // The driver may use it longer than this call lasts; without a timer there is nothing to dispose of.
        var driver = new CancellationTokenSource();
        var call = new DriverCall(driver.Token);
        using (cancellationToken.Register(() => call.Cancel(driver)))
        {
            Task<T> running = Task.Run(() => work(call), CancellationToken.None);
            if (await Task.WhenAny(running, call._abandoned.Task).ConfigureAwait(false) == running) return await running.ConfigureAwait(false);

            // Its error has no receiver any more: observed, so that it raises no event.
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
