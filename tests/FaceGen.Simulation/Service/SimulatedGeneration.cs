namespace FaceGen.Simulation.Service;

/// <summary>A generation that the service has accepted, and charged for.</summary>
internal sealed class SimulatedGeneration
{
    internal required string Id { get; init; }

    /// <summary>Gets the row of the input that asked for it, from 1.</summary>
    internal required int Row { get; init; }

    internal required int Images { get; init; }

    /// <summary>Gets how many seconds the service takes.</summary>
    internal required int Seconds { get; init; }

    /// <summary>Gets the elapsed time of the history at which it was accepted.</summary>
    internal required TimeSpan AcceptedAt { get; init; }

    internal required bool Fails { get; init; }

    /// <summary>Gets how wrong the clock of the machine was when it was accepted, by which the ledger dates its expiry.</summary>
    internal TimeSpan ClockError { get; init; }

    /// <summary>Gets how many requests the account may have queued.</summary>
    internal required int QueueLimit { get; init; }

    internal TimeSpan ReadyAt => AcceptedAt + TimeSpan.FromSeconds(Seconds);

    /// <summary>Gets when its links stop working.</summary>
    internal TimeSpan ExpiresAt => ReadyAt + TimeSpan.FromHours(24);

    /// <summary>Gets or sets a value that is true once the service has responded for it as if it were unknown, or gone.</summary>
    internal bool IsDenied { get; set; }

    /// <summary>Gets or sets until when the service says that it does not know it.</summary>
    internal TimeSpan UnknownUntil { get; set; }

    /// <summary>Gets or sets until when its links return 404.</summary>
    internal TimeSpan LinksDeadUntil { get; set; }

    internal string Link(int index) => $"https://cdn.example/{Id}-{index + 1}.png";
}
