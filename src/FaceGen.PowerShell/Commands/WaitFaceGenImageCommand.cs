using System.Management.Automation;
using FaceGen.Generating;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Waits for generations to finish.</para>
/// <para type="description">Emits each generation when it is ready. Without input it waits for all that this session
/// started and has not yet seen finished.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Wait, "FaceGenImage", DefaultParameterSetName = ByGeneration)]
[OutputType(typeof(Generation))]
public sealed class WaitFaceGenImageCommand : ServiceCmdlet
{
    private const string ByGeneration = "Generation";
    private const string ById = "Id";

    private readonly ProgressMeter _progress = new("Waiting for images");

    /// <summary><para type="description">Generations, also those of saved images and of a batch's items.</para></summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByGeneration)]
    [Alias("InputObject")]
    [ValidateNotNull]
    [Revived]
    [ArgumentCompleter(typeof(OpenIdCompleter))]
    public Generation[]? Generation { get; set; }

    /// <summary><para type="description">The ids of generations; also from what has one in its Id, such as a row of a file.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ById)]
    [ValidateNotNullOrEmpty]
    [GenerationId]
    [ArgumentCompleter(typeof(OpenIdCompleter))]
    public string[]? Id { get; set; }

    /// <summary>
    /// <para type="description">How many seconds to wait for each generation, 1 to 86400, or 0 for no limit; 600 unless given.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0, 86400)]
    public int TimeoutSec { get; set; } = 600;

    private protected override void Process()
    {
        if (Generation is null && Id is null && !MyInvocation.ExpectingInput) Generation = [.. OpenGenerations()];

        foreach (Generation given in Generation ?? [.. (Id ?? []).Select(GenerationIdAttribute.OwnerOf)])
        {
            if (WithConnection(given) is not { Connection: { } connection } generation) continue;

            if (Id is not null) generation = Account.Of(connection).Recall(generation.Id, connection);
            _progress.Total++;
            Start(generation, () => new Generator(connection, Listener).WaitAsync(generation, Seconds(TimeoutSec), Stop), WriteGeneration);
        }

        Drain(int.MaxValue);
    }

    private protected override void End() => _progress.Complete(this);

    private protected override void Tick() => _progress.Show(this, RunningCount);
}
