using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Completes a parameter whose values the API lists, by the parameter's own name.</summary>
public sealed class ChoiceCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = wordToComplete.Trim('\'', '"');
        return (RequestField.Find(parameterName)?.Choices ?? [])
            .Select(choice => choice is "true" or "false" ? $"${choice}" : choice)
            .Where(choice => choice.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .Select(choice => new CompletionResult(choice));
    }
}
