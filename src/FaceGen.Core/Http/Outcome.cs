using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>What an answer means for the request that it answers; each kind calls for another act.</summary>
internal abstract record Outcome
{
    private Outcome() { }

    /// <summary>The generation has ended: its images are ready, or the service could not make them.</summary>
    internal sealed record Finished(ServiceResponse Response, GenerationStatus Status) : Outcome
    {
        /// <summary>Gets <see cref="ServiceMessage.Reason"/> of a submission that failed in its own answer.</summary>
        internal string Reason { get; init; } = "";

        /// <summary>Gets what every other request would meet too, and so ends the run; null if nothing is known of others.</summary>
        internal FaceGenException? FatalError { get; init; }
    }

    /// <summary>The service has accepted the request and works on it.</summary>
    internal sealed record Pending(ServiceResponse Response) : Outcome;

    /// <summary>Nothing was accepted, and the same request may be sent again.</summary>
    /// <param name="Reason">What the service, or the network, said.</param>
    /// <param name="Delay">How long to wait first, if that was said.</param>
    internal sealed record Retry(string Reason, TimeSpan? Delay) : Outcome
    {
        /// <summary>After how many failures in a row <see cref="PersistentError"/> is what happened.</summary>
        internal const int MaxFailuresInRow = 3;

        /// <summary>Whether the account's queue is full.</summary>
        internal bool IsQueueFull { get; init; }

        /// <summary>How many requests the service says it queues for the account.</summary>
        internal int? QueueLimit { get; init; }

        /// <summary>Whether the service was not even reached.</summary>
        internal bool IsUnreachable { get; init; }

        /// <summary>
        /// What ends the run if the same failure comes back <see cref="MaxFailuresInRow"/> times one after the other; null if it may
        /// last.
        /// </summary>
        internal FaceGenException? PersistentError { get; init; }

        /// <summary>Whether the service could not read the face image at the link that it was uploaded to.</summary>
        internal bool IsFaceUnreadable { get; init; }
    }

    /// <summary>It failed for good: for this request, or for the whole run (<see cref="FaceGenException.EndsRun"/>).</summary>
    internal sealed record Failed(FaceGenException Error) : Outcome
    {
        /// <summary>Gets <see cref="ServiceMessage.Reason"/>: the same for all requests that fail for the same reason.</summary>
        internal string Reason { get; init; } = "";

        /// <summary>Gets whether it is about the face image, which other requests may share.</summary>
        internal bool IsFaceImageError { get; init; }
    }

    /// <summary>Nobody can tell whether the service accepted the request: sending it again could pay twice.</summary>
    internal sealed record Uncertain(string Reason) : Outcome
    {
        /// <summary>Gets what every other request would meet too, and so ends the run; null if nothing is known of others.</summary>
        internal FaceGenException? FatalError { get; init; }
    }
}
