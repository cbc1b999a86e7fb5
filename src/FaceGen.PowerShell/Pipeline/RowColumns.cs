using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Reports the columns of a row that are not fields of the API.</summary>
internal static class RowColumns
{
    /// <summary>Warns of a name that is similar to a field's, and writes the others to the information stream; each column once.</summary>
    internal static void Report(Cmdlet cmdlet, RequestRow row)
    {
        if (row.NewColumns.Count == 0) return;

        string prefix = row.Source is null ? "" : $"{row.Source}: ";
        string[] secret = [.. row.NewColumns.Where(RequestData.IsSecretName).Select(Quote)];
        if (secret.Length > 0)
            cmdlet.WriteWarning($"{prefix}FaceGen does not keep {Describe(secret.Length)} {string.Join(", ", secret)}, which may hold a secret, and does not send {(secret.Length == 1 ? "it" : "them")}.");

        (string Name, RequestField? Near)[] columns = [.. row.NewColumns.Where(name => !RequestData.IsSecretName(name)).Select(name => (Quote(name), FieldNames.FindNearest(name)))];
        string[] similar = [.. columns.Where(column => column.Near is not null).Select(column => $"{column.Name} (did you mean '{column.Near!.Name}'?)")];
        if (similar.Length > 0)
            cmdlet.WriteWarning($"{prefix}The API has no field {string.Join(", ", similar)}. FaceGen keeps {Describe(similar.Length)}, and does not send {(similar.Length == 1 ? "it" : "them")}. If {(similar.Length == 1 ? "it is a field" : "they are fields")}, rename {(similar.Length == 1 ? "it" : "them")}.");

        string[] others = [.. columns.Where(column => column.Near is null).Select(column => column.Name)];
        if (others.Length > 0)
            cmdlet.WriteInformation($"{prefix}FaceGen keeps {Describe(others.Length)} {string.Join(", ", others)}, and does not send {(others.Length == 1 ? "it" : "them")}. File names, sidecars and reports can contain {(others.Length == 1 ? "it" : "them")}.", ["FaceGen"]);
    }

    private static string Quote(string name) => $"'{InvisibleCharacters.Escape(name, 60)}'";

    private static string Describe(int count) => count == 1 ? "the column" : "the columns";
}
