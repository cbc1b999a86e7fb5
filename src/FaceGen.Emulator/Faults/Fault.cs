using FaceGen.Emulator.Faults.Catalog;

namespace FaceGen.Emulator.Faults;

/// <summary>A way in which the service can fail or behave oddly. <see cref="All"/> lists every fault.</summary>
public sealed class Fault
{
    internal Fault(string id, string description, IReadOnlyList<CallKind> kinds, FaultEffect effect)
    {
        Id = id;
        Description = description;
        Kinds = kinds;
        Effect = effect;
    }

    /// <summary>Gets every fault that the emulator can produce.</summary>
    public static IReadOnlyList<Fault> All => FaultCatalog.All;

    /// <summary>
    /// Gets the id, such as <c>Q7-no-output</c> or <c>accepted-then-dropped</c>. An id that begins with <c>Q</c> and a
    /// number produces that row of the project's list of observed oddities.
    /// </summary>
    public string Id { get; }

    /// <summary>Gets what the caller sees, in one line.</summary>
    public string Description { get; }

    /// <summary>Gets the kinds of call that the fault can hit.</summary>
    public IReadOnlyList<CallKind> Kinds { get; }

    /// <summary>
    /// Gets whether a submission with this fault is accepted, and so paid for; null if the fault does not hit
    /// submissions.
    /// </summary>
    public bool? AcceptsSubmission => Kinds.Contains(CallKind.Submit) ? Effect is FaultEffect.AfterHandling : null;

    /// <summary>
    /// Gets whether the fault passes: it affects one call, and a tolerant or retrying caller gets its pictures in the
    /// end. The other faults last: they end a run, spoil a picture permanently or never respond. Random rules never
    /// draw them.
    /// </summary>
    public bool IsTransient { get; private init; } = true;

    internal FaultEffect Effect { get; }

    /// <summary>
    /// Gets whether the fault is permanent: every later call of the kind about the same generation or picture has it
    /// too.
    /// </summary>
    internal bool IsPermanent { get; private init; }

    /// <summary>True if the fault can hit before the request's body is read.</summary>
    internal bool CanHitBeforeBody => Effect is FaultEffect.WithoutHandling { CanHitBeforeBody: true };

    /// <summary>Returns the fault with an id.</summary>
    /// <exception cref="ArgumentException">There is no such fault.</exception>
    public static Fault ById(string id) => FaultCatalog.Find(id)
        ?? throw new ArgumentException($"There is no fault '{id}'.", nameof(id));

    /// <summary>Returns the <see cref="Id"/>.</summary>
    public override string ToString() => Id;

    internal bool AppliesTo(CallKind kind) => Kinds.Contains(kind);

    /// <summary>Returns a copy that is not transient but hits each call separately.</summary>
    internal Fault AsNotTransient() => new(Id, Description, Kinds, Effect) { IsTransient = false };

    /// <summary>Returns a copy that is permanent.</summary>
    internal Fault AsPermanent() => new(Id, Description, Kinds, Effect) { IsTransient = false, IsPermanent = true };
}
