using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>
/// After a failed Connect-FaceGen nothing is sent to the account of the environment. These tests run alone, because environment
/// variables belong to the process.
/// </summary>
[Collection("environment")]
public sealed class FailedConnectionTests : IAsyncLifetime
{
    private SessionFixture _environmentService = null!;

    public async ValueTask InitializeAsync()
    {
        _environmentService = await SessionFixture.StartAsync();
        Environment.SetEnvironmentVariable("MODELSLAB_API_KEY", "emulator-key");
        Environment.SetEnvironmentVariable("MODELSLAB_BASE_URL", _environmentService.Emulator.BaseUri.AbsoluteUri);
    }

    public async ValueTask DisposeAsync()
    {
        Environment.SetEnvironmentVariable("MODELSLAB_API_KEY", null);
        Environment.SetEnvironmentVariable("MODELSLAB_BASE_URL", null);
        await _environmentService.DisposeAsync();
    }

    [Theory]
    [InlineData("Connect-FaceGen -TimeoutSec 0")]
    [InlineData("Connect-FaceGen -QueueLimit abc")]
    [InlineData("Connect-FaceGen -Nonsense")]
    [InlineData("Connect-FaceGen -ApiKey $null")]
    [InlineData("Connect-FaceGen -ApiKey 5")]
    [InlineData("Connect-FaceGen -ApiKey ' '")]
    [InlineData("Connect-FaceGen -ApiKey a -SecretName b")]
    [InlineData("Connect-FaceGen -BaseUri https://lab.example:99999")]
    [InlineData("Connect-FaceGen -BaseUri http://lab.example")]
    [InlineData("Connect-FaceGen -BaseUri $null")]
    [InlineData("Connect-FaceGen -Proxy nonsense")]
    [InlineData("Connect-FaceGen -SecretName missing")]
    [InlineData("Connect-FaceGen -Credential $null")]
    [InlineData("Connect-FaceGen -Name lab -TimeoutSec 0")]
    [InlineData("$null | Connect-FaceGen")]
    [InlineData("@() | Connect-FaceGen")]
    [InlineData("5 | Connect-FaceGen")]
    [InlineData("[pscustomobject] @{ BaseUri = 'nonsense' } | Connect-FaceGen")]
    [InlineData("Start-FaceGenEmulator -Fault nonsense | Connect-FaceGen")]
    [InlineData("Start-FaceGenEmulator -Port 99999 | Connect-FaceGen")]
    [InlineData("$emulator = Start-FaceGenEmulator -ServiceTime nonsense; $emulator | Connect-FaceGen")]
    [InlineData("$emulator = Start-FaceGenEmulator -ServiceTime nonsense")]
    public void Failed_connect_blocks_the_environment_account(string script)
    {
        using var session = new Session();

        ScriptResult failed = session.Run("param($script) try { . ([scriptblock]::Create($script)) } catch { }", script);
        ScriptResult result = session.Run("param($face) New-FaceGenImage p $face; Get-FaceGenConnection", _environmentService.Face);

        Assert.Empty(failed.Output);
        Assert.Empty(result.Output);
        Assert.StartsWith("NotConnected,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("Disconnect-FaceGen", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, _environmentService.Emulator.Journal.Accepted);
    }

    [Fact]
    public void Failed_connect_error_names_its_reason()
    {
        using var session = new Session();

        ScriptResult result = session.Run("try { Connect-FaceGen -BaseUri http://lab.example } catch { }; Get-FaceGenBalance");

        Assert.Contains("http://lab.example would send the key unencrypted", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-FaceGenBalance")]
    [InlineData("Connect-FaceGen")]
    public void Failed_connect_blocks_the_connection_it_should_replace(string before)
    {
        using var session = new Session();

        ScriptResult result = session.Run($"$null = {before}; try {{ Start-FaceGenEmulator -Fault nonsense | Connect-FaceGen }} catch {{ }}; Get-FaceGenBalance");

        Assert.StartsWith("NotConnected,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Failed_named_connect_keeps_the_explicit_default()
    {
        using var session = new Session();

        session.Run("$null = Connect-FaceGen; try { Connect-FaceGen -Name lab -BaseUri http://lab.example } catch { }; Get-FaceGenBalance").WithoutErrors();
    }

    [Theory]
    [InlineData("$null = Connect-FaceGen")]
    [InlineData("Disconnect-FaceGen")]
    [InlineData("Get-FaceGenConnection | Disconnect-FaceGen")]
    public void Failed_connect_is_cleared_by_connect_or_disconnect(string decision)
    {
        using var session = new Session();

        ScriptResult result = session.Run($"try {{ Connect-FaceGen -TimeoutSec 0 }} catch {{ }}; {decision}; Test-FaceGenConnection").WithoutErrors();

        Assert.Equal(true, result.Single.BaseObject);
    }

    [Theory]
    [InlineData("$null = Connect-FaceGen -Name other")]
    [InlineData("$null = Connect-FaceGen -Name other; Disconnect-FaceGen other")]
    [InlineData("$null = Connect-FaceGen -Name other; Disconnect-FaceGen o*")]
    public void Failed_connect_is_not_cleared_by_another_name(string script)
    {
        using var session = new Session();

        ScriptResult result = session.Run($"try {{ Connect-FaceGen -BaseUri http://lab.example }} catch {{ }}; {script}; Get-FaceGenBalance");

        Assert.StartsWith("NotConnected,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("http://lab.example", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lab")]
    [InlineData("LAB")]
    [InlineData("Default")]
    public void Failed_connect_blocks_the_older_connection_of_that_name(string name)
    {
        using var session = new Session();

        ScriptResult result = session.Run($"$null = Connect-FaceGen -Name {name}; try {{ Connect-FaceGen -Name {name} -BaseUri http://lab.example }} catch {{ }}; Get-FaceGenBalance -Connection {name}");

        Assert.Contains("http://lab.example", result.Error.ToString(), StringComparison.Ordinal);
        session.Run($"$null = Connect-FaceGen -Name {name}; Get-FaceGenBalance -Connection {name}").WithoutErrors();
    }

    [Theory]
    [InlineData("try { Connect-FaceGen | ForEach-Object { throw 'downstream' } } catch { }")]
    [InlineData("try { Start-FaceGenEmulator | ForEach-Object { Stop-FaceGenEmulator $_; throw 'downstream' } } catch { }")]
    public void Connect_downstream_failure_does_not_block(string script)
    {
        using var session = new Session();

        ScriptResult result = session.Run($"{script}; Test-FaceGenConnection").WithoutErrors();

        Assert.Equal(true, result.Single.BaseObject);
    }

    [Theory]
    [InlineData("Get-Command Connect-FaceGen -Syntax")]
    [InlineData("TabExpansion2 'Connect-FaceGen -Ap' 19")]
    [InlineData("TabExpansion2 'Start-FaceGenEmulator | Connect-FaceGen -' 41")]
    [InlineData("Start-FaceGenEmulator -WhatIf")]
    public void Connect_inspected_only_does_not_block(string script)
    {
        using var session = new Session();

        ScriptResult result = session.Run($"$null = {script}; Test-FaceGenConnection").WithoutErrors();

        Assert.Equal(true, result.Single.BaseObject);
    }

    [Fact]
    public void Failed_connect_does_not_block_other_runspaces()
    {
        using var session = new Session();
        using var other = new Session();

        session.Run("try { Connect-FaceGen -TimeoutSec 0 } catch { }");

        Assert.Equal(true, other.Run("Test-FaceGenConnection").WithoutErrors().Single.BaseObject);
    }
}
