using System.Management.Automation;

namespace FaceGen.Benchmarks.Hosting;

/// <summary>Counts what comes and keeps none of it: the cheapest end that a pipeline can have.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "Count")]
[OutputType(typeof(long))]
public sealed class MeasureCountCommand : PSCmdlet
{
    internal const string Name = "Measure-Count";

    private long _count;

    /// <summary>What comes.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _count++;

    /// <inheritdoc/>
    protected override void EndProcessing() => WriteObject(_count);
}
