namespace FaceGen.LiveCheck;

/// <summary>Specifies how an observation compares with an assumption, the worst last.</summary>
internal enum Verdict
{
    /// <summary>The run could not observe it.</summary>
    NotObserved,

    /// <summary>The service does what the published contract says.</summary>
    Agrees,

    /// <summary>The service deviates from the contract in a way that is known and that FaceGen handles.</summary>
    KnownDeviation,

    /// <summary>The service does something that FaceGen does not expect.</summary>
    Differs,
}

/// <summary>The result of a check.</summary>
/// <param name="Verdict">How the observation compares with the assumption.</param>
/// <param name="Seen">What was seen, or why nothing was.</param>
internal sealed record Finding(Verdict Verdict, string Seen)
{
    /// <summary>The maximum length of <see cref="Seen"/> in the report: a check can quote several responses.</summary>
    internal const int MaxLength = 4000;

    internal static Finding Agrees(string seen) => new(Verdict.Agrees, seen);

    /// <summary>Creates a finding that a row of the known deviations describes.</summary>
    internal static Finding Known(string row, string seen) => new(Verdict.KnownDeviation, $"{row}: {seen}");

    internal static Finding Differs(string seen) => new(Verdict.Differs, seen);

    internal static Finding NotObserved(string reason) => new(Verdict.NotObserved, reason);

    /// <summary>Returns the worst verdict, with everything that was seen of that verdict.</summary>
    internal static Finding Combine(IEnumerable<Finding> findings, string reasonIfNone)
    {
        Finding[] worst = [.. findings.GroupBy(finding => finding.Verdict).OrderBy(group => group.Key).LastOrDefault() ?? Enumerable.Empty<Finding>()];
        return worst.Length == 0 ? NotObserved(reasonIfNone) : worst[0] with { Seen = string.Join("; ", worst.Select(finding => finding.Seen).Distinct()) };
    }
}

/// <summary>An assumption about the service, and how a run observes it.</summary>
/// <param name="Id">The id in the report.</param>
/// <param name="Assumption">What is expected: the published contract.</param>
/// <param name="Sources">Where the assumption comes from: the contract, and rows of the known deviations.</param>
/// <param name="Step">The step that the observation needs; null if any step will do.</param>
/// <param name="Observe">Compares what the run observed with the assumption.</param>
internal sealed partial record Check(string Id, string Assumption, string Sources, string? Step, Func<Observations, Finding> Observe)
{
    /// <summary>Gets the number of images that the observation may cost.</summary>
    internal int Images => SentStep.All.FirstOrDefault(submission => submission.Step == Step)?.Images ?? 0;

    /// <summary>Runs the check.</summary>
    internal Finding Run(Observations observed)
    {
        Finding finding = Step is null || observed.Find(Step) is not null
            ? Observe(observed)
            : Finding.NotObserved(Images > 0 ? "not submitted: over the confirmed budget, or an earlier step failed" : "no request was sent for it");
        return finding with { Seen = finding.Seen.TrimEnd('.') };
    }
}
