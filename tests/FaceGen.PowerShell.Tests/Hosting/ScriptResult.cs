using System.Management.Automation;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>What a script wrote to each stream; the others are those of debugging, information and progress.</summary>
internal sealed record ScriptResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<string> OtherStreams)
{
    /// <summary>A property of every object that came out.</summary>
    internal IReadOnlyList<object?> Values(string property) => [.. Output.Select(item => item.Properties[property].Value)];

    /// <summary>The only object.</summary>
    internal PSObject Single => Assert.Single(Output);

    /// <summary>The only error.</summary>
    internal ErrorRecord Error => Assert.Single(Errors);

    internal ScriptResult WithoutErrors()
    {
        Assert.Empty(Errors.Select(error => error.ToString()));
        return this;
    }
}
