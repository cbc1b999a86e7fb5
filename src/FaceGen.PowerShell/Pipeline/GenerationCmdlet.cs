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

    /// <inheritdoc cref="GenerationOutput.WarnOfMissingImages"/>
    private protected void WarnOfMissingImages(Generation generation) => _output.WarnOfMissingImages(generation);

    /// <inheritdoc cref="GenerationOutput.WithConnection"/>
    private protected Generation? WithConnection(Generation generation) => _output.WithConnection(generation, Connection, () => CurrentConnection);

    /// <summary>
    /// Returns the pending generations of this session, after the submissions in flight have their responses
    /// and no image file is being written. Reports the outcomes of submissions whose pipeline has ended.
    /// </summary>
    private protected IReadOnlyList<Generation> GetPendingGenerations()
    {
        Account account = Account.For(CurrentConnection);
        Task<bool[]> work = account.WaitForTrackedWorkAsync(StopToken);
        Work.WaitFor(Task.WhenAny(work, CurrentConnection.Services.Time.DelayAsync(SilentWait, StopToken)));
        if (!work.IsCompleted)
        {
            WriteWarning(account.HasSubmissionInFlight
                ? $"A submission is in flight. {LostResponse.Consequence} FaceGen waits up to {CurrentConnection.TimeoutSec} s for the response, then lists all pending generations."
                : "An image file is being written. Nothing is lost. FaceGen waits for it, then lists all pending generations.");
        }

        Work.WaitFor(work);
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
