namespace FaceGen.Contract;

/// <summary>
/// Defines the limits of the service that do not belong to a field of a request (<see cref="RequestField"/>). The emulator compiles
/// this file.
/// </summary>
internal static class Limits
{
    /// <summary>The maximum size of a face image, in bytes (5 MB).</summary>
    internal const int MaxFaceImageBytes = 5 * 1024 * 1024;

    /// <summary>The hours for which an image's link works after the generation.</summary>
    internal const int LinkLifetimeHours = 24;

    /// <summary>The maximum number of queued requests of an account with the smallest plan (pay as you go).</summary>
    internal const int DefaultQueueLimit = 5;

    /// <summary>The maximum number of requests for the queue's length per minute.</summary>
    internal const int MaxRequestCountsPerMinute = 30;
}
