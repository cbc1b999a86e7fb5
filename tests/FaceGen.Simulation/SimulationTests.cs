using System.Globalization;
using FaceGen.Simulation.Exploring;
using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation;

/// <summary>Prepares the process for simulated histories, and reports what they find.</summary>
public abstract class SimulationTests
{
    /// <summary>For how many seconds each test runs histories only to count the failures; 0 to run them all and to show the failures.</summary>
    private static readonly int CountFor = ReadSetting("FACEGEN_SIM_COUNT", 0);

    protected SimulationTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The simulated disk uses the Unix file system of SQLite.");
        ThreadPoolQueue.UseOneThread();
    }

    /// <summary>Gets how many choices differ in each history that is explored; 0 for a sample.</summary>
    private protected static int Depth { get; } = ReadSetting("FACEGEN_SIM_DEPTH", 0);

    private protected static int ReadSetting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    private protected static Findings CreateFindings() => new(CountFor > 0 ? TimeSpan.FromSeconds(CountFor) : null);

    /// <summary>Runs one random history for each seed.</summary>
    /// <param name="createScenario">Creates the scenario of a seed.</param>
    /// <param name="usualCount">The number of histories without a setting.</param>
    private protected static async Task RunRandomAsync(Func<int, Scenario> createScenario, int usualCount)
    {
        int first = ReadSetting("FACEGEN_SIM_SEED", 1);
        int count = ReadSetting("FACEGEN_SIM_HISTORIES", ReadSetting("FACEGEN_SIM_SEED", 0) > 0 ? 1 : usualCount);
        Findings findings = CreateFindings();
        for (int seed = first; seed < first + count && !findings.IsOver; seed++)
        {
            Failure? failure = await Failure.FindAsync(createScenario(seed), Choices.Random(seed));
            findings.Add(failure is null ? null : failure with { Seed = seed });
        }

        await ReportAsync(findings, isShrunk: true);
    }

    private protected static async Task ReportAsync(Findings findings, bool isShrunk)
    {
        ITestOutputHelper output = TestContext.Current.TestOutputHelper!;
        foreach (string line in findings.Counts) output.WriteLine(line);
        if (CountFor == 0)
            foreach (Failure failure in findings.Failures) output.WriteLine((isShrunk ? await failure.ShrinkAsync() : failure).ToString());

        Assert.Empty(findings.Failures.Select(failure => failure.Kind));
    }
}
