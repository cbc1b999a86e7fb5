using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using FaceGen.PowerShell.State;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Completes the names of secrets and of vaults, by the parameter's own name.</summary>
public sealed class SecretCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) => CompletionResults.Filter(
            parameterName == "Vault" ? SecretManagement.VaultNames() : SecretManagement.SecretNames(fakeBoundParameters["Vault"] as string),
            wordToComplete);
}
