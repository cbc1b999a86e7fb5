namespace FaceGen.Saving;

/// <summary>
/// How long a server is listened to: it may take its time for a large body on a slow line, but not say nothing for long.
/// </summary>
internal sealed class DownloadTimeout : IDisposable
{
    /// <summary>How long a server may say nothing.</summary>
    internal static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Timers take no longer times.</summary>
    private static readonly TimeSpan MaxTimer = TimeSpan.FromDays(1);

    /// <summary>Has no timer of its own, and so nothing to dispose of: the one below may fire late.</summary>
    private readonly CancellationTokenSource _idleSource = new();

    private readonly CancellationTokenSource _totalSource;
    private readonly CancellationTokenSource _linkedSource;
    private readonly ITimer _idleTimer;

    /// <param name="time">The clock.</param>
    /// <param name="total">How long all of it may take.</param>
    /// <param name="cancellationToken">Ends it before.</param>
    internal DownloadTimeout(TimeProvider time, TimeSpan total, CancellationToken cancellationToken)
    {
        _totalSource = time.CreateTimeoutSource(total < TimeSpan.Zero ? TimeSpan.Zero : total < MaxTimer ? total : MaxTimer);
        _linkedSource = CancellationTokenSource.CreateLinkedTokenSource(_totalSource.Token, _idleSource.Token, cancellationToken);
        _idleTimer = time.CreateTimer(_ => _idleSource.Cancel(), null, IdleTimeout, Timeout.InfiniteTimeSpan);
        Token = _linkedSource.Token;
    }

    /// <summary>Cancelled when the patience is at its end, and when it is ended before.</summary>
    internal CancellationToken Token { get; }

    /// <summary>Whether the server has said nothing for too long, or not enough in all the time that there was.</summary>
    internal bool HasElapsed => _totalSource.IsCancellationRequested || _idleSource.IsCancellationRequested;

    /// <summary>The server has said something.</summary>
    internal void RestartIdleTimer() => _idleTimer.Change(IdleTimeout, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose()
    {
        _idleTimer.Dispose();
        _linkedSource.Dispose();
        _totalSource.Dispose();
    }
}
