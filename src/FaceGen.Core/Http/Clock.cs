namespace FaceGen.Http;

/// <summary>Waiting on an injected clock, alike on every framework.</summary>
internal static class Clock
{
#if NETSTANDARD
    internal static Task Wait(this TimeProvider time, TimeSpan delay, CancellationToken cancel) => time.Delay(delay, cancel);

    internal static CancellationTokenSource Timer(this TimeProvider time, TimeSpan delay) => time.CreateCancellationTokenSource(delay);
#else
    internal static Task Wait(this TimeProvider time, TimeSpan delay, CancellationToken cancel) => Task.Delay(delay, time, cancel);

    internal static CancellationTokenSource Timer(this TimeProvider time, TimeSpan delay) => new(delay, time);
#endif
}
