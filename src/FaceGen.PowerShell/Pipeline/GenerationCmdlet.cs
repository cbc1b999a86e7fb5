using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Base class of the cmdlets that accept or emit generations.</summary>
public abstract class GenerationCmdlet : ServiceCmdlet
{
    /// <summary>How long a wait may take without a warning.</summary>
    private static readonly TimeSpan SilentWait = TimeSpan.FromSeconds(1);

    private readonly EmittedGenerations _emitted = new();

    private protected override void Complete() => _emitted.AcknowledgeAll();

    /// <summary>Emits a generation, or reports the error of a failed one.</summary>
    private protected void WriteGeneration(Generation generation)
    {
        if (generation.Status == GenerationStatus.Failed)
            ReportError(generation.CreateFailedError(), (object?)generation.Request ?? generation);
        else
            WriteObject(generation);

        _emitted.Add(Account.For(generation.Connection ?? CurrentConnection), generation);
    }

    /// <summary>
    /// Returns a generation with its own connection, or for a deserialized one with the command's connection. Returns null,
    /// and reports an error, if that is a connection to another account.
    /// </summary>
    private protected Generation? WithConnection(Generation generation)
    {
        try
        {
            Connection connection = ConnectionResolver.Resolve(generation, Connection, () => CurrentConnection);
            return connection == generation.Connection ? generation : generation with { Connection = connection };
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.ConnectionMismatch || generation.Connection is not null)
        {
            WriteError(ErrorRecordFactory.Create(ErrorRecordFactory.WithRow(e, generation.Source), generation));
            return null;
        }
    }

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
