using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using FaceGen.BatchModel;
using Engine = System.Management.Automation.PowerShell;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Completes ledger files: those of a folder and of the folders in it, then these folders themselves.</summary>
public sealed class LedgerCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = wordToComplete.Trim('\'', '"');
        string before = typed.Substring(0, typed.LastIndexOfAny(['/', '\\']) + 1);
        using var here = Engine.Create(RunspaceMode.CurrentRunspace);
        here.AddScript("$ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath");
        var folder = new DirectoryInfo(Path.Combine(here.Invoke<string>().Single(), before));
        return CompletionResults.Filter(ListLedgersAndFolders(folder).Select(name => before + name), typed);
    }

    private static string[] ListLedgersAndFolders(DirectoryInfo folder)
    {
        try
        {
            string[] folders = [.. folder.EnumerateDirectories().Select(below => below.Name).OrderBy(name => name, StringComparer.OrdinalIgnoreCase)];
            return
            [
                .. folder.EnumerateFiles($"*{LedgerLocation.Extension}").Select(file => file.Name).OrderBy(name => name, StringComparer.OrdinalIgnoreCase),
                .. folders.Select(name => Path.Combine(name, LedgerLocation.DefaultName)).Where(ledger => File.Exists(Path.Combine(folder.FullName, ledger))),
                .. folders,
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            // There is nothing to offer in a folder that cannot be read.
            return [];
        }
    }
}
