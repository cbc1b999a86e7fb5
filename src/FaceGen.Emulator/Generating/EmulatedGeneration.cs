using FaceGen.Contract;

namespace FaceGen.Emulator.Generating;

/// <summary>
/// An accepted request. When it will be finished is settled as it is accepted, so that what it is at a moment follows
/// from the clock alone.
/// </summary>
internal sealed class EmulatedGeneration
{
    private volatile bool _isDeleted;
    private volatile bool _hasFailed;

    internal required long Id { get; init; }

    /// <summary>What was asked for and for the how manieth time: the same in every run, whatever id it is given.</summary>
    internal required string Identity { get; init; }

    internal required GenerationParameters Parameters { get; init; }
    internal required DateTimeOffset StartsAt { get; init; }
    internal required DateTimeOffset FinishesAt { get; init; }

    /// <summary>How many times the true time that is left the service says it takes; null where it says nothing.</summary>
    internal required double? EtaFactor { get; init; }

    /// <summary>Whether the submission's own call has been answered; guarded by the account's lock.</summary>
    internal bool IsAnswered { get; set; }

    /// <summary>Whether a fault has said that it failed.</summary>
    internal bool HasFailed => _hasFailed;

    internal TimeSpan GenerationTime => FinishesAt - StartsAt;

    /// <summary>The whole seconds that the service says are left.</summary>
    internal int? GetEta(DateTimeOffset now) => EtaFactor is { } factor
        ? Math.Max(0, (int)Math.Ceiling((FinishesAt - now).TotalSeconds * factor))
        : null;

    internal bool IsFinished(DateTimeOffset now) => now >= FinishesAt;

    /// <summary>Whether it takes a place in the queue: one that is said to have failed takes none.</summary>
    internal bool IsQueued(DateTimeOffset now) => !_hasFailed && !IsFinished(now);

    /// <summary>
    /// Whether the images can be downloaded: generated, not deleted, and not older than their links live.
    /// </summary>
    internal bool HasImages(DateTimeOffset now) =>
        IsFinished(now) && now < FinishesAt.AddHours(Limits.LinkLifetimeHours) && !_isDeleted;

    internal void DeleteImages() => _isDeleted = true;

    internal void MarkFailed() => _hasFailed = true;
}
