using System.Management.Automation;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>The output of a script in each stream. The other streams are debug, information and progress.</summary>
internal sealed record ScriptResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<string> OtherStreams)
{
    /// <summary>Gets the data of the information stream.</summary>
    internal IReadOnlyList<object> Information { get; init; } = [];

    /// <summary>Returns a property of every output object.</summary>
    internal IReadOnlyList<object?> Values(string property) => [.. Output.Select(item => item.Properties[property].Value)];

    /// <summary>Gets the only output object.</summary>
    internal PSObject Single => Assert.Single(Output);

    /// <summary>Gets the only error.</summary>
    internal ErrorRecord Error => Assert.Single(Errors);

    internal ScriptResult WithoutErrors()
    {
        Assert.Empty(Errors.Select(error => error.ToString()));
        return this;
    }
}
