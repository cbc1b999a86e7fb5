using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using FaceGen.Generating;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Completes the ids of the generations that this session started and has not settled; it asks nobody.</summary>
public sealed class PendingIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = wordToComplete.Trim('\'', '"');
        IEnumerable<Connection> asked = fakeBoundParameters["Connection"] is string name && Connections.Find(name) is { } one ? [one] : Connections.All;
        return asked.Select(Account.For).Distinct().SelectMany(account => account.Pending)
            .Select(watch => watch.Latest)
            .Where(generation => generation.Id.StartsWith(typed, StringComparison.Ordinal))
            .Select(generation => new CompletionResult(generation.Id, generation.Id, CompletionResultType.ParameterValue, generation.ToString()));
    }
}
