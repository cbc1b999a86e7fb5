using System.Management.Automation;
using FaceGen.Generating;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Looks once at generations.</para>
/// <para type="description">By id, or, without one, at those that this session started and has not settled: also those
/// whose pipeline was stopped. Looking costs nothing and settles nothing: what is shown here stays in the list until
/// Wait-FaceGenImage has brought it in or its images are saved. After 24 hours, when its images have expired, a generation
/// leaves the list, and what became of it is reported once, as an error.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenImage")]
[OutputType(typeof(Generation))]
public sealed class GetFaceGenImageCommand : ServiceCmdlet
{
    private readonly List<(Connection Connection, string Id)> _requestedIds = [];

    /// <summary><para type="description">The ids of generations; also from what has one in its Id, such as a row of a file.</para></summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [GenerationId]
    [ArgumentCompleter(typeof(PendingIdCompleter))]
    public string[]? Id { get; set; }

    private protected override void Process() => _requestedIds.AddRange((Id ?? []).Select(GenerationIdAttribute.FindGeneration)
        .Select(WithConnection).OfType<Generation>().Select(generation => (generation.Connection!, generation.Id)));

    private protected override void End()
    {
        if (!MyInvocation.ExpectingInput && Id is null)
        {
            Account account = Account.For(CurrentConnection);
            foreach (Generation known in GetPendingGenerations())
            {
                Drain(Account.MaxConcurrentFetches - 1);
                Start(known, () => FetchAsync(account, known), WriteObject);
            }
        }

        foreach ((Connection connection, string id) in _requestedIds.Distinct())
        {
            Drain(Account.MaxConcurrentFetches - 1);
            Start(id, () => Account.For(connection).FetchAsync(connection, id, StopToken, Log), WriteObject);
        }

        Drain(0);
    }

    /// <summary>A look that finds nothing out leaves what was known: the list is complete also while the service is not there.</summary>
    private async Task<Generation> FetchAsync(Account account, Generation known)
    {
        try
        {
            return await account.FetchAsync(CurrentConnection, known.Id, StopToken, Log).ConfigureAwait(false);
        }
        catch (FaceGenException e) when (!e.EndsRun)
        {
            Post(() => WriteWarning(e.Message));
            return known;
        }
    }
}
