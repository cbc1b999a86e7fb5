using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Security;
using FaceGen.Contract;
using FaceGen.Http;
using Engine = System.Management.Automation.PowerShell;

namespace FaceGen.PowerShell.State;

/// <summary>Keys in the vaults of Microsoft.PowerShell.SecretManagement, where that module is installed.</summary>
internal static class SecretManagement
{
    private const string Module = "Microsoft.PowerShell.SecretManagement";

    /// <summary>How long Tab waits for a vault, which may be far away.</summary>
    private static readonly TimeSpan CompletionTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Takes a key out of a vault.</summary>
    /// <param name="name">The secret's name.</param>
    /// <param name="vault">The vault; null for the one that has it.</param>
    /// <exception cref="FaceGenException">The module is not installed, or no vault gives the secret out.</exception>
    internal static SecureString GetSecret(string name, string? vault)
    {
        using var shell = Engine.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand($@"{Module}\Get-Secret").AddParameter("Name", name).AddParameter("ErrorAction", ActionPreference.Stop);
        if (vault is not null) shell.AddParameter("Vault", vault);
        try
        {
            PSObject[] found = [.. shell.Invoke()];
            return found is [{ BaseObject: var secret }] && ToSecureString(secret) is { } key ? key
                : throw Fault(found.Length == 1 ? "it is neither a text nor a secure string nor a credential" : $"{found.Length} secrets have that name");
        }
        catch (CommandNotFoundException e)
        {
            throw new FaceGenException(ErrorCode.ConnectionInvalid,
                $"-SecretName needs the module {Module}, which is not installed: Install-Module {Module}. -ApiKey takes a key without it.", e);
        }
        catch (RuntimeException e)
        {
            throw Fault(e.Message, e);
        }

        FaceGenException Fault(string reason, Exception? inner = null) => new(ErrorCode.ConnectionInvalid,
            $"The secret '{DisplayText.Clean(name, 60)}' could not be had{(vault is null ? "" : $" from the vault '{DisplayText.Clean(vault, 60)}'")}: {DisplayText.Clean(reason, 300).TrimEnd('.')}.", inner);
    }

    /// <summary>The names of the vaults, which are registered on this machine.</summary>
    internal static IReadOnlyList<string> VaultNames() => GetNames("Get-SecretVault", null);

    /// <summary>The names of the secrets, of one vault or of all.</summary>
    internal static IReadOnlyList<string> SecretNames(string? vault) => GetNames("Get-SecretInfo", vault);

    private static SecureString? ToSecureString(object secret) => secret switch
    {
        SecureString secure => secure,
        string text => Secret.Protect(text),
        PSCredential credential => credential.Password,
        _ => null,
    };

    /// <summary>Asks in a runspace of its own, so that a vault that does not answer is left behind.</summary>
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

        // Unlike BeginStop it does not mind a shell that has just ended.
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
            // There is nothing to complete where the module is not installed, no vault answers, or none did in time.
            return [];
        }
    }
}
