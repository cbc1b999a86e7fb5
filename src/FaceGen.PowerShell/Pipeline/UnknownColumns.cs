using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Warns of columns and properties that the API does not have.</summary>
internal static class UnknownColumns
{
    internal static void Warn(Cmdlet cmdlet, RequestSource source, IReadOnlyList<string> names)
    {
        if (names.Count == 0) return;

        IEnumerable<string> columns = names.Select(name =>
            $"'{InvisibleCharacters.Escape(name, 60)}'{(RequestField.FindNearest(name) is { } near ? $" (did you mean '{near.Name}'?)" : "")}");
        cmdlet.WriteWarning($"{source}: The API has no field {string.Join(", ", columns)}. FaceGen ignores {(names.Count == 1 ? "this column" : "these columns")}.");
    }
}
