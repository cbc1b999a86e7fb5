namespace FaceGen.Core.Tests.Support;

/// <summary>Waiting for what comes by itself.</summary>
internal static class Signals
{
    /// <summary>No machine is so busy that what ends by itself takes as long.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    /// <summary>Awaits what ends at once unless the engine is broken: then the test fails instead of hanging.</summary>
    internal static Task<T> WithTimeoutAsync<T>(this Task<T> task) => task.WaitAsync(Timeout);

    /// <inheritdoc cref="WithTimeoutAsync{T}"/>
    internal static Task WithTimeoutAsync(this Task task) => task.WaitAsync(Timeout);

    /// <summary>Awaits an expected failure.</summary>
    internal static async Task<FaceGen.FaceGenException> GetErrorAsync(Task task) =>
        await Assert.ThrowsAsync<FaceGen.FaceGenException>(() => task);
}
