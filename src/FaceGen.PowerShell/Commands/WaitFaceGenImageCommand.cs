using System.Management.Automation;
using FaceGen.Generating;
using FaceGen.PowerShell.Parameters;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Waits for generations to finish.</para>
/// <para type="description">Emits each generation when it is ready. Without input it waits for all pending generations
/// of this session.</para>
/// </summary>
[Cmdlet(VerbsLifecycle.Wait, "FaceGenImage", DefaultParameterSetName = ByGeneration)]
[OutputType(typeof(Generation))]
public sealed class WaitFaceGenImageCommand : GenerationCmdlet
{
    private const string ByGeneration = "Generation";
    private const string ById = "Id";

    private readonly ProgressDisplay _progress = new("Waiting for images");

    /// <summary><para type="description">Generations, also those of saved images and of batch items.</para></summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByGeneration)]
    [Alias("InputObject")]
    [ValidateNotNull]
    [Deserialized]
    [ArgumentCompleter(typeof(PendingIdCompleter))]
    public Generation[]? Generation { get; set; }

    /// <summary>
    /// <para type="description">The ids of generations, also from the property Id of an object, such as a row of a
    /// file.</para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ById)]
    [ValidateNotNullOrEmpty]
    [GenerationId]
    [ArgumentCompleter(typeof(PendingIdCompleter))]
    public string[]? Id { get; set; }

    /// <summary>
    /// <para type="description">The timeout for each generation in seconds, 1 to 86400, or 0 for no timeout. The
    /// default is 600.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(0, 86400)]
    public int TimeoutSec { get; set; } = 600;

    private protected override void Process()
    {
        if (Generation is null && Id is null && !MyInvocation.ExpectingInput) Generation = [.. GetPendingGenerations()];

        foreach (Generation input in Generation ?? [.. (Id ?? []).Select(GenerationIdAttribute.FindGeneration)])
        {
            if (WithConnection(input) is not { Connection: { } connection } generation) continue;

            if (Id is not null) generation = Account.For(connection).Find(generation.Id)?.Latest ?? generation.ToOutline();
            _progress.Total++;
            Work.Start(generation, () => new Generator(connection, Log).WaitAsync(generation, ToTimeout(TimeoutSec), StopToken), WriteGeneration);
        }

        Work.Drain(int.MaxValue);
    }

    private protected override void End() => _progress.Complete(this);

    private protected override void Tick() => _progress.Show(this, Work.RunningCount);
}
