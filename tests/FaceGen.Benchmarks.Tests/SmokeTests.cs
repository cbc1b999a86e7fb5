using System.Diagnostics;
using System.Reflection;

namespace FaceGen.Benchmarks.Tests;

/// <summary>
/// Whether the benchmarks still work: each makes sure of its own work and says so where it was not done. What they measured
/// is not looked at.
/// </summary>
public sealed class SmokeTests
{
    private static readonly string Program = Assembly.GetExecutingAssembly()
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Benchmarks").Value!;

    [Theory]
    [InlineData("slots", 5)]
    [InlineData("throughput", 1)]
    [InlineData("restmethod", 2)]
    [InlineData("import", 2)]
    [InlineData("save", 1)]
    [InlineData("csv", 2)]
    [InlineData("pipeline", 1)]
    [InlineData("face", 1)]
    public async Task A_benchmark_does_its_work_and_fills_its_rows(string name, int rows)
    {
        (int exitCode, string output, string errors) = await RunAsync(name, "--smoke");

        Assert.True(exitCode == 0, output + errors);
        string[] lines = output.Split('\n');
        Assert.Equal("| figure | FaceGen | peer | ratio | bar | |", lines[0]);
        string[][] table = [.. lines.Skip(2).TakeWhile(line => line.StartsWith('|')).Select(Cells)];
        Assert.Equal(rows, table.Length);
        Assert.All(table, cells =>
        {
            Assert.Equal(6, cells.Length);
            Assert.All(cells, cell => Assert.NotEmpty(cell));
            Assert.Contains(cells[5], (string[])["met", "**missed**", "not judged"]);
        });
        Assert.Contains(lines, line => line.Contains(" cores, ", StringComparison.Ordinal) && line.Contains("seed 1; a smoke run", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_that_is_no_benchmark_lists_those_that_are()
    {
        (int exitCode, string output, string errors) = await RunAsync("speed");

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains("'speed'", errors, StringComparison.Ordinal);
        Assert.All((string[])["slots", "throughput", "restmethod", "import", "save", "csv", "pipeline", "face"],
            name => Assert.Contains($"  {name} ", errors, StringComparison.Ordinal));
    }

    private static string[] Cells(string line) => [.. line.Split('|')[1..^1].Select(cell => cell.Trim())];

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        using Process process = Process.Start(new ProcessStartInfo(dotnet, [Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }
}
