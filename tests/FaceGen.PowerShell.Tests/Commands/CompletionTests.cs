using System.Management.Automation;
using FaceGen.Emulator.Generating;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Completers, and keys from vaults with a fake Microsoft.PowerShell.SecretManagement.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("facegen-tab-").FullName;
    private readonly string? _modules = Environment.GetEnvironmentVariable("PSModulePath");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PSModulePath", _modules);
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("New-FaceGenImage -Style c", new[] { "comic", "chibi" })]
    [InlineData("New-FaceGenImage -SafetyCheckerType p", new[] { "pixelate" })]
    [InlineData("New-FaceGenImage -SafetyChecker ", new[] { "$true", "$false" })]
    [InlineData("Connect-FaceGen -Name l", new[] { "lab" })]
    [InlineData("Save-FaceGenOutput -Name '{prompt}-{i", new[] { "'{prompt}-{id}'", "'{prompt}-{index}'" })]
    [InlineData("Invoke-FaceGenBatch -Name 'faces/{se", new[] { "'faces/{seed}'" })]
    [InlineData("Get-FaceGenBalance -Connection ", new[] { "Default", "'it''s my lab'", "lab" })]
    [InlineData("Get-FaceGenBalance -Connection 'it", new[] { "'it''s my lab'" })]
    [InlineData("Disconnect-FaceGen l", new[] { "lab" })]
    public async Task Completer_offers_valid_values(string line, string[] offered)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($uri) 'lab', \"it's my lab\" | ForEach-Object { $null = Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -Name $_ }", fixture.Emulator.BaseUri).WithoutErrors();

        Assert.Equal(offered, Complete(fixture.Session, line));
    }

    [Theory]
    [InlineData("Wait-FaceGenImage -Id ")]
    [InlineData("Wait-FaceGenImage ")]
    [InlineData("Get-FaceGenImage ")]
    [InlineData("Remove-FaceGenImage 1")]
    public async Task Completer_offers_pending_ids_without_a_request(string line)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync(serviceSeconds: 600);
        string id = fixture.Run("param($face) New-FaceGenImage p $face -NoWait", fixture.Face).WithoutErrors().Single.Properties["Id"].Value.ToString()!;
        int calls = fixture.Emulator.Journal.Entries.Count;
        // A second connection to the same account has the same generations, unlike one to another account.
        fixture.Run("param($uri) 'same', 'other' | ForEach-Object { $null = Connect-FaceGen -Name $_ -BaseUri $uri -ApiKey ($_ -eq 'same' ? 'emulator-key' : 'other-key') }", fixture.Emulator.BaseUri).WithoutErrors();

        Assert.Equal([id], Complete(fixture.Session, line));
        Assert.Empty(Complete(fixture.Session, "Wait-FaceGenImage -Generation "));
        Assert.Empty(Complete(fixture.Session, line.Replace("FaceGenImage", "FaceGenImage -Connection other", StringComparison.Ordinal)));
        Assert.Equal(calls, fixture.Emulator.Journal.Entries.Count);
    }

    [Theory]
    [InlineData("accepted-then-d", new[] { "accepted-then-dropped" })]
    [InlineData("any@any, Q24-429@", new[] { "Q24-429@fetch" })]
    [InlineData("'key-in-500@", new[] { "key-in-500@fetch", "key-in-500@upload", "key-in-500@account" })]
    public void Completer_offers_emulator_faults_and_call_kinds(string typed, string[] offered)
    {
        using Session session = Session.Shared();

        Assert.Equal(offered, Complete(session, $"Start-FaceGenEmulator -Fault {typed}"));
    }

    [Fact]
    public void Completer_offers_valid_service_times()
    {
        using Session session = Session.Shared();

        IReadOnlyList<string> offered = Complete(session, "Start-FaceGenEmulator -ServiceTime ");

        Assert.Equal(5, offered.Count);
        Assert.All(offered, time => Assert.True(ServiceTime.TryParse(time.Trim('\''), out _), time));
        Assert.Equal(["'uniform:1-3'"], Complete(session, "Start-FaceGenEmulator -ServiceTime u"));
    }

    [Fact]
    public void Completer_offers_ledgers_before_folders()
    {
        using var session = new Session();
        Directory.CreateDirectory(Path.Combine(_folder, "my out"));
        Directory.CreateDirectory(Path.Combine(_folder, "other"));
        File.WriteAllText(Path.Combine(_folder, "my out", "facegen.ledger"), "");
        File.WriteAllText(Path.Combine(_folder, "one.ledger"), "");
        File.WriteAllText(Path.Combine(_folder, "one.csv"), "");

        IReadOnlyList<string> offered = Complete(session, $"Get-FaceGenBatch -Ledger {_folder}/");

        Assert.Equal(["one.ledger", "my out/facegen.ledger", "my out", "other"], offered.Select(path => Path.GetRelativePath(_folder, path.Trim('\''))));
        Assert.StartsWith("'", offered[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecretName_reads_key_from_vault()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        InstallVaults();

        ScriptResult result = fixture.Run("""
            param($uri)
            'text', 'secure', 'credential' | ForEach-Object {
                $null = Connect-FaceGen -SecretName $_ -Vault 'My Vault' -BaseUri $uri
                Test-FaceGenConnection
            }
            $null = Get-Secret secure | Connect-FaceGen -BaseUri $uri
            Test-FaceGenConnection
            """, fixture.Emulator.BaseUri).WithoutErrors();

        Assert.Equal([true, true, true, true], result.Output.Select(item => (bool)item.BaseObject));
    }

    [Theory]
    [InlineData("-SecretName nobody", "The secret 'nobody' could not be read: There is no secret nobody.")]
    [InlineData("-SecretName table -Vault v", "The secret 'table' could not be read from the vault 'v': it is not a text, a secure string or a credential.")]
    public void SecretName_unusable_secret_reports_reason(string parameters, string message)
    {
        InstallVaults();
        using var session = new Session();

        ErrorRecord error = session.Run($"Connect-FaceGen {parameters}").Error;

        Assert.StartsWith("ConnectionInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void SecretName_module_missing_reports_how_to_install_it()
    {
        Environment.SetEnvironmentVariable("PSModulePath", _folder);
        using var session = new Session();

        ErrorRecord error = session.Run("Connect-FaceGen -SecretName ModelsLab").Error;

        Assert.StartsWith("ConnectionInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Install-Module Microsoft.PowerShell.SecretManagement", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Complete(session, "Connect-FaceGen -SecretName "));
    }

    [Theory]
    [InlineData("Connect-FaceGen -SecretName ", new[] { "text", "'my key'" })]
    [InlineData("Connect-FaceGen -Vault 'My Vault' -SecretName ", new[] { "'of My Vault'" })]
    [InlineData("Connect-FaceGen -SecretName x -Vault ", new[] { "'My Vault'", "Other" })]
    public void Completer_offers_secrets_and_vaults(string line, string[] offered)
    {
        InstallVaults();
        using var session = new Session();

        Assert.Equal(offered, Complete(session, line));
    }

    [Fact]
    public void Completer_vault_hangs_returns_after_timeout()
    {
        InstallVaults("while ($true) { }");
        using var session = new Session();
        long start = Environment.TickCount64;

        Assert.Empty(Complete(session, "Connect-FaceGen -SecretName "));

        Assert.InRange(Environment.TickCount64 - start, 0, 15_000);
    }

    private void InstallVaults(string first = "")
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "Microsoft.PowerShell.SecretManagement")).FullName;
        File.WriteAllText(Path.Combine(folder, "Microsoft.PowerShell.SecretManagement.psm1"), $$"""
            function Get-Secret {
                [CmdletBinding()] param([Parameter(Position = 0)] $Name, $Vault)
                $secure = [Net.NetworkCredential]::new('', 'emulator-key').SecurePassword
                switch ($Name) {
                    'text' { 'emulator-key' }
                    'secure' { $secure }
                    'credential' { [pscredential]::new('anybody', $secure) }
                    'table' { @{ key = 'emulator-key' } }
                    default { throw "There is no secret $Name." }
                }
            }
            function Get-SecretInfo {
                param($Vault)
                {{first}}
                if ($Vault) { [pscustomobject]@{ Name = "of $Vault" } }
                else { [pscustomobject]@{ Name = 'text' }, [pscustomobject]@{ Name = 'my key' }, [pscustomobject]@{ Name = 'text' } }
            }
            function Get-SecretVault { [pscustomobject]@{ Name = 'My Vault' }, [pscustomobject]@{ Name = 'Other' } }
            """);
        Environment.SetEnvironmentVariable("PSModulePath", _folder);
    }

    private static IReadOnlyList<string> Complete(Session session, string line)
    {
        using System.Management.Automation.PowerShell engine = session.Create("");
        engine.Commands.Clear();
        return [.. CommandCompletion.CompleteInput(line, line.Length, null, engine).CompletionMatches.Select(match => match.CompletionText)];
    }
}
