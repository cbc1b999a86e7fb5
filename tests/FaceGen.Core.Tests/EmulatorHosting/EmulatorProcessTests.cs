using FaceGen.Core.Tests.Support;
using FaceGen.EmulatorHosting;
using FaceGen.Http;

namespace FaceGen.Core.Tests.EmulatorHosting;

public sealed class EmulatorProcessTests
{
    private static readonly EmulatorArguments Arguments = new(0, 5, "lognormal:2,0.5", 0.5, 2.5, 7, []);

    [Theory]
    [InlineData("en-US")]
    [InlineData("de-DE")]
    public void The_command_line_reads_alike_under_any_culture(string culture)
    {
        using var scope = new CultureScope(culture);

        Assert.Equal(
            ["--port", "0", "--api-key", "emulator-key", "--queue-limit", "5", "--service-time", "lognormal:2,0.5", "--balance", "2.5", "--seed", "7", "--exit-with-stdin", "--eta-error", "0.5"],
            Arguments.CommandLine);
    }

    [Fact]
    public void Etas_are_spoken_of_only_where_they_are_not_the_true_time()
    {
        Assert.DoesNotContain((Arguments with { EtaError = 0 }).CommandLine, argument => argument.Contains("eta", StringComparison.Ordinal));
        Assert.Contains("--no-eta", (Arguments with { EtaError = null }).CommandLine);
    }

    [Fact]
    public void The_real_key_is_not_handed_on()
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
    public void What_it_says_of_its_options_is_told_in_the_cmdlet_s_words(string said, string told) =>
        Assert.Equal(told, EmulatorArguments.ToParameterNames(said));

    [Fact]
    public async Task A_missing_program_is_told()
    {
        using var folder = new TemporaryFolder();

        FaceGenException fault = await Signals.GetErrorAsync(EmulatorProcess.StartAsync(folder.PathOf("none.dll"), Arguments, default));

        Assert.Equal(ErrorCode.EmulatorFailed, fault.Code);
        Assert.Contains("is missing", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_no_emulator_is_told_with_its_own_words()
    {
        using var folder = new TemporaryFolder();
        string program = folder.Write("no program.dll", "text"u8.ToArray());

        FaceGenException fault = await Signals.GetErrorAsync(EmulatorProcess.StartAsync(program, Arguments, default).WithTimeoutAsync());

        Assert.Equal(ErrorCode.EmulatorFailed, fault.Code);
        Assert.StartsWith("The emulator did not start: ", fault.Message, StringComparison.Ordinal);
        Assert.Empty(EmulatorProcess.Running);
    }

    [Fact]
    public void An_emulator_shows_its_address_and_hides_its_key()
    {
        var emulator = new EmulatorInstance(new Uri("http://127.0.0.1:5000"), "secret", 5, 1);

        Assert.Equal("http://127.0.0.1:5000/", emulator.ToString());
        Assert.Equal(6, emulator.ApiKey.Length);
        Assert.True(emulator.ApiKey.IsReadOnly());
    }
}
