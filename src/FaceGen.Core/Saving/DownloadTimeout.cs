namespace FaceGen.Saving;

/// <summary>
/// The timeouts of a download: one for all of it, which may be long for a large body on a slow line, and one for the time in
/// which no data comes.
/// </summary>
internal sealed class DownloadTimeout : IDisposable
{
    /// <summary>How long a server may send nothing.</summary>
    internal static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The longest time that is given to a timer, which has a limit.</summary>
    private static readonly TimeSpan MaxTimer = TimeSpan.FromDays(1);

    /// <summary>Has no timer of its own, and so need not be disposed of: <see cref="_idleTimer"/> may fire late.</summary>
    private readonly CancellationTokenSource _idleSource = new();

    private readonly CancellationTokenSource _totalSource;
    private readonly CancellationTokenSource _linkedSource;
    private readonly ITimer _idleTimer;

    /// <summary>Starts both timeouts.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="total">How long the download may take.</param>
    /// <param name="cancellationToken">Cancels the download.</param>
    internal DownloadTimeout(TimeProvider time, TimeSpan total, CancellationToken cancellationToken)
    {
        _totalSource = time.CreateTimeoutSource(total < TimeSpan.Zero ? TimeSpan.Zero : total < MaxTimer ? total : MaxTimer);
        _linkedSource = CancellationTokenSource.CreateLinkedTokenSource(_totalSource.Token, _idleSource.Token, cancellationToken);
        _idleTimer = time.CreateTimer(_ => _idleSource.Cancel(), null, IdleTimeout, Timeout.InfiniteTimeSpan);
        Token = _linkedSource.Token;
    }

    /// <summary>Gets the token that a timeout, or the caller, cancels.</summary>
    internal CancellationToken Token { get; }

    /// <summary>True if a timeout has elapsed.</summary>
    internal bool HasElapsed => _totalSource.IsCancellationRequested || _idleSource.IsCancellationRequested;

    /// <summary>Restarts the idle timeout: the server has sent data.</summary>
    internal void RestartIdleTimer() => _idleTimer.Change(IdleTimeout, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose()
    {
        _idleTimer.Dispose();
        _linkedSource.Dispose();
        _totalSource.Dispose();
    }
}
