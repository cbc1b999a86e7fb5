using System.Management.Automation.Language;
using System.Text;
using System.Text.RegularExpressions;

namespace FaceGen.Console;

/// <summary>A script's call with arguments, written as the PowerShell text that makes it.</summary>
internal static partial class ScriptCall
{
    /// <summary>
    /// The text that calls the script. Arguments bind as with <c>pwsh -File</c>: what looks like a parameter's name is
    /// one, and everything else is a plain string.
    /// </summary>
    /// <remarks>
    /// The engine turns <c>exit 3</c> inside a called script into a failed call with <c>$LASTEXITCODE</c> 3, so the
    /// text hands that on. A call that failed without a number never ran: the script does not parse, or its
    /// parameters do not bind.
    /// </remarks>
    internal static string ToText(string path, IEnumerable<string> arguments)
    {
        var text = new StringBuilder("& ").Append(Quote(path));
        foreach (string argument in arguments)
            text.Append(' ').Append(ToToken(argument));

        return text.Append("; if (-not $?) { exit ($LASTEXITCODE ?? 1) }").ToString();
    }

    private static string ToToken(string argument)
    {
        Match parameter = ParameterName().Match(argument);
        if (!parameter.Success)
            return Quote(argument);

        string value = argument[parameter.Length..];
        return value.ToUpperInvariant() switch
        {
            "" => argument,
            "$TRUE" or "$FALSE" => argument,
            _ => parameter.Value + Quote(value),
        };
    }

    private static string Quote(string text) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";

    // '-Name', or '-Name:' with its value behind; '-5' and '--' are values, and '-a.b' is text.
    [GeneratedRegex(@"^-(\?|[\p{L}_][\p{L}\p{N}_]*)(:|$)", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterName();
}
