using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.CommandLine;

public sealed partial class ProgramTests
{
    [Fact]
    public async Task Program_exit_with_stdin_prints_address_serves_and_ends()
    {
        using var emulator = EmulatorProgramProcess.Start(
            "--exit-with-stdin",
            "--api-key", "mine",
            "--service-time", "fixed:5",
            "--queue-limit", "1",
            "--balance", "2.5");

        string line = await emulator.ReadLineAsync() ?? "";
        Match ready = ReadyLine().Match(line);
        Assert.True(ready.Success, line);
        using var client = new HttpClient { BaseAddress = new Uri(ready.Groups["address"].Value) };

        JsonNode first = await PostAsync(client, TestService.FaceGen, TestService.Request(("key", "mine"), ("cfg", 1)));
        JsonNode second = await PostAsync(client, TestService.FaceGen, TestService.Request(("key", "mine"), ("cfg", 2)));
        JsonNode wallet = await PostAsync(client, "/api/wallet_balance", new JsonObject { ["key"] = "mine" });
        emulator.CloseInput();
        (int exitCode, string output, string errors) = await emulator.WaitForExitAsync();

        Assert.Equal("processing", first["status"]!.GetValue<string>());
        Assert.Contains("Maximum 1 queued", second["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(2.49m, wallet["data"]!["balance"]!.GetValue<decimal>());
        Assert.Equal(0, exitCode);
        Assert.Equal("", output);
        Assert.Equal(
            $"warning: The field 'cfg' is not part of the contract and was ignored.{Environment.NewLine}", errors);
    }

    /// <summary>Without SkiaSharp's native library the program fails at the start, not at the first picture.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Program_skia_does_not_load_prints_platform_and_returns_1(bool isDamaged)
    {
        string folder = Directory.CreateTempSubdirectory("facegen-emulator-").FullName, library = "";
        try
        {
            foreach (string file in Directory.GetFiles(AppContext.BaseDirectory))
            {
                string copy = Path.Combine(folder, Path.GetFileName(file));
                if (!copy.Contains("libSkiaSharp", StringComparison.Ordinal)) File.Copy(file, copy);
                else await File.WriteAllTextAsync(library = copy, "not a library");
            }

            if (!isDamaged) File.Delete(library);
            using var emulator = EmulatorProgramProcess.StartProgram(Path.Combine(folder, "FaceGen.Emulator.dll"), "--exit-with-stdin");

            (int exitCode, string output, string errors) = await emulator.WaitForExitAsync();

            Assert.Equal((1, ""), (exitCode, output));
            Assert.Matches(@"^The emulator cannot draw pictures, because SkiaSharp does not load on \w+-\w+: ", errors);
            Assert.Contains(isDamaged ? library : "is missing.", errors, StringComparison.Ordinal);
            Assert.Single(errors.TrimEnd().Split('\n'));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("--port", "99999")]
    [InlineData("--port", "many")]
    [InlineData("--api-key", "")]
    [InlineData("--queue-limit", "0")]
    [InlineData("--service-time", "soon")]
    [InlineData("--eta-error", "1.5")]
    [InlineData("--balance", "-1")]
    [InlineData("--seed", "x")]
    [InlineData("--fault", "accepted-then-dropped@fetch")]
    [InlineData("--fault", "nothing@submit")]
    [InlineData("--fault-rate", "1.5")]
    [InlineData("--fault-rate", "0")]
    [InlineData("--colour", "blue")]
    public async Task Program_invalid_option_prints_one_line_and_returns_2(string option, string value)
    {
        using var emulator = EmulatorProgramProcess.Start(option, value);

        (int exitCode, string output, string errors) = await emulator.WaitForExitAsync();

        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(option, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_fault_options_add_rules()
    {
        using var emulator = EmulatorProgramProcess.Start(
            "--exit-with-stdin", "--api-key", "mine", "--seed", "7", "--fault-rate", "1",
            "--fault", "Q3-code@submit:nth=1", "--fault", "Q24-500@fetch:prompt=a, b");

        Match ready = ReadyLine().Match(await emulator.ReadLineAsync() ?? "");
        using var client = new HttpClient { BaseAddress = new Uri(ready.Groups["address"].Value) };
        JsonNode faulty = await PostAsync(client, TestService.FaceGen, TestService.Request(("key", "mine")));
        JsonNode shown = JsonNode.Parse(await client.GetStringAsync(new Uri("/admin/faults", UriKind.Relative)))!;
        emulator.CloseInput();
        await emulator.WaitForExitAsync();

        Assert.Equal(1001, faulty["code"]!.GetValue<int>());
        Assert.Equal(
            ["Q3-code@submit:nth=1", "Q24-500@fetch:prompt=a, b", "any@any:rate=1"],
            shown["rules"]!.AsArray().Select(static rule => (string?)rule!["rule"]));
    }

    [Fact]
    public async Task Program_list_faults_prints_all()
    {
        using var emulator = EmulatorProgramProcess.Start("--list-faults");

        (int exitCode, string output, _) = await emulator.WaitForExitAsync();

        Assert.Equal(0, exitCode);
        Assert.All(Fault.All, fault => Assert.Contains(fault.Description, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Program_port_in_use_prints_one_line_and_returns_1()
    {
        await using TestService service = await TestService.StartAsync();
        using var emulator = EmulatorProgramProcess.Start(
            "--port", service.Host.BaseUri.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));

        (int exitCode, string output, string errors) = await emulator.WaitForExitAsync();

        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        string line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("address already in use", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_help_lists_every_option()
    {
        using var emulator = EmulatorProgramProcess.Start("--help");

        (int exitCode, string output, _) = await emulator.WaitForExitAsync();

        Assert.Equal(0, exitCode);
        string[] options =
        [
            "--port", "--api-key", "--queue-limit", "--service-time", "--eta-error", "--no-eta", "--balance", "--seed", "--fault ", "--fault-rate",
            "--list-faults", "--exit-with-stdin",
        ];
        Assert.All(options, option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^FaceGen emulator ready: (?<address>http://127\.0\.0\.1:\d+) \(key mine\)$")]
    private static partial Regex ReadyLine();

    private static async Task<JsonNode> PostAsync(HttpClient client, string path, JsonObject body)
    {
        using var content = new StringContent(body.ToJsonString());
        using HttpResponseMessage response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }
}
