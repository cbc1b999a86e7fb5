using System.Management.Automation;
using FaceGen.Accounts;
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
/// <para type="description">With -All it lists the account's generations from the service, also those of a session that
/// was closed or killed.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenImage", DefaultParameterSetName = PendingSet)]
[OutputType(typeof(Generation))]
public sealed class GetFaceGenImageCommand : GenerationCmdlet
{
    private const string PendingSet = "Pending";
    private const string AllSet = "All";

    private readonly List<Generation> _requested = [];
    private readonly ProgressDisplay _progress = new("Listing generations");
    private readonly List<Generation> _listed = [];
    private double? _total;

    /// <summary>
    /// <para type="description">The ids of generations, also from the property Id of an object, such as a row of a
    /// file.</para>
    /// </summary>
    [Parameter(ParameterSetName = PendingSet, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [GenerationId]
    [ArgumentCompleter(typeof(PendingIdCompleter))]
    public string[]? Id { get; set; }

    /// <summary>
    /// <para type="description">Lists the finished generations of the account, of every session and machine, from the
    /// service's own list, the newest first. The list has ids and images; it has neither prompts nor dates, so that files
    /// are named by ids, and it may contain generations of more than 24 hours ago, whose images have expired: -First
    /// limits it. Not every plan includes the list.</para>
    /// </summary>
    [Parameter(ParameterSetName = AllSet, Mandatory = true)]
    public SwitchParameter All { get; set; }

    /// <summary>
    /// <para type="description">The number of generations that -All lists, 1 or more, the newest first. Pages of the list
    /// beyond them are not requested. The default is all.</para>
    /// </summary>
    [Parameter(ParameterSetName = AllSet)]
    [ValidateRange(1, int.MaxValue)]
    public int? First { get; set; }

    private protected override void Process() => _requested.AddRange((Id ?? []).Select(GenerationIdAttribute.FindGeneration)
        .Select(WithConnection).OfType<Generation>());

    private protected override void End()
    {
        if (All)
        {
            // Read completely first: commands downstream may delete generations, which moves others to pages that were read.
            ReportErrors(null, ListAll);
            _progress.Complete(this);
            WriteObject(_listed, enumerateCollection: true);
            return;
        }

        if (!MyInvocation.ExpectingInput && Id is null)
        {
            Account account = Account.For(CurrentConnection);
            foreach (Generation known in GetPendingGenerations())
            {
                Work.Drain(Account.MaxConcurrentFetches - 1);
                Work.Start(known, () => FetchAsync(account, known), WriteObject);
            }
        }

        foreach (Generation known in _requested.GroupBy(generation => (generation.Connection, generation.Id)).Select(same => same.First()))
        {
            Work.Drain(Account.MaxConcurrentFetches - 1);
            Work.Start(known.Id, () => Account.For(known.Connection!).FetchAsync(known.Connection!, known, Log, StopToken), WriteObject);
        }

        Work.Drain(0);
    }

    private protected override void Tick()
    {
        if (All) _progress.Show(this, () => new($"{_listed.Count}{(_total is null ? "" : $" of {_total}")} listed") { Percent = _total > 0 ? (int)Math.Min(100, 100 * _listed.Count / _total.Value) : -1 });
    }

    private void ListAll()
    {
        var client = new AccountClient(CurrentConnection, Log);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (int page = 1; ; page++)
        {
            AssetPage assets = Work.WaitFor(client.GetAssetsAsync(page, StopToken));
            // Generations that finish meanwhile move others to the next page.
            Generation[] added = [.. assets.Generations.Where(generation => ids.Add(generation.Id))];
            _listed.AddRange(added.Take(First - _listed.Count ?? added.Length));
            _total = First < assets.Total ? First : assets.Total;
            if (added.Length == 0 || page >= assets.LastPage || _listed.Count >= First) return;
        }
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
