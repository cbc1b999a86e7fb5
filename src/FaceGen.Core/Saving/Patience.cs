using FaceGen.Http;

namespace FaceGen.Saving;

/// <summary>
/// How long a server is listened to: it may take its time for a large body on a slow line, but not say nothing for long.
/// </summary>
internal sealed class Patience : IDisposable
{
    /// <summary>How long a server may say nothing.</summary>
    internal static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    /// <summary>Timers take no longer times.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    /// <summary>Has no timer of its own, and so nothing to dispose of: the one below may fire late.</summary>
    private readonly CancellationTokenSource _quiet = new();

    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenSource _either;
    private readonly ITimer _silence;

    /// <param name="time">The clock.</param>
    /// <param name="longest">How long all of it may take.</param>
    /// <param name="cancel">Ends it before.</param>
    internal Patience(TimeProvider time, TimeSpan longest, CancellationToken cancel)
    {
        _over = time.Timer(longest < TimeSpan.Zero ? TimeSpan.Zero : longest < LongestTimer ? longest : LongestTimer);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, _quiet.Token, cancel);
        _silence = time.CreateTimer(_ => _quiet.Cancel(), null, LongestSilence, Timeout.InfiniteTimeSpan);
        Token = _either.Token;
    }

    /// <summary>Cancelled when the patience is at its end, and when it is ended before.</summary>
    internal CancellationToken Token { get; }

    /// <summary>Whether the server has said nothing for too long, or not enough in all the time that there was.</summary>
    internal bool IsOver => _over.IsCancellationRequested || _quiet.IsCancellationRequested;

    /// <summary>The server has said something.</summary>
    internal void Renew() => _silence.Change(LongestSilence, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose()
    {
        _silence.Dispose();
        _either.Dispose();
        _over.Dispose();
    }
}
