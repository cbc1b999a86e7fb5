using System.Management.Automation;
using FaceGen.Accounts;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Permanently deletes the images of generations at the service.</para>
/// <para type="description">Saved files are not deleted. Save-FaceGenOutput -RemoveAfterSave first saves and then
/// deletes.</para>
/// </summary>
[Cmdlet(VerbsCommon.Remove, "FaceGenImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = ById)]
[OutputType(typeof(void))]
public sealed class RemoveFaceGenImageCommand : GenerationCmdlet
{
    private const string ById = "Id";
    private const string ByGeneration = "Generation";

    /// <summary>The number of deletions at the same time.</summary>
    private const int MaxConcurrency = 8;

    private readonly HashSet<(string Account, string Id)> _seen = [];

    /// <summary>
    /// <para type="description">The ids of generations, also from the property Id of an object, such as a row of a
    /// file.</para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ById)]
    [ValidateNotNullOrEmpty]
    [GenerationId]
    [ArgumentCompleter(typeof(PendingIdCompleter))]
    public string[] Id { get; set; } = [];

    /// <summary><para type="description">Generations, also those of saved images and of batch items.</para></summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByGeneration)]
    [Alias("Generation")]
    [ValidateNotNull]
    [Deserialized]
    public Generation[] InputObject { get; set; } = [];

    private protected override void Process()
    {
        foreach (Generation input in ParameterSetName == ById ? [.. Id.Select(GenerationIdAttribute.FindGeneration)] : InputObject)
        {
            // Several saved images may belong to one generation.
            if (WithConnection(input) is not { Id: var id, Connection: { } connection } || !_seen.Add((connection.Account, id))
                || !ShouldProcess($"generation {id}{Describe(connection)}", "Delete its images at the service")) continue;

            Work.Drain(MaxConcurrency - 1);
            Work.Start(id, () => new AccountClient(connection, Log).DeleteImagesAsync(id, StopToken));
        }
    }
}
