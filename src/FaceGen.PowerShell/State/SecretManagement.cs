using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Security;
using FaceGen.Contract;
using FaceGen.Http;
using Engine = System.Management.Automation.PowerShell;

namespace FaceGen.PowerShell.State;

/// <summary>Reads keys from the vaults of Microsoft.PowerShell.SecretManagement, if that module is installed.</summary>
internal static class SecretManagement
{
    private const string Module = "Microsoft.PowerShell.SecretManagement";

    /// <summary>How long tab completion waits for a vault.</summary>
    private static readonly TimeSpan CompletionTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Reads a key from a vault.</summary>
    /// <param name="name">The secret's name.</param>
    /// <param name="vault">The vault; null for the first one with the secret.</param>
    /// <exception cref="FaceGenException">The module is not installed, or the secret cannot be read.</exception>
    internal static SecureString GetSecret(string name, string? vault)
    {
        using var shell = Engine.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand($@"{Module}\Get-Secret").AddParameter("Name", name).AddParameter("ErrorAction", ActionPreference.Stop);
        if (vault is not null) shell.AddParameter("Vault", vault);
        try
        {
            PSObject[] found = [.. shell.Invoke()];
            return found is [{ BaseObject: var secret }] && ToSecureString(secret) is { } key ? key
                : throw CreateError(found.Length == 1 ? "it is not a text, a secure string or a credential" : $"{found.Length} secrets have this name");
        }
        catch (CommandNotFoundException e)
        {
            throw new FaceGenException(ErrorCode.ConnectionInvalid,
                $"-SecretName needs the module {Module}, which is not installed. No connection was created. Run Install-Module {Module}, or give the key with -ApiKey.", e);
        }
        catch (RuntimeException e)
        {
            throw CreateError(e.Message, e);
        }

        FaceGenException CreateError(string reason, Exception? inner = null) => new(ErrorCode.ConnectionInvalid,
            $"The secret '{DisplayText.Clean(name, 60)}' could not be read{(vault is null ? "" : $" from the vault '{DisplayText.Clean(vault, 60)}'")}: {DisplayText.Clean(reason, 300).TrimEnd('.')}. No connection was created. Check -SecretName and -Vault.", inner);
    }

    /// <summary>Returns the names of the registered vaults.</summary>
    internal static IReadOnlyList<string> VaultNames() => GetNames("Get-SecretVault", null);

    /// <summary>Returns the names of the secrets of one vault, or of all.</summary>
    internal static IReadOnlyList<string> SecretNames(string? vault) => GetNames("Get-SecretInfo", vault);

    private static SecureString? ToSecureString(object secret) => secret switch
    {
        SecureString secure => secure,
        string text => SecretText.Protect(text),
        PSCredential credential => credential.Password,
        _ => null,
    };

    /// <summary>Runs a command in a runspace of its own, and abandons it if a vault does not respond in time.</summary>
    private static IReadOnlyList<string> GetNames(string command, string? vault)
    {
        Engine shell = Engine.Create();
        shell.AddCommand($@"{Module}\{command}");
        if (vault is not null) shell.AddParameter("Vault", vault);
        Task<IReadOnlyList<string>> names = Task.Run(() =>
        {
            using Engine ended = shell;
            using Runspace runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
            runspace.Open();
            shell.Runspace = runspace;
            return Invoke(shell);
        });
        if (names.Wait(CompletionTimeout)) return names.Result;

        // BeginStop would throw if the command has just ended.
        Task.Run(shell.Stop).ObserveException();
        return [];
    }

    private static IReadOnlyList<string> Invoke(Engine shell)
    {
        try
        {
            return [.. shell.Invoke().Select(item => item.Properties["Name"]?.Value as string).OfType<string>().Distinct()];
        }
        catch (RuntimeException)
        {
            // Without the module or a responding vault there is nothing to complete.
            return [];
        }
    }
}
