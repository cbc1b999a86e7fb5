using System.Management.Automation;
using FaceGen.Generating;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Fetches generations once.</para>
/// <para type="description">Fetches generations by id, or, without one, all pending generations of this session,
/// including those of stopped pipelines. A fetch is free and does not remove a generation from this list: it stays
/// until Wait-FaceGenImage has emitted it or its images are saved. After 24 hours the images expire; the generation
/// leaves the list, and its outcome is reported once, as an error.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenImage")]
[OutputType(typeof(Generation))]
public sealed class GetFaceGenImageCommand : GenerationCmdlet
{
    private readonly List<(Connection Connection, string Id)> _requestedIds = [];

    /// <summary>
    /// <para type="description">The ids of generations, also from the property Id of an object, such as a row of a
    /// file.</para>
    /// </summary>
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
                Work.Drain(Account.MaxConcurrentFetches - 1);
                Work.Start(known, () => FetchAsync(account, known), WriteObject);
            }
        }

        foreach ((Connection connection, string id) in _requestedIds.Distinct())
        {
            Work.Drain(Account.MaxConcurrentFetches - 1);
            Work.Start(id, () => Account.For(connection).FetchAsync(connection, id, Log, StopToken), WriteObject);
        }

        Work.Drain(0);
    }

    /// <summary>Fetches a generation, or returns it as it was known, so that the list is complete while the service is unreachable.</summary>
    private async Task<Generation> FetchAsync(Account account, Generation known)
    {
        try
        {
            return await account.FetchAsync(CurrentConnection, known.Id, Log, StopToken).ConfigureAwait(false);
        }
        catch (FaceGenException e) when (!e.EndsRun)
        {
            Work.Post(() => WriteWarning(e.Message));
            return known;
        }
    }
}
