using FaceGen.Core.Tests.Support;
using FaceGen.EmulatorHosting;
using FaceGen.Http;

namespace FaceGen.Core.Tests.EmulatorHosting;

public sealed class EmulatorProcessTests
{
    private static readonly EmulatorArguments Arguments = new(0, 5, "lognormal:2,0.5", 0.5, 2.5, 7, false, []);

    [Theory]
    [InlineData("en-US")]
    [InlineData("de-DE")]
    public void CommandLine_is_independent_of_culture(string culture)
    {
        using var scope = new CultureScope(culture);

        Assert.Equal(
            ["--port", "0", "--api-key", "emulator-key", "--queue-limit", "5", "--service-time", "lognormal:2,0.5", "--balance", "2.5", "--seed", "7", "--exit-with-stdin", "--eta-error", "0.5"],
            Arguments.CommandLine);
    }

    [Fact]
    public void CommandLine_has_eta_options_if_etas_are_inexact()
    {
        Assert.DoesNotContain((Arguments with { EtaError = 0 }).CommandLine, argument => argument.Contains("eta", StringComparison.Ordinal));
        Assert.Contains("--no-eta", (Arguments with { EtaError = null }).CommandLine);
    }

    [Fact]
    public void StartInfo_removes_key_from_environment()
    {
        string? before = Environment.GetEnvironmentVariable(ApiKey.EnvironmentVariable);
        Environment.SetEnvironmentVariable(ApiKey.EnvironmentVariable, "real");
        try
        {
            Assert.DoesNotContain("real", EmulatorProcess.CreateStartInfo("emulator.dll", []).Environment.Values);
        }
        finally
        {
            Environment.SetEnvironmentVariable(ApiKey.EnvironmentVariable, before);
        }
    }

    [Theory]
    [InlineData("The option --fault: The fault rule 'x' is invalid. Name a fault. Run with --help to see the options.", "-Fault: The fault rule 'x' is invalid. Name a fault.")]
    [InlineData("The option --service-time must be fixed:1, not 'x'. Run with --help to see the options.", "-ServiceTime must be fixed:1, not 'x'.")]
    [InlineData("Something else.", "Something else.")]
    public void ToParameterNames_replaces_options(string message, string expected) =>
        Assert.Equal(expected, EmulatorArguments.ToParameterNames(message));

    [Fact]
    public async Task Start_missing_program_fails()
    {
        using var folder = new TemporaryFolder();

        FaceGenException fault = await TaskAssertions.GetErrorAsync(EmulatorProcess.StartAsync(folder.PathOf("none.dll"), Arguments, default));

        Assert.Equal(ErrorCode.EmulatorFailed, fault.Code);
        Assert.Contains("is missing", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_other_program_fails_with_its_output()
    {
        using var folder = new TemporaryFolder();
        string program = folder.Write("no program.dll", "text"u8.ToArray());

        FaceGenException fault = await TaskAssertions.GetErrorAsync(EmulatorProcess.StartAsync(program, Arguments, default).WithTimeoutAsync());

        Assert.Equal(ErrorCode.EmulatorFailed, fault.Code);
        Assert.StartsWith("The emulator did not start: ", fault.Message, StringComparison.Ordinal);
        Assert.Empty(EmulatorProcess.Running);
    }

    [Fact]
    public void Emulator_shows_address_and_hides_key()
    {
        var emulator = new EmulatorInstance(new Uri("http://127.0.0.1:5000"), "secret", 5, 1);

        Assert.Equal("http://127.0.0.1:5000/", emulator.ToString());
        Assert.Equal(6, emulator.ApiKey.Length);
        Assert.True(emulator.ApiKey.IsReadOnly());
    }
}
