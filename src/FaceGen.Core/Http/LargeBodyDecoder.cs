namespace FaceGen.Http;

/// <summary>
/// Limits how many large bodies are decoded at the same time in this process: decoding needs several times a body's size,
/// and a service can send many large ones at once.
/// </summary>
internal static class LargeBodyDecoder
{
    /// <summary>How many large bodies are decoded at the same time.</summary>
    internal const int MaxConcurrency = 2;

    /// <summary>The size in bytes from which a body is large.</summary>
    internal const int MinLargeBytes = 1024 * 1024;

    private static readonly SemaphoreSlim Semaphore = new(MaxConcurrency);

    /// <summary>
    /// Decodes a body: a small one at once, a large one in its turn and on a thread of its own, so that neither its turn nor
    /// its decoding outlasts the token.
    /// </summary>
    /// <typeparam name="T">What the body is decoded to.</typeparam>
    /// <param name="length">The body's size in bytes.</param>
    /// <param name="decode">Decodes it.</param>
    /// <param name="cancellationToken">Ends waiting for it.</param>
    /// <exception cref="OperationCanceledException">The token was canceled before the body was decoded.</exception>
    internal static async Task<T> DecodeAsync<T>(long length, Func<T> decode, CancellationToken cancellationToken)
    {
        if (length < MinLargeBytes) return decode();

        await Semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        // It gives its turn back when it has really ended, also if its caller has stopped waiting.
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
