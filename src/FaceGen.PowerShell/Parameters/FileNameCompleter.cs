using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using FaceGen.Saving;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Completes a template of file names: the field that was begun, or a further one.</summary>
public sealed class FileNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = wordToComplete.Trim('\'', '"');
        int begun = typed.LastIndexOf('{');
        string before = begun > typed.LastIndexOf('}') ? typed.Substring(0, begun) : typed;
        return CompletionResults.Filter(FileNameTemplate.FieldNames.Select(field => $"{before}{{{field}}}"), typed);
    }
}
