namespace FaceGen.Http;

/// <summary>
/// Limits the number of large bodies that are decoded at the same time in this process, because decoding needs several times the
/// size of a body.
/// </summary>
internal static class LargeBodyDecoder
{
    /// <summary>The maximum number of large bodies that are decoded at the same time.</summary>
    internal const int MaxConcurrency = 2;

    /// <summary>The minimum size of a large body, in bytes.</summary>
    internal const int MinLargeBytes = 1024 * 1024;

    private static readonly SemaphoreSlim Semaphore = new(MaxConcurrency);

    /// <summary>
    /// Decodes a body: a small one synchronously, a large one on another thread when the limit allows it.
    /// </summary>
    /// <typeparam name="T">The type of the decoded body.</typeparam>
    /// <param name="length">The body's size in bytes.</param>
    /// <param name="decode">Decodes the body.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="OperationCanceledException">The token was canceled before the body was decoded.</exception>
    internal static async Task<T> DecodeAsync<T>(long length, Func<T> decode, CancellationToken cancellationToken)
    {
        if (length < MinLargeBytes) return decode();

        await Semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        // Decoding continues after a canceled wait and releases the semaphore only when it ends.
        Task<T> decoding = Task.Run(() =>
        {
            try
            {
                return decode();
            }
            finally
            {
                Semaphore.Release();
            }
        }, CancellationToken.None);
        decoding.ObserveException();
        return await decoding.WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}
