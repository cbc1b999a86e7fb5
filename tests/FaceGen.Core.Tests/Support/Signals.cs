namespace FaceGen.Core.Tests.Support;

/// <summary>Waiting for what comes by itself.</summary>
internal static class Signals
{
    /// <summary>No machine is so busy that what ends by itself takes as long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Awaits what ends at once unless the engine is broken: then the test fails instead of hanging.</summary>
    internal static Task<T> GuardAsync<T>(this Task<T> task) => task.WaitAsync(Patience);

    /// <inheritdoc cref="GuardAsync{T}"/>
    internal static Task GuardAsync(this Task task) => task.WaitAsync(Patience);

    /// <summary>Awaits an expected failure.</summary>
    internal static async Task<FaceGen.Contract.FaceGenException> FailureAsync(Task task) =>
        await Assert.ThrowsAsync<FaceGen.Contract.FaceGenException>(() => task);
}
