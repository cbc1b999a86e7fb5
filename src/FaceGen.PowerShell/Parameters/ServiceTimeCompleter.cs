using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Completes the emulator's service times, one of each kind.</summary>
public sealed class ServiceTimeCompleter : IArgumentCompleter
{
    private static readonly string[] Examples = ["fixed:1", "uniform:1-3", "lognormal:3:0.4", "bimodal:2:9:0.25", "steps:0.05"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        CompletionResults.Filter(Examples, wordToComplete);
}
