namespace FaceGen.Emulator.Faults;

/// <summary>One way in which the service can go wrong or be odd. All there are stand in <see cref="All"/>.</summary>
public sealed class Fault
{
    internal Fault(string id, string description, IReadOnlyList<CallKind> kinds, FaultEffect effect)
    {
        Id = id;
        Description = description;
        Kinds = kinds;
        Effect = effect;
    }

    /// <summary>Every fault that the emulator can produce.</summary>
    public static IReadOnlyList<Fault> All => FaultCatalog.All;

    /// <summary>
    /// The name, such as <c>Q7-no-output</c> or <c>accepted-then-dropped</c>. One that begins with <c>Q</c> and a number
    /// produces that row of the project's list of oddities seen in practice.
    /// </summary>
    public string Id { get; }

    /// <summary>What the caller gets to see, in one line.</summary>
    public string Description { get; }

    /// <summary>The kinds of call that it can hit.</summary>
    public IReadOnlyList<CallKind> Kinds { get; }

    /// <summary>
    /// Whether a submission that it hits has been accepted, and so paid for; null where it hits no submissions.
    /// </summary>
    public bool? AcceptsSubmission => Kinds.Contains(CallKind.Submit) ? Effect is FaultEffect.AfterHandling : null;

    /// <summary>
    /// Whether it passes: it touches one call, and a caller that reads with tolerance or asks again comes to its pictures
    /// in the end. The others last: they end a run, spoil a picture for good, or never answer; chance never draws them.
    /// </summary>
    public bool IsTransient { get; private init; } = true;

    internal FaultEffect Effect { get; }

    /// <summary>
    /// Whether it stays with what it hit: each later call of the kind about the same generation or picture has it too.
    /// </summary>
    internal bool IsPermanent { get; private init; }

    /// <summary>Whether it can hit before the request's body is read.</summary>
    internal bool CanHitBeforeBody => Effect is FaultEffect.WithoutHandling { CanHitBeforeBody: true };

    /// <summary>Finds a fault by its name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Fault ById(string id) => FaultCatalog.Find(id)
        ?? throw new ArgumentException($"There is no fault '{id}'.", nameof(id));

    /// <summary>The <see cref="Id"/>.</summary>
    public override string ToString() => Id;

    internal bool AppliesTo(CallKind kind) => Kinds.Contains(kind);

    /// <summary>The same as one that lasts, though each call is hit on its own.</summary>
    internal Fault AsNotTransient() => new(Id, Description, Kinds, Effect) { IsTransient = false };

    /// <summary>The same as one that stays with what it hit.</summary>
    internal Fault AsPermanent() => new(Id, Description, Kinds, Effect) { IsTransient = false, IsPermanent = true };
}
