using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests.Commands;

/// <summary>Environment variables, which belong to the process: these tests run alone.</summary>
[Collection("environment")]
public sealed class EnvironmentTests : IDisposable
{
    public void Dispose() => Set(null, null);

    [Fact]
    public async Task Connection_is_created_from_environment_variables()
    {
        await using SessionFixture fixture = await SessionFixture.StartAsync();
        using var fresh = new Session();
        Set("emulator-key", fixture.Emulator.BaseUri + "api/v6");

        ScriptResult result = fresh.Run("Test-FaceGenConnection; Get-FaceGenConnection").WithoutErrors();

        Assert.Equal(true, result.Output[0].BaseObject);
        Assert.Equal(fixture.Emulator.BaseUri, result.Output[1].Properties["BaseUri"].Value);
    }

    [Fact]
    public void Connection_missing_key_reports_how_to_connect()
    {
        using var session = new Session();
        Set(null, null);

        ScriptResult result = session.Run("Get-FaceGenImage");

        Assert.StartsWith("NotConnected,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Connect-FaceGen", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("MODELSLAB_API_KEY", result.Error.ToString(), StringComparison.Ordinal);
    }

    private static void Set(string? key, string? address)
    {
        Environment.SetEnvironmentVariable("MODELSLAB_API_KEY", key);
        Environment.SetEnvironmentVariable("MODELSLAB_BASE_URL", address);
    }
}

[CollectionDefinition("environment", DisableParallelization = true)]
public sealed class EnvironmentDefinition;
