using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Completes the names of this runspace's connections.</summary>
public sealed class ConnectionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        CompletionResults.Filter(Connections.All.Select(connection => connection.Name), wordToComplete);
}
