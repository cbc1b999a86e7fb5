namespace FaceGen.Core.Tests.Support;

/// <summary>Waiting for what comes by itself.</summary>
internal static class Signals
{
    /// <summary>Awaits what ends at once unless the engine is broken: then the test fails instead of hanging.</summary>
    internal static Task<T> GuardAsync<T>(this Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <inheritdoc cref="GuardAsync{T}"/>
    internal static Task GuardAsync(this Task task) => task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Awaits an expected failure.</summary>
    internal static async Task<FaceGen.Contract.FaceGenException> FailureAsync(Task task) =>
        await Assert.ThrowsAsync<FaceGen.Contract.FaceGenException>(() => task);
}
