using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Base class of the cmdlets that accept or emit generations.</summary>
public abstract class GenerationCmdlet : ServiceCmdlet
{
    /// <summary>How long a wait may take without a warning.</summary>
    private static readonly TimeSpan SilentWait = TimeSpan.FromSeconds(1);

    private readonly GenerationOutput _output;

    private protected GenerationCmdlet() => _output = new GenerationOutput(this);

    private protected override void Begin() => GenerationOutput.Begin();

    private protected override void Complete() => _output.Complete();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _output.ShowUnsaved();
    }

    /// <inheritdoc cref="GenerationOutput.Write"/>
    private protected void WriteGeneration(Generation generation) => _output.Write(generation, CurrentConnection);

    /// <inheritdoc cref="GenerationOutput.WithConnection"/>
    private protected Generation? WithConnection(Generation generation) => _output.WithConnection(generation, Connection, () => CurrentConnection);

    /// <summary>
    /// Returns the pending generations of this session, after all submissions in flight have got their response. Reports the
    /// outcomes of submissions whose pipeline has ended.
    /// </summary>
    private protected IReadOnlyList<Generation> GetPendingGenerations()
    {
        Account account = Account.For(CurrentConnection);
        Task<bool[]> inFlight = account.WaitForInFlightAsync(StopToken);
        Work.WaitFor(Task.WhenAny(inFlight, CurrentConnection.Services.Time.DelayAsync(SilentWait, StopToken)));
        if (!inFlight.IsCompleted)
            WriteWarning($"A submission is in flight. {LostResponse.Consequence} FaceGen waits up to {CurrentConnection.TimeoutSec} s for the response, then lists all pending generations.");
        Work.WaitFor(inFlight);
        // First: it adds the generations that have expired to the outcomes.
        IReadOnlyList<PendingGeneration> pending = account.Pending;
        foreach ((FaceGenException outcome, object target) in account.UnacknowledgedOutcomes)
        {
            ReportError(outcome, target);
            Account.MarkAcknowledged(EngineServices.System, outcome);
        }

        return [.. pending.Select(one => one.Latest)];
    }
}
