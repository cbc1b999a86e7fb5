using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>
/// After a failed Connect-FaceGen nothing goes to the account of the environment. The environment belongs to the whole process:
/// these tests run alone.
/// </summary>
[Collection("environment")]
public sealed class FailedConnectionTests : IAsyncLifetime
{
    private TestBed _real = null!;

    public async ValueTask InitializeAsync()
    {
        _real = await TestBed.StartAsync();
        Environment.SetEnvironmentVariable("MODELSLAB_API_KEY", "emulator-key");
        Environment.SetEnvironmentVariable("MODELSLAB_BASE_URL", _real.Emulator.BaseUri.AbsoluteUri);
    }

    public async ValueTask DisposeAsync()
    {
        Environment.SetEnvironmentVariable("MODELSLAB_API_KEY", null);
        Environment.SetEnvironmentVariable("MODELSLAB_BASE_URL", null);
        await _real.DisposeAsync();
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
    public void Failed_connection_is_not_followed_by_the_environment_s_account(string script)
    {
        using var session = new Session();

        Ran failed = session.Run("param($script) try { . ([scriptblock]::Create($script)) } catch { }", script);
        Ran ran = session.Run("param($face) New-FaceGenImage p $face; Get-FaceGenConnection", _real.Face);

        Assert.Empty(failed.Output);
        Assert.Empty(ran.Output);
        Assert.StartsWith("NotConnected,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("Disconnect-FaceGen", ran.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, _real.Emulator.Journal.Accepted);
    }

    [Fact]
    public void Failed_connection_names_its_reason()
    {
        using var session = new Session();

        Ran ran = session.Run("try { Connect-FaceGen -BaseUri http://lab.example } catch { }; Get-FaceGenBalance");

        Assert.Contains("http://lab.example would send the key unencrypted", ran.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-FaceGenBalance")]
    [InlineData("Connect-FaceGen")]
    public void Failed_connection_is_not_followed_by_the_connection_that_it_was_to_replace(string before)
    {
        using var session = new Session();

        Ran ran = session.Run($"$null = {before}; try {{ Start-FaceGenEmulator -Fault nonsense | Connect-FaceGen }} catch {{ }}; Get-FaceGenBalance");

        Assert.StartsWith("NotConnected,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Failed_named_connection_leaves_the_one_that_was_connected_explicitly()
    {
        using var session = new Session();

        session.Run("$null = Connect-FaceGen; try { Connect-FaceGen -Name lab -BaseUri http://lab.example } catch { }; Get-FaceGenBalance").WithoutErrors();
    }

    [Theory]
    [InlineData("$null = Connect-FaceGen")]
    [InlineData("Disconnect-FaceGen")]
    [InlineData("Get-FaceGenConnection | Disconnect-FaceGen")]
    public void Connecting_or_disconnecting_ends_the_refusal(string decision)
    {
        using var session = new Session();

        Ran ran = session.Run($"try {{ Connect-FaceGen -TimeoutSec 0 }} catch {{ }}; {decision}; Test-FaceGenConnection").WithoutErrors();

        Assert.Equal(true, ran.Single.BaseObject);
    }

    [Theory]
    [InlineData("$null = Connect-FaceGen -Name other")]
    [InlineData("$null = Connect-FaceGen -Name other; Disconnect-FaceGen other")]
    [InlineData("$null = Connect-FaceGen -Name other; Disconnect-FaceGen o*")]
    public void Connecting_by_another_name_does_not_end_the_refusal(string script)
    {
        using var session = new Session();

        Ran ran = session.Run($"try {{ Connect-FaceGen -BaseUri http://lab.example }} catch {{ }}; {script}; Get-FaceGenBalance");

        Assert.StartsWith("NotConnected,", ran.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("http://lab.example", ran.Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lab")]
    [InlineData("LAB")]
    [InlineData("Default")]
    public void Failed_connection_is_not_followed_by_an_older_one_of_its_name(string name)
    {
        using var session = new Session();

        Ran ran = session.Run($"$null = Connect-FaceGen -Name {name}; try {{ Connect-FaceGen -Name {name} -BaseUri http://lab.example }} catch {{ }}; Get-FaceGenBalance -Connection {name}");

        Assert.Contains("http://lab.example", ran.Error.ToString(), StringComparison.Ordinal);
        session.Run($"$null = Connect-FaceGen -Name {name}; Get-FaceGenBalance -Connection {name}").WithoutErrors();
    }

    [Theory]
    [InlineData("try { Connect-FaceGen | ForEach-Object { throw 'downstream' } } catch { }")]
    [InlineData("try { Start-FaceGenEmulator | ForEach-Object { Stop-FaceGenEmulator $_; throw 'downstream' } } catch { }")]
    public void Pipeline_that_ends_after_the_command_has_succeeded_is_no_failure(string script)
    {
        using var session = new Session();

        Ran ran = session.Run($"{script}; Test-FaceGenConnection").WithoutErrors();

        Assert.Equal(true, ran.Single.BaseObject);
    }

    [Theory]
    [InlineData("Get-Command Connect-FaceGen -Syntax")]
    [InlineData("TabExpansion2 'Connect-FaceGen -Ap' 19")]
    [InlineData("TabExpansion2 'Start-FaceGenEmulator | Connect-FaceGen -' 41")]
    [InlineData("Start-FaceGenEmulator -WhatIf")]
    public void What_only_asks_about_the_command_is_no_failure(string script)
    {
        using var session = new Session();

        Ran ran = session.Run($"$null = {script}; Test-FaceGenConnection").WithoutErrors();

        Assert.Equal(true, ran.Single.BaseObject);
    }

    [Fact]
    public void Another_runspace_is_not_concerned()
    {
        using var session = new Session();
        using var other = new Session();

        session.Run("try { Connect-FaceGen -TimeoutSec 0 } catch { }");

        Assert.Equal(true, other.Run("Test-FaceGenConnection").WithoutErrors().Single.BaseObject);
    }
}
