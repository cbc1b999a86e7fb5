using System.Management.Automation;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
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
    private readonly List<(Connection Connection, string Id)> _ids = [];

    /// <summary><para type="description">The ids of generations; also from what has one in its Id, such as a row of a file.</para></summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [GenerationId]
    [ArgumentCompleter(typeof(OpenIdCompleter))]
    public string[]? Id { get; set; }

    private protected override void Process() => _ids.AddRange((Id ?? []).Select(GenerationIdAttribute.OwnerOf)
        .Select(WithConnection).OfType<Generation>().Select(generation => (generation.Connection!, generation.Id)));

    private protected override void End()
    {
        if (!MyInvocation.ExpectingInput && Id is null)
        {
            Account account = Account.Of(Service);
            foreach (Generation known in OpenGenerations())
            {
                Drain(Account.LooksAtOnce - 1);
                Start(known, () => LookAsync(account, known), WriteObject);
            }
        }

        foreach ((Connection connection, string id) in _ids.Distinct())
        {
            Drain(Account.LooksAtOnce - 1);
            Start(id, () => Account.Of(connection).LookAsync(connection, id, Stop, Listener), WriteObject);
        }

        Drain(0);
    }

    /// <summary>A look that finds nothing out leaves what was known: the list is complete also while the service is not there.</summary>
    private async Task<Generation> LookAsync(Account account, Generation known)
    {
        try
        {
            return await account.LookAsync(Service, known.Id, Stop, Listener).ConfigureAwait(false);
        }
        catch (FaceGenException e) when (!e.EndsRun)
        {
            Post(() => WriteWarning(e.Message));
            return known;
        }
    }
}
