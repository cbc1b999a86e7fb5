using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

public sealed class ConnectionTests
{
    [Fact]
    public async Task Test_connection_accepts_pipeline_input()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            param($uri)
            $wrong = Connect-FaceGen wrong-key -BaseUri $uri -Name wrong
            Get-FaceGenConnection Default | Test-FaceGenConnection
            $wrong, (Get-FaceGenConnection Default) | Test-FaceGenConnection
            """, fixture.Emulator.BaseUri).WithoutErrors();

        Assert.Equal([true, false, true], result.Output.Select(item => (bool)item.BaseObject));
    }

    [Fact]
    public async Task Connection_shows_address_and_not_key()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($uri) Connect-FaceGen -ApiKey emulator-key -BaseUri $uri -QueueLimit 10", fixture.Emulator.BaseUri).WithoutErrors();

        Assert.Equal(fixture.Emulator.BaseUri, result.Single.Properties["BaseUri"].Value);
        Assert.Equal(10, result.Single.Properties["QueueLimit"].Value);
        Assert.DoesNotContain("emulator-key", fixture.Run("Get-FaceGenConnection | Format-List * -Force | Out-Default").Output.Aggregate("", (all, line) => all + line), StringComparison.Ordinal);
        Assert.DoesNotContain(result.Single.Properties, property => "emulator-key".Equals(property.Value?.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connect_adopts_a_connection_of_the_pipeline()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        object connection = fixture.Run("Get-FaceGenConnection").Single.BaseObject;
        using Session other = Session.Shared();

        ScriptResult adopted = other.Run("param($c) $c | Connect-FaceGen; $c | Connect-FaceGen -Name lab; Test-FaceGenConnection -Connection lab", connection).WithoutErrors();
        other.Run("Disconnect-FaceGen; Disconnect-FaceGen lab").WithoutErrors();
        ScriptResult image = fixture.Run("param($face) New-FaceGenImage p $face -Width 16", fixture.Face).WithoutErrors();
        ScriptResult changed = other.Run("param($c) $c | Connect-FaceGen -TimeoutSec 5", connection);

        Assert.Equal(["Default", "lab"], adopted.Output.Take(2).Select(item => item.Properties["Name"].Value));
        Assert.Equal(true, adopted.Output[2].BaseObject);
        Assert.Equal("Success", image.Single.Properties["Status"].Value);
        Assert.StartsWith("ParametersInvalid,", changed.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_refuses_a_deserialized_connection()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("""
            $env:MODELSLAB_API_KEY = 'key-of-the-environment'
            try { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-FaceGenConnection))) | Connect-FaceGen }
            finally { $env:MODELSLAB_API_KEY = $null }
            """);

        Assert.Contains("A deserialized connection has no key", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void Connect_checks_the_address_before_it_needs_a_key()
    {
        using Session session = Session.Shared();

        ScriptResult result = session.Run("Connect-FaceGen -BaseUri http://example.com");

        Assert.StartsWith("ConnectionInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disconnect_WhatIf_keeps_the_connection()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("Disconnect-FaceGen -WhatIf; Disconnect-FaceGen Def* -WhatIf; Get-FaceGenConnection | Disconnect-FaceGen -WhatIf; Get-FaceGenConnection").WithoutErrors();

        Assert.Equal("Default", result.Single.Properties["Name"].Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("api")]
    [InlineData("api/")]
    [InlineData("api/v6")]
    public async Task BaseUri_with_api_path_is_normalized(string path)
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("param($uri) Connect-FaceGen emulator-key -BaseUri $uri; Test-FaceGenConnection", new Uri(fixture.Emulator.BaseUri, path));

        Assert.Equal(fixture.Emulator.BaseUri, result.WithoutErrors().Output[0].Properties["BaseUri"].Value);
        Assert.Equal(true, result.Output[1].BaseObject);
    }

    [Fact]
    public async Task Wrong_key_tests_false_and_ends_the_run()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        fixture.Run("param($uri) Connect-FaceGen wrong-key-xyz -BaseUri $uri", fixture.Emulator.BaseUri).WithoutErrors();

        ScriptResult test = fixture.Run("Test-FaceGenConnection");
        ScriptResult run = fixture.Run("param($face) 1..20 | ForEach-Object { \"prompt $_\" } | New-FaceGenImage -FaceImage $face", fixture.Face);

        Assert.Equal(false, test.Single.BaseObject);
        Assert.Contains("rejected the key", Assert.Single(test.Warnings), StringComparison.Ordinal);
        Assert.StartsWith("KeyRejected,", run.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-key-xyz", run.Error.ToString(), StringComparison.Ordinal);
        Assert.InRange(fixture.Emulator.Journal.Entries.Count(entry => entry.Path.EndsWith("face_gen", StringComparison.Ordinal)), 1, 5);
    }

    [Fact]
    public void Test_connection_service_unreachable_warns()
    {
        using var session = new Session();

        ScriptResult result = session.Run("Connect-FaceGen some-key -BaseUri http://127.0.0.1:9 | ForEach-Object { }; Test-FaceGenConnection");

        Assert.Equal(false, result.WithoutErrors().Single.BaseObject);
        Assert.Contains("cannot be reached", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://example.com", "unencrypted")]
    [InlineData("http://me:secret@example.com", "unencrypted")]
    [InlineData("ftp://me:secret@example.com", "is not an https address")]
    [InlineData("me:secret@example.com", "is not an https address")]
    [InlineData("nonsense", "is not an https address")]
    public void BaseUri_invalid_is_refused(string address, string reason)
    {
        using var session = new Session();

        ScriptResult result = session.Run("param($uri) Connect-FaceGen some-key -BaseUri $uri", address);

        Assert.StartsWith("ConnectionInvalid,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(reason, result.Error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Disconnect_removes_the_connection()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();

        ScriptResult result = fixture.Run("Disconnect-FaceGen; Get-FaceGenConnection").WithoutErrors();

        Assert.Empty(result.Output);
    }
}
