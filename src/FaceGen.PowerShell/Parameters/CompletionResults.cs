using System.Management.Automation;
using System.Management.Automation.Language;

namespace FaceGen.PowerShell.Parameters;

/// <summary>What completers share.</summary>
internal static class CompletionResults
{
    /// <summary>Those that begin with what was typed, in quotes where a parameter's value needs them.</summary>
    internal static IEnumerable<CompletionResult> Filter(IEnumerable<string> values, string wordToComplete) => values
        .Where(value => value.StartsWith(wordToComplete.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
        .Select(value => new CompletionResult(Quote(value), value, CompletionResultType.ParameterValue, value));

    private static string Quote(string value) => value.Length > 0 && value.All(c => char.IsLetterOrDigit(c) || c is '_' or '.' or '-' or '/')
        && value[0] != '-'
            ? value
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
}
