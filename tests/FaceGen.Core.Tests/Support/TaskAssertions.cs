namespace FaceGen.Core.Tests.Support;

/// <summary>Awaits work that ends by itself.</summary>
internal static class TaskAssertions
{
    /// <summary>The timeout, longer than work takes on any busy machine.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    /// <summary>Awaits work that ends at once; if it does not, the test fails instead of hanging.</summary>
    internal static Task<T> WithTimeoutAsync<T>(this Task<T> task) => task.WaitAsync(Timeout);

    /// <inheritdoc cref="WithTimeoutAsync{T}"/>
    internal static Task WithTimeoutAsync(this Task task) => task.WaitAsync(Timeout);

    /// <summary>Awaits an expected error.</summary>
    internal static async Task<FaceGen.FaceGenException> GetErrorAsync(Task task) =>
        await Assert.ThrowsAsync<FaceGen.FaceGenException>(() => task);
}
