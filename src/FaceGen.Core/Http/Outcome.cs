using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>Represents what a response means for its request.</summary>
internal abstract record Outcome
{
    private Outcome() { }

    /// <summary>The generation is finished: its images are ready, or the service could not generate them.</summary>
    internal sealed record Finished(ServiceResponse Response, GenerationStatus Status) : Outcome
    {
        /// <summary>Gets <see cref="ServiceMessage.Reason"/> of a submission whose response says that it failed.</summary>
        internal string Reason { get; init; } = "";

        /// <summary>Gets the error that every other request would get too and that ends the run, if any.</summary>
        internal FaceGenException? FatalError { get; init; }
    }

    /// <summary>The service accepted the request and has not finished it.</summary>
    internal sealed record Pending(ServiceResponse Response) : Outcome;

    /// <summary>The request was not accepted and can be sent again.</summary>
    /// <param name="Reason">The message of the service or the network.</param>
    /// <param name="Delay">The delay that the service requested, if any.</param>
    internal sealed record Retry(string Reason, TimeSpan? Delay) : Outcome
    {
        /// <summary>The number of consecutive failures after which <see cref="PersistentError"/> ends the run.</summary>
        internal const int MaxConsecutiveFailures = 3;

        /// <summary>True if the account's queue is full.</summary>
        internal bool IsQueueFull { get; init; }

        /// <summary>True if the refusal names neither the queue nor a delay: the service may limit the rate of submissions (Q45).</summary>
        internal bool IsBareRateLimit { get; init; }

        /// <summary>True if the service accepts the same request again only after a while (Q40).</summary>
        internal bool IsRepeat { get; init; }

        /// <summary>Gets the limit of the account's queue in the service's message, if any.</summary>
        internal int? QueueLimit { get; init; }

        /// <summary>True if the service could not be reached.</summary>
        internal bool IsUnreachable { get; init; }

        /// <summary>
        /// Gets the error that ends the run if the failure repeats <see cref="MaxConsecutiveFailures"/> consecutive times; null if it may
        /// repeat without end.
        /// </summary>
        internal FaceGenException? PersistentError { get; init; }

        /// <summary>Gets the refusal of the way in which the face image was sent; null if there is none. The image can be sent another way.</summary>
        internal Failed? FaceRefusal { get; init; }
    }

    /// <summary>The request failed permanently, or the whole run did (<see cref="FaceGenException.EndsRun"/>).</summary>
    internal sealed record Failed(FaceGenException Error) : Outcome
    {
        /// <summary>Gets <see cref="ServiceMessage.Reason"/>, equal for all requests that fail for the same reason.</summary>
        internal string Reason { get; init; } = "";

        /// <summary>True if the reason is the face image, which other requests may share.</summary>
        internal bool IsFaceImageError { get; init; }
    }

    /// <summary>The service may have accepted the request: sending it again could charge twice.</summary>
    internal sealed record Uncertain(string Reason) : Outcome
    {
        /// <summary>Gets the error that every other request would get too and that ends the run, if any.</summary>
        internal FaceGenException? FatalError { get; init; }
    }
}
