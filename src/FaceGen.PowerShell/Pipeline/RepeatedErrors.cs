using System.Collections;
using System.Management.Automation;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>
/// Writes the errors of a cmdlet. After a number of errors with the same id, further ones are added to -ErrorVariable only, and one
/// warning counts them: a file with one mistake in each row does not fill a log.
/// </summary>
internal sealed class RepeatedErrors(PSCmdlet cmdlet)
{
    /// <summary>The number of errors with the same id that are shown.</summary>
    private const int MaxShown = 20;

    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Writes an error, or adds it to -ErrorVariable.</summary>
    internal void Write(ErrorRecord record)
    {
        _counts.TryGetValue(record.FullyQualifiedErrorId, out int count);
        _counts[record.FullyQualifiedErrorId] = ++count;
        if (count <= MaxShown || !IsShown) cmdlet.WriteError(record);
        else FindErrorVariable()?.Add(record);
    }

    /// <summary>Writes the number of errors that were not shown.</summary>
    internal void WriteCounts()
    {
        foreach (KeyValuePair<string, int> count in _counts.Where(count => count.Value > MaxShown && IsShown).ToArray())
        {
            int hidden = count.Value - MaxShown;
            cmdlet.WriteWarning($"{hidden} more {(hidden == 1 ? "error is" : "errors are")} {count.Key}. They are not shown; -ErrorVariable contains all errors.");
        }

        _counts.Clear();
    }

    /// <summary>True if errors are shown, and neither suppressed nor the end of the command.</summary>
    private bool IsShown => LanguagePrimitives.ConvertTo<ActionPreference>(
        cmdlet.MyInvocation.BoundParameters.TryGetValue("ErrorAction", out object? bound) ? bound : cmdlet.GetVariableValue("ErrorActionPreference")) == ActionPreference.Continue;

    /// <summary>Returns the list of errors of -ErrorVariable; null if the parameter is not given.</summary>
    private IList? FindErrorVariable() => cmdlet.MyInvocation.BoundParameters.TryGetValue("ErrorVariable", out object? name)
        ? PSObject.AsPSObject(cmdlet.GetVariableValue(((string)name).TrimStart('+'))).BaseObject as IList
        : null;
}
