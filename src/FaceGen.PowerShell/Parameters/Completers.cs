using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.EmulatorHosting;
using FaceGen.Generating;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.State;
using FaceGen.Saving;
using Engine = System.Management.Automation.PowerShell;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Base class of the completers.</summary>
public abstract class Completer : IArgumentCompleter
{
    /// <inheritdoc/>
    public virtual IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Complete(parameterName, wordToComplete.Trim('\'', '"'), fakeBoundParameters);

    /// <summary>Returns the completions of a parameter.</summary>
    /// <param name="parameter">The name of the parameter.</param>
    /// <param name="typed">The typed text without quotes.</param>
    /// <param name="bound">The other parameters.</param>
    private protected abstract IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound);

    /// <summary>Returns the values that begin with the typed text, in quotes where needed.</summary>
    private protected static IEnumerable<CompletionResult> Filter(IEnumerable<string> values, string typed) => values
        .Where(value => value.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
        .Select(value => new CompletionResult(Quote(value), value, CompletionResultType.ParameterValue, value));

    private static string Quote(string value) => value.Length > 0 && value.All(c => char.IsLetterOrDigit(c) || c is '_' or '.' or '-' or '/')
        && value[0] != '-'
            ? value
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
}

/// <summary>Completes a parameter whose values the API lists.</summary>
public sealed class ChoiceCompleter : Completer
{
    private protected override IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound) =>
        FieldNames.Find(parameter) is not { } field ? []
            : (field.Kind == FieldKind.Boolean ? ["$true", "$false"] : field.Choices)
                .Where(choice => choice.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
                .Select(choice => new CompletionResult(choice, choice, CompletionResultType.ParameterValue,
                    $"{field.Name}: {choice}{(choice == field.Default ? ", the service's default" : "")}"));
}

/// <summary>Completes the names of this runspace's connections.</summary>
public sealed class ConnectionCompleter : Completer
{
    private protected override IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound) =>
        Filter(Connections.All.Select(connection => connection.Name), typed);
}

/// <summary>Completes the names of encodings.</summary>
public sealed class EncodingCompleter : Completer
{
    private protected override IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound) => Filter(EncodingTransformationAttribute.Names, typed);
}

/// <summary>Completes the emulator's faults, and after an @ the kinds of requests that a fault can affect.</summary>
public sealed class FaultCompleter : Completer
{
    private static IReadOnlyList<EmulatorFault> _faults = [];

    private protected override IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound)
    {
        if (_faults.Count == 0) _faults = EmulatorFault.ReadList(ModuleFolder.EmulatorAssembly);
        return _faults
            .SelectMany(fault => typed.Contains('@') ? fault.Calls.Select(kind => (Text: $"{fault.Id}@{kind}", fault.Description)) : [(Text: fault.Id, fault.Description)])
            .Where(item => item.Text.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .Select(item => new CompletionResult(item.Text, item.Text, CompletionResultType.ParameterValue, item.Description));
    }
}

/// <summary>Completes the fields of a file name template.</summary>
public sealed class FileNameCompleter : Completer
{
    private protected override IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound)
    {
        int brace = typed.LastIndexOf('{');
        string prefix = brace > typed.LastIndexOf('}') ? typed.Substring(0, brace) : typed;
        return Filter(FileNameTemplate.CommonNames.Select(field => $"{prefix}{{{field}}}"), typed);
    }
}

/// <summary>Completes the ledgers in a folder and its subfolders, then the subfolders.</summary>
public sealed class LedgerCompleter : Completer
{
    private protected override IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound)
    {
        string prefix = typed.Substring(0, typed.LastIndexOfAny(['/', '\\']) + 1);
        using var shell = Engine.Create(RunspaceMode.CurrentRunspace);
        shell.AddScript("$ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath");
        var folder = new DirectoryInfo(Path.Combine(shell.Invoke<string>().Single(), prefix));
        return Filter(ListLedgersAndFolders(folder).Select(name => prefix + name), typed);
    }

    private static string[] ListLedgersAndFolders(DirectoryInfo folder)
    {
        try
        {
            string[] folders = [.. folder.EnumerateDirectories().Select(subfolder => subfolder.Name).OrderBy(name => name, StringComparer.OrdinalIgnoreCase)];
            return
            [
                .. folder.EnumerateFiles($"*{LedgerLocation.Extension}").Select(file => file.Name).OrderBy(name => name, StringComparer.OrdinalIgnoreCase),
                .. folders.Select(name => Path.Combine(name, LedgerLocation.DefaultName)).Where(ledger => File.Exists(Path.Combine(folder.FullName, ledger))),
                .. folders,
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            // A folder that cannot be read has no completions.
            return [];
        }
    }
}

/// <summary>Completes the ids of this session's pending generations, without a request.</summary>
public sealed class PendingIdCompleter : Completer
{
    /// <inheritdoc/>
    /// <remarks>An id is not a generation: it completes the first argument, which may be one, and not the argument of -Generation.</remarks>
    public override IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        parameterName == "Generation" && commandAst.CommandElements.OfType<CommandParameterAst>().Any(typed => IsGeneration(typed.ParameterName)) ? []
            : base.CompleteArgument(commandName, parameterName, wordToComplete, commandAst, fakeBoundParameters);

    private static bool IsGeneration(string typed) => typed.Length > 0
        && ("Generation".StartsWith(typed, StringComparison.OrdinalIgnoreCase) || "InputObject".StartsWith(typed, StringComparison.OrdinalIgnoreCase));

    private protected override IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound)
    {
        IEnumerable<Connection> connections = bound["Connection"] is string name && Connections.Find(name) is { } connection ? [connection] : Connections.All;
        return connections.Select(Account.For).Distinct().SelectMany(account => account.Pending)
            .Select(poller => poller.Latest)
            .Where(generation => generation.Id.StartsWith(typed, StringComparison.Ordinal))
            .Select(generation => new CompletionResult(generation.Id, generation.Id, CompletionResultType.ParameterValue, generation.ToString()));
    }
}

/// <summary>Completes the names of secrets and vaults.</summary>
public sealed class SecretCompleter : Completer
{
    private protected override IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound) =>
        Filter(parameter == "Vault" ? SecretManagement.VaultNames() : SecretManagement.SecretNames(bound["Vault"] as string), typed);
}

/// <summary>Completes the emulator's service times, one of each kind.</summary>
public sealed class ServiceTimeCompleter : Completer
{
    private static readonly string[] Examples = ["fixed:1", "uniform:1-3", "lognormal:3:0.4", "bimodal:2:9:0.25", "steps:0.05"];

    private protected override IEnumerable<CompletionResult> Complete(string parameter, string typed, IDictionary bound) => Filter(Examples, typed);
}
