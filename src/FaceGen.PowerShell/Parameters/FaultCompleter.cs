using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using FaceGen.EmulatorHosting;
using FaceGen.PowerShell.Loading;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Completes the emulator's faults, and after an @ the kinds of calls that a fault can hit.</summary>
public sealed class FaultCompleter : IArgumentCompleter
{
    private static IReadOnlyList<EmulatorFault> _faults = [];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = wordToComplete.Trim('\'', '"');
        bool isNamed = typed.Split('@').Length > 1;
        if (_faults.Count == 0) _faults = EmulatorFault.ReadList(ModuleFolder.EmulatorAssembly);
        return _faults
            .SelectMany(fault => isNamed ? fault.Calls.Select(call => (Text: $"{fault.Id}@{call}", fault.Description)) : [(Text: fault.Id, fault.Description)])
            .Where(offer => offer.Text.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .Select(offer => new CompletionResult(offer.Text, offer.Text, CompletionResultType.ParameterValue, offer.Description));
    }
}
